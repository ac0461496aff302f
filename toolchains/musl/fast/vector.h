/* The vectors of a level: SIZE bytes, of which MASK_OF makes one bit each. INLINE
   functions are parts of VERSION functions, which the public functions choose. */

#undef NAME
#undef VERSION
#undef INLINE
#undef VEC
#undef SIZE
#undef ALL
#undef LOAD
#undef LOAD_ANY
#undef STORE
#undef STORE_ANY
#undef STORE_UNCACHED
#undef EACH8
#undef EACH32
#undef EQUAL8
#undef EQUAL32
#undef LEAST8
#undef AND
#undef AND_NOT
#undef OR
#undef XOR
#undef ADD8
#undef GREATER8
#undef ZERO
#undef MASK_OF

#if LEVEL == LEVEL_SSE2

#define NAME(name) name##_sse2
#define VERSION static __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define VEC __m128i
#define SIZE 16
#define ALL 0xffffu
#define LOAD(at) _mm_load_si128((const __m128i *)(at))
#define LOAD_ANY(at) _mm_loadu_si128((const __m128i *)(at))
#define STORE(at, v) _mm_store_si128((__m128i *)(at), v)
#define STORE_ANY(at, v) _mm_storeu_si128((__m128i *)(at), v)
#define STORE_UNCACHED(at, v) _mm_stream_si128((__m128i *)(at), v)
#define EACH8(c) _mm_set1_epi8((char)(c))
#define EACH32(c) _mm_set1_epi32((int)(c))
#define EQUAL8(a, b) _mm_cmpeq_epi8(a, b)
#define EQUAL32(a, b) _mm_cmpeq_epi32(a, b)
#define LEAST8(a, b) _mm_min_epu8(a, b)
#define AND(a, b) _mm_and_si128(a, b)
#define AND_NOT(a, not) _mm_andnot_si128(not, a)
#define OR(a, b) _mm_or_si128(a, b)
#define XOR(a, b) _mm_xor_si128(a, b)
#define ADD8(a, b) _mm_add_epi8(a, b)
#define GREATER8(a, b) _mm_cmpgt_epi8(a, b)
#define ZERO _mm_setzero_si128()
#define MASK_OF(v) ((uint32_t)_mm_movemask_epi8(v))

#elif LEVEL == LEVEL_AVX2

#define NAME(name) name##_avx2
#define VERSION static __attribute__((noinline, target("avx2,bmi,bmi2,lzcnt")))
#define INLINE static inline __attribute__((always_inline, target("avx2,bmi,bmi2,lzcnt")))
#define VEC __m256i
#define SIZE 32
#define ALL 0xffffffffu
#define LOAD(at) _mm256_load_si256((const __m256i *)(at))
#define LOAD_ANY(at) _mm256_loadu_si256((const __m256i *)(at))
#define STORE(at, v) _mm256_store_si256((__m256i *)(at), v)
#define STORE_ANY(at, v) _mm256_storeu_si256((__m256i *)(at), v)
#define STORE_UNCACHED(at, v) _mm256_stream_si256((__m256i *)(at), v)
#define EACH8(c) _mm256_set1_epi8((char)(c))
#define EACH32(c) _mm256_set1_epi32((int)(c))
#define EQUAL8(a, b) _mm256_cmpeq_epi8(a, b)
#define EQUAL32(a, b) _mm256_cmpeq_epi32(a, b)
#define LEAST8(a, b) _mm256_min_epu8(a, b)
#define AND(a, b) _mm256_and_si256(a, b)
#define AND_NOT(a, not) _mm256_andnot_si256(not, a)
#define OR(a, b) _mm256_or_si256(a, b)
#define XOR(a, b) _mm256_xor_si256(a, b)
#define ADD8(a, b) _mm256_add_epi8(a, b)
#define GREATER8(a, b) _mm256_cmpgt_epi8(a, b)
#define ZERO _mm256_setzero_si256()
#define MASK_OF(v) ((uint32_t)_mm256_movemask_epi8(v))

#else

#define NAME(name) name##_neon
#define VERSION static __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define VEC uint8x16_t
#define SIZE 16
#define ALL 0xffffu
#define LOAD(at) vld1q_u8((const uint8_t *)(at))
#define LOAD_ANY(at) LOAD(at)
#define STORE(at, v) vst1q_u8((uint8_t *)(at), v)
#define STORE_ANY(at, v) STORE(at, v)
#define EACH8(c) vdupq_n_u8((uint8_t)(c))
#define EACH32(c) vreinterpretq_u8_u32(vdupq_n_u32((uint32_t)(c)))
#define EQUAL8(a, b) vceqq_u8(a, b)
#define EQUAL32(a, b) vreinterpretq_u8_u32(vceqq_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b)))
#define LEAST8(a, b) vminq_u8(a, b)
#define AND(a, b) vandq_u8(a, b)
#define AND_NOT(a, not) vbicq_u8(a, not)
#define OR(a, b) vorrq_u8(a, b)
#define XOR(a, b) veorq_u8(a, b)
#define ADD8(a, b) vaddq_u8(a, b)
#define GREATER8(a, b) vcgtq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b))
#define ZERO vdupq_n_u8(0)
#define MASK_OF(v) NAME(mask_of)(v)

/* Of bytes that are 0 or 255: there is no instruction that takes a bit of each, but sums of neighbours of different bits. */
INLINE uint32_t NAME(mask_of)(VEC v)
{
	const VEC bits = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };

	v = AND(v, bits);
	v = vpaddq_u8(v, v);
	v = vpaddq_u8(v, v);
	v = vpaddq_u8(v, v);
	return vgetq_lane_u16(vreinterpretq_u16_u8(v), 0);
}

#endif

/* The vector's address in which a byte is. */
INLINE const char *NAME(aligned)(const void *at)
{
	return (const char *)((uintptr_t)at & -(uintptr_t)SIZE);
}

/* Whether a vector at any address stays in the page of its first byte. */
INLINE int NAME(fits)(const void *at)
{
	return in_page(at) <= PAGE - SIZE;
}

INLINE unsigned NAME(first_of)(uint32_t mask)
{
	return (unsigned)__builtin_ctz(mask);
}

INLINE unsigned NAME(last_of)(uint32_t mask)
{
	return 31u ^ (unsigned)__builtin_clz(mask);
}

/* ASCII's letters are the 26 least of signed bytes once the first of them is -128. */
INLINE VEC NAME(letters_from)(VEC v, char first)
{
	return GREATER8(EACH8(-128 + 26), ADD8(v, EACH8(128 - first)));
}

INLINE VEC NAME(small_letters)(VEC v)
{
	return NAME(letters_from)(v, 'a');
}

INLINE VEC NAME(lower)(VEC v)
{
	return OR(v, AND(NAME(letters_from)(v, 'A'), EACH8(32)));
}

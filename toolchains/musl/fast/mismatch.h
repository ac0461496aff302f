/* Where two memory areas of 16 bytes or more first differ; n if they do not. */

SCALAR size_t mismatch16(const char *a, const char *b)
{
#ifdef __x86_64__
	__m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));

	return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(same) ^ 0x1ffff);
#else
	uint64_t differing = *(const any64 *)a ^ *(const any64 *)b;

	if (differing)
		return (size_t)__builtin_ctzll(differing) / 8;
	differing = *(const any64 *)(a + 8) ^ *(const any64 *)(b + 8);
	return differing ? 8 + (size_t)__builtin_ctzll(differing) / 8 : 16;
#endif
}

/* Up to 32 bytes. */
SCALAR size_t mismatch32(const char *a, const char *b, size_t n)
{
	size_t first = mismatch16(a, b);

	return first < 16 ? first : n - 16 + mismatch16(a + n - 16, b + n - 16);
}

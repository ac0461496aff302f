/* Which instructions the functions of this directory may use. The level is found
   on first use, by any thread, constructor or signal handler: a byte that is 0
   until then, and that every finder sets alike. No table of functions: nothing
   here needs a relocation.

   FAST_LEVEL fixes the level when compiling: 1 is SSE2, 2 is AVX2 with BMI1,
   BMI2 and LZCNT. On AArch64 there is one, NEON, which every processor has. */

#ifndef FAST_CPU_H
#define FAST_CPU_H

#ifdef __x86_64__
#include <immintrin.h>
#else
#include <arm_neon.h>
#endif
#include <stddef.h>
#include <stdint.h>

#define LEVEL_SSE2 1
#define LEVEL_AVX2 2
#define LEVEL_NEON 3

#if defined __aarch64__
#define FAST_LEVEL LEVEL_NEON
#elif !defined FAST_LEVEL && defined __AVX2__ && defined __BMI__ && defined __BMI2__ && defined __LZCNT__
#define FAST_LEVEL LEVEL_AVX2
#endif

/* Weak: a program's own function of the name is no second definition. */
#define PUBLIC __attribute__((weak, visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))
#define ALIAS(name) __attribute__((weak, visibility("default"), alias(#name)))
#define SCALAR static inline __attribute__((always_inline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { PAGE = 4096 };

extern HIDDEN unsigned char fast_level;
HIDDEN unsigned char fast_find_level(void);

/* From how many bytes on stores go past the caches; 0 until it is known. */
extern HIDDEN size_t fast_uncached;
HIDDEN size_t fast_find_uncached(void);

/* Returns from a public function by its version for this CPU. */
#if !defined FAST_LEVEL
#define CHOOSE(name, ...) \
	do { \
		unsigned char level_ = __atomic_load_n(&fast_level, __ATOMIC_RELAXED); \
		if (LIKELY(level_ >= LEVEL_AVX2)) \
			return name##_avx2(__VA_ARGS__); \
		if (!level_ && fast_find_level() >= LEVEL_AVX2) \
			return name##_avx2(__VA_ARGS__); \
		return name##_sse2(__VA_ARGS__); \
	} while (0)
#elif FAST_LEVEL == LEVEL_SSE2
#define CHOOSE(name, ...) return name##_sse2(__VA_ARGS__)
#elif FAST_LEVEL == LEVEL_AVX2
#define CHOOSE(name, ...) return name##_avx2(__VA_ARGS__)
#else
#define CHOOSE(name, ...) return name##_neon(__VA_ARGS__)
#endif

/* Integers at any address. */
typedef uint16_t any16 __attribute__((aligned(1), may_alias));
typedef uint32_t any32 __attribute__((aligned(1), may_alias));
typedef uint64_t any64 __attribute__((aligned(1), may_alias));
typedef uint64_t any128 __attribute__((vector_size(16), aligned(1), may_alias));

SCALAR size_t in_page(const void *at)
{
	return (uintptr_t)at & (PAGE - 1);
}

/* A count of wide characters in bytes, as large as bytes can be. */
SCALAR size_t wide_bytes(size_t n)
{
	return n > SIZE_MAX / sizeof(wchar_t) ? SIZE_MAX : n * sizeof(wchar_t);
}

/* ASCII only, as musl's tolower is in all its locales. */
SCALAR unsigned char lower(unsigned char c)
{
	return (unsigned)c - 'A' < 26 ? c | 32 : c;
}

#endif

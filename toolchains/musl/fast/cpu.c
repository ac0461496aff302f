/* What the CPU and its system can do: Intel SDM volume 2, CPUID, and volume 1,
   14.3 (XGETBV); AMD APM volume 3, appendix E (caches, leaf 0x8000001d). */

#ifdef __x86_64__

#include "cpu.h"

#include <cpuid.h>

enum { XMM_AND_YMM = 6 };

unsigned char fast_level;
size_t fast_uncached;

static uint32_t enabled_state(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static int has_avx2(void)
{
	const unsigned extended = bit_AVX2 | bit_BMI | bit_BMI2;
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
		return 0;
	if ((enabled_state() & XMM_AND_YMM) != XMM_AND_YMM)
		return 0;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & extended) != extended)
		return 0;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT);
}

unsigned char fast_find_level(void)
{
	unsigned char level = has_avx2() ? LEVEL_AVX2 : LEVEL_SSE2;

	__atomic_store_n(&fast_level, level, __ATOMIC_RELAXED);
	return level;
}

/* A thread's share of the largest cache that one of the two leaves lists. */
static size_t share_of_cache(unsigned leaf)
{
	size_t share = 0;

	for (unsigned i = 0; i < 16; i++) {
		unsigned a, b, c, d;

		if (!__get_cpuid_count(leaf, i, &a, &b, &c, &d) || !(a & 0x1f))
			break;
		share = (size_t)((b >> 22) + 1) * ((b >> 12 & 0x3ff) + 1) * ((b & 0xfff) + 1) * (c + 1);
		/* The threads of AMD's leaf are exact, Intel's are rounded up: a share is
		   too small rather than too large. */
		share /= (a >> 14 & 0xfff) + 1;
	}
	return share;
}

size_t fast_find_uncached(void)
{
	enum { LEAST = 1 << 20, COMMON = 3 << 20, MOST = 64 << 20 };
	size_t share = share_of_cache(4), size;

	if (!share)
		share = share_of_cache(0x8000001d);
	size = share ? share / 4 * 3 : COMMON;
	size = size < LEAST ? LEAST : size > MOST ? MOST : size;
	__atomic_store_n(&fast_uncached, size, __ATOMIC_RELAXED);
	return size;
}

#endif

/* memcmp and bcmp, by unsigned bytes. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "mismatch.h"

#define SELF "memcmp.c"
#include "levels.h"

SCALAR int order8(const char *a, const char *b)
{
	uint64_t left = __builtin_bswap64(*(const any64 *)a), right = __builtin_bswap64(*(const any64 *)b);

	return (left > right) - (left < right);
}

PUBLIC int memcmp(const void *left, const void *right, size_t n)
{
	const char *a = left, *b = right;

	if (n > 32)
		CHOOSE(memcmp, a, b, n);
	if (n >= 16) {
		size_t i = mismatch32(a, b, n);

		return i < n ? (unsigned char)a[i] - (unsigned char)b[i] : 0;
	}
	if (n >= 8) {
		int order = order8(a, b);

		return order ? order : order8(a + n - 8, b + n - 8);
	}
	if (n >= 4) {
		uint64_t x = (uint64_t)__builtin_bswap32(*(const any32 *)a) << 32 | __builtin_bswap32(*(const any32 *)(a + n - 4));
		uint64_t y = (uint64_t)__builtin_bswap32(*(const any32 *)b) << 32 | __builtin_bswap32(*(const any32 *)(b + n - 4));

		return (x > y) - (x < y);
	}
	if (n) {
		/* Bytes 0, n/2 and n-1 are all there are. */
		int x = (unsigned char)a[0] << 16 | (unsigned char)a[n / 2] << 8 | (unsigned char)a[n - 1];
		int y = (unsigned char)b[0] << 16 | (unsigned char)b[n / 2] << 8 | (unsigned char)b[n - 1];

		return x - y;
	}
	return 0;
}

ALIAS(memcmp) int bcmp(const void *, const void *, size_t);

#elif defined FAST_VECTORS

#include "differ.h"

VERSION int NAME(memcmp)(const char *a, const char *b, size_t n)
{
	size_t i = NAME(mismatch)(a, b, n);

	return i < n ? (unsigned char)a[i] - (unsigned char)b[i] : 0;
}

#endif

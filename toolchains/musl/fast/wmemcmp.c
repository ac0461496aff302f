/* wmemcmp, by wchar_t: -1, 0 or 1. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "mismatch.h"

/* The characters in which byte i of n is. */
SCALAR int wide_order(const char *a, const char *b, size_t i, size_t n)
{
	wchar_t left, right;

	if (i >= n)
		return 0;
	i /= sizeof(wchar_t);
	left = ((const wchar_t *)a)[i];
	right = ((const wchar_t *)b)[i];
	return left < right ? -1 : left > right;
}

#define SELF "wmemcmp.c"
#include "levels.h"

PUBLIC int wmemcmp(const wchar_t *left, const wchar_t *right, size_t n)
{
	const char *a = (const char *)left, *b = (const char *)right;

	n = wide_bytes(n);
	if (n > 32)
		CHOOSE(wmemcmp, a, b, n);
	if (n >= 16)
		return wide_order(a, b, mismatch32(a, b, n), n);
	for (size_t i = 0; i < n; i += sizeof(wchar_t)) {
		int order = wide_order(a, b, i, n);

		if (order)
			return order;
	}
	return 0;
}

#elif defined FAST_VECTORS

#include "differ.h"

VERSION int NAME(wmemcmp)(const char *a, const char *b, size_t n)
{
	return wide_order(a, b, NAME(mismatch)(a, b, n), n);
}

#endif

/* wcscmp and wcsncmp, by wchar_t: -1, 0 or 1. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "wcscmp.c"
#include "levels.h"

PUBLIC int wcscmp(const wchar_t *a, const wchar_t *b)
{
	CHOOSE(wcscmp, a, b);
}

PUBLIC int wcsncmp(const wchar_t *a, const wchar_t *b, size_t n)
{
	CHOOSE(wcsncmp, a, b, n);
}

#elif defined FAST_VECTORS

#include "compare.h"

VERSION int NAME(wcscmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 0, WIDES);
}

VERSION int NAME(wcscmp)(const wchar_t *a, const wchar_t *b)
{
	return NAME(compare)((const char *)a, (const char *)b, 0, NAME(wcscmp_rest), 0, WIDES);
}

VERSION int NAME(wcsncmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 1, WIDES);
}

VERSION int NAME(wcsncmp)(const wchar_t *a, const wchar_t *b, size_t n)
{
	return NAME(compare)((const char *)a, (const char *)b, wide_bytes(n), NAME(wcsncmp_rest), 1, WIDES);
}

#endif

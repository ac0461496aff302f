/* wcsncpy and wcpncpy, in one pass: n characters, those behind the string are 0. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "wcsncpy.c"
#include "levels.h"

PUBLIC wchar_t *wcsncpy(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
	CHOOSE(wcsncpy, to, from, wide_bytes(n));
}

PUBLIC wchar_t *wcpncpy(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
	CHOOSE(wcpncpy, to, from, wide_bytes(n));
}

/* Without what is behind the string; how many characters were copied. */
size_t fast_copy_wide_within(wchar_t *to, const wchar_t *from, size_t n)
{
	CHOOSE(copy_wide_within, to, from, wide_bytes(n));
}

#elif defined FAST_VECTORS

#include "copy.h"

VERSION size_t NAME(copy_wide_within)(wchar_t *to, const wchar_t *from, size_t n)
{
	return NAME(copy_string_within)((char *)to, (const char *)from, n, WIDE_END) / sizeof(wchar_t);
}

/* n is in bytes. */
VERSION wchar_t *NAME(wcpncpy)(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
	size_t length = NAME(copy_string_within)((char *)to, (const char *)from, n, WIDE_END);

	clear((char *)to + length, n - length);
	return (wchar_t *)((char *)to + length);
}

VERSION wchar_t *NAME(wcsncpy)(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
	size_t length = NAME(copy_string_within)((char *)to, (const char *)from, n, WIDE_END);

	clear((char *)to + length, n - length);
	return to;
}

#endif

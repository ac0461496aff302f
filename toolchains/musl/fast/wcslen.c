/* wcslen and wcsnlen. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"

#define SELF "wcslen.c"
#include "levels.h"

PUBLIC size_t wcslen(const wchar_t *s)
{
	CHOOSE(wcslen, s);
}

HIDDEN_ALIAS(wcslen) size_t fast_wcslen(const wchar_t *);

PUBLIC size_t wcsnlen(const wchar_t *s, size_t n)
{
	CHOOSE(wcsnlen, s, n);
}

#elif defined FAST_VECTORS

#include "find.h"

VERSION size_t NAME(wcslen)(const wchar_t *s)
{
	return (size_t)((const wchar_t *)NAME(find)((const char *)s, ZERO, WIDE_END) - s);
}

VERSION size_t NAME(wcsnlen)(const wchar_t *s, size_t n)
{
	const char *end = NAME(find_within)((const char *)s, wide_bytes(n), ZERO, WIDE_END);

	return end ? (size_t)((const wchar_t *)end - s) : n;
}

#endif

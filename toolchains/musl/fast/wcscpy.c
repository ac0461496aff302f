/* wcscpy and wcpcpy, in one pass. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "wcscpy.c"
#include "levels.h"

PUBLIC wchar_t *wcscpy(wchar_t *restrict to, const wchar_t *restrict from)
{
	CHOOSE(wcscpy, to, from);
}

PUBLIC wchar_t *wcpcpy(wchar_t *restrict to, const wchar_t *restrict from)
{
	CHOOSE(wcpcpy, to, from);
}

HIDDEN_ALIAS(wcpcpy) wchar_t *fast_wcpcpy(wchar_t *, const wchar_t *);

#elif defined FAST_VECTORS

#include "copy.h"

VERSION wchar_t *NAME(wcscpy)(wchar_t *restrict to, const wchar_t *restrict from)
{
	NAME(copy_string)((char *)to, (const char *)from, WIDE_END);
	return to;
}

VERSION wchar_t *NAME(wcpcpy)(wchar_t *restrict to, const wchar_t *restrict from)
{
	return (wchar_t *)NAME(copy_string)((char *)to, (const char *)from, WIDE_END);
}

#endif

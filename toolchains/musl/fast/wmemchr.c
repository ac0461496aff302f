/* wmemchr. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "wmemchr.c"
#include "levels.h"

PUBLIC wchar_t *wmemchr(const wchar_t *s, wchar_t c, size_t n)
{
	CHOOSE(wmemchr, s, c, n);
}

#elif defined FAST_VECTORS

#include "find.h"

VERSION wchar_t *NAME(wmemchr)(const wchar_t *s, wchar_t c, size_t n)
{
	return (wchar_t *)NAME(find_within)((const char *)s, wide_bytes(n), EACH32(c), WIDE);
}

#endif

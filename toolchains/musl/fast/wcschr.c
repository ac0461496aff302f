/* wcschr; a character that is 0 is the end of the string. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "wcschr.c"
#include "levels.h"

PUBLIC wchar_t *wcschr(const wchar_t *s, wchar_t c)
{
	CHOOSE(wcschr, s, c);
}

#elif defined FAST_VECTORS

#include "find.h"

VERSION wchar_t *NAME(wcschr)(const wchar_t *s, wchar_t c)
{
	const wchar_t *at = (const wchar_t *)NAME(find)((const char *)s, EACH32(c), WIDE_OR_END);

	return *at == c ? (wchar_t *)at : 0;
}

#endif

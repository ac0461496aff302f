/* strcasestr: letters are ASCII's, as in musl in all locales. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "two_way.h"

#define SELF "strcasestr.c"
#include "levels.h"

PUBLIC char *strcasestr(const char *text, const char *needle)
{
	if (!needle[0])
		return (char *)text;
	CHOOSE(strcasestr, text, needle);
}

#elif defined FAST_VECTORS

#include "search_string.h"

VERSION char *NAME(strcasestr)(const char *text, const char *needle)
{
	return (char *)NAME(search_string)(text, needle, 1);
}

#endif

/* strstr. */

#if defined __x86_64__ && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "two_way.h"

#define SELF "strstr.c"
#include "levels.h"

PUBLIC char *strstr(const char *text, const char *needle)
{
	if (!needle[0])
		return (char *)text;
	if (!needle[1])
		return fast_strchr(text, needle[0]);
	CHOOSE(strstr, text, needle);
}

#elif defined __x86_64__

#include "search_string.h"

VERSION char *NAME(strstr)(const char *text, const char *needle)
{
	return (char *)NAME(search_string)(text, needle, 0);
}

#endif

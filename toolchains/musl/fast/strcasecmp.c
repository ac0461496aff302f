/* strcasecmp, strncasecmp, and those of a locale: in musl letters are ASCII's in all
   locales (POSIX leaves others than the POSIX locale open). */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "strcasecmp.c"
#include "levels.h"

struct __locale_struct;

PUBLIC int strcasecmp(const char *a, const char *b)
{
	CHOOSE(strcasecmp, a, b);
}

PUBLIC int strncasecmp(const char *a, const char *b, size_t n)
{
	CHOOSE(strncasecmp, a, b, n);
}

PUBLIC int __strcasecmp_l(const char *a, const char *b, struct __locale_struct *locale)
{
	(void)locale;
	CHOOSE(strcasecmp, a, b);
}

PUBLIC int __strncasecmp_l(const char *a, const char *b, size_t n, struct __locale_struct *locale)
{
	(void)locale;
	CHOOSE(strncasecmp, a, b, n);
}

ALIAS(__strcasecmp_l) int strcasecmp_l(const char *, const char *, struct __locale_struct *);
ALIAS(__strncasecmp_l) int strncasecmp_l(const char *, const char *, size_t, struct __locale_struct *);

#elif defined FAST_VECTORS

#include "compare.h"

VERSION int NAME(strcasecmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 0, FOLDED);
}

VERSION int NAME(strcasecmp)(const char *a, const char *b)
{
	return NAME(compare)(a, b, 0, NAME(strcasecmp_rest), 0, FOLDED);
}

VERSION int NAME(strncasecmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 1, FOLDED);
}

VERSION int NAME(strncasecmp)(const char *a, const char *b, size_t n)
{
	return NAME(compare)(a, b, n, NAME(strncasecmp_rest), 1, FOLDED);
}

#endif

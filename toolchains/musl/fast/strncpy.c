/* strncpy and stpncpy, in one pass: n bytes, those behind the string are 0. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "strncpy.c"
#include "levels.h"

PUBLIC char *__stpncpy(char *restrict to, const char *restrict from, size_t n)
{
	CHOOSE(stpncpy, to, from, n);
}

PUBLIC char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
	CHOOSE(strncpy, to, from, n);
}

/* Without what is behind the string; how many bytes were copied. */
size_t fast_copy_within(char *to, const char *from, size_t n)
{
	CHOOSE(copy_within, to, from, n);
}

ALIAS(__stpncpy) char *stpncpy(char *restrict, const char *restrict, size_t);

#elif defined FAST_VECTORS

#include "copy.h"

VERSION size_t NAME(copy_within)(char *to, const char *from, size_t n)
{
	return NAME(copy_string_within)(to, from, n, END);
}

VERSION char *NAME(stpncpy)(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = NAME(copy_string_within)(to, from, n, END);

	clear(to + length, n - length);
	return to + length;
}

VERSION char *NAME(strncpy)(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = NAME(copy_string_within)(to, from, n, END);

	clear(to + length, n - length);
	return to;
}

#endif

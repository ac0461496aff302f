/* strcpy and stpcpy, in one pass. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "strcpy.c"
#include "levels.h"

PUBLIC char *strcpy(char *restrict to, const char *restrict from)
{
	CHOOSE(strcpy, to, from);
}

PUBLIC char *__stpcpy(char *restrict to, const char *restrict from)
{
	CHOOSE(stpcpy, to, from);
}

ALIAS(__stpcpy) char *stpcpy(char *restrict, const char *restrict);
HIDDEN_ALIAS(__stpcpy) char *fast_stpcpy(char *, const char *);

#elif defined FAST_VECTORS

#include "copy.h"

VERSION char *NAME(strcpy)(char *restrict to, const char *restrict from)
{
	NAME(copy_string)(to, from, END);
	return to;
}

VERSION char *NAME(stpcpy)(char *restrict to, const char *restrict from)
{
	return NAME(copy_string)(to, from, END);
}

#endif

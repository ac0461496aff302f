/* strncmp, by unsigned bytes. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "strncmp.c"
#include "levels.h"

PUBLIC int strncmp(const char *a, const char *b, size_t n)
{
	CHOOSE(strncmp, a, b, n);
}

#elif defined FAST_VECTORS

#include "compare.h"

VERSION int NAME(strncmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 1, BYTES);
}

VERSION int NAME(strncmp)(const char *a, const char *b, size_t n)
{
	return NAME(compare)(a, b, n, NAME(strncmp_rest), 1, BYTES);
}

#endif

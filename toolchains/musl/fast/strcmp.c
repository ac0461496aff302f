/* strcmp, by unsigned bytes. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "strcmp.c"
#include "levels.h"

PUBLIC int strcmp(const char *a, const char *b)
{
	CHOOSE(strcmp, a, b);
}

#elif defined FAST_VECTORS

#include "compare.h"

VERSION int NAME(strcmp_rest)(const char *a, const char *b, size_t n, const char *start)
{
	return NAME(compare_rest)(a, b, n, start, 0, BYTES);
}

VERSION int NAME(strcmp)(const char *a, const char *b)
{
	return NAME(compare)(a, b, 0, NAME(strcmp_rest), 0, BYTES);
}

#endif

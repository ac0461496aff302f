/* memset. On AArch64 it is musl's, which is written for it. */

#if defined __x86_64__ && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "memset.c"
#include "levels.h"

PUBLIC void *memset(void *to, int c, size_t n)
{
	if (n > 32)
		CHOOSE(memset, to, c, n);
	fill_small(to, (unsigned char)c * 0x0101010101010101, n);
	return to;
}

HIDDEN_ALIAS(memset) void *fast_fill(void *, int, size_t);

#elif defined __x86_64__

#include "fill.h"

VERSION void *NAME(memset)(void *to, int c, size_t n)
{
	NAME(fill)(to, EACH8(c), n);
	return to;
}

#endif

/* memchr: the bytes need not exist behind the one that is found (C11 7.24.5.1). */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"

#define SELF "memchr.c"
#include "levels.h"

PUBLIC void *memchr(const void *s, int c, size_t n)
{
	CHOOSE(memchr, s, c, n);
}

HIDDEN_ALIAS(memchr) void *fast_memchr(const void *, int, size_t);

#elif defined FAST_VECTORS

#include "find.h"

VERSION void *NAME(memchr)(const void *s, int c, size_t n)
{
	return (void *)NAME(find_within)(s, n, EACH8(c), BYTE);
}

#endif

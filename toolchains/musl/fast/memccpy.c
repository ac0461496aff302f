/* memccpy: the source need not exist behind the byte that is found. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "fast.h"

PUBLIC void *memccpy(void *restrict to, const void *restrict from, int c, size_t n)
{
	const char *found = fast_memchr(from, c, n);

	if (found)
		n = (size_t)(found + 1 - (const char *)from);
	fast_move(to, from, n);
	return found ? (char *)to + n : 0;
}

#endif

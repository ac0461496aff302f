/* strncat. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "fast.h"

PUBLIC char *strncat(char *restrict to, const char *restrict from, size_t n)
{
	char *end = to + fast_strlen(to);

	end[fast_copy_within(end, from, n)] = 0;
	return to;
}

#endif

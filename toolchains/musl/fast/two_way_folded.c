/* The search that strcasestr falls back to. */

#ifdef __x86_64__

#include "cpu.h"
#include "two_way.h"

const char *fast_two_way_folded(const char *text, size_t n, const char *needle, size_t length)
{
	return two_way(text, n, needle, length, 1);
}

#endif

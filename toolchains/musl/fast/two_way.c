/* The search that strstr and memmem fall back to. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "two_way.h"

const char *fast_two_way(const char *text, size_t n, const char *needle, size_t length)
{
	return two_way(text, n, needle, length, 0);
}

#endif

/* strcat. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "fast.h"

PUBLIC char *strcat(char *restrict to, const char *restrict from)
{
	fast_stpcpy(to + fast_strlen(to), from);
	return to;
}

#endif

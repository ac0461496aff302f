/* wmemset. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "small.h"

#define SELF "wmemset.c"
#include "levels.h"

PUBLIC wchar_t *wmemset(wchar_t *to, wchar_t c, size_t n)
{
	n *= sizeof(wchar_t);
	if (n > 32)
		CHOOSE(wmemset, to, c, n);
	fill_small((char *)to, (uint32_t)c * 0x0000000100000001, n);
	return to;
}

#elif defined FAST_VECTORS

#include "fill.h"

VERSION wchar_t *NAME(wmemset)(wchar_t *to, wchar_t c, size_t n)
{
	NAME(fill)((char *)to, EACH32(c), n);
	return to;
}

#endif

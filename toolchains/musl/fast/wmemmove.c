/* wmemmove and wmemcpy. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "fast.h"

PUBLIC wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t n)
{
	return fast_move(to, from, n * sizeof(wchar_t));
}

ALIAS(wmemmove) wchar_t *wmemcpy(wchar_t *restrict, const wchar_t *restrict, size_t);

#endif

/* wcscat and wcsncat. */

#include "machine.h"

#ifdef FAST_VECTORS

#include "cpu.h"
#include "fast.h"

PUBLIC wchar_t *wcscat(wchar_t *restrict to, const wchar_t *restrict from)
{
	fast_wcpcpy(to + fast_wcslen(to), from);
	return to;
}

PUBLIC wchar_t *wcsncat(wchar_t *restrict to, const wchar_t *restrict from, size_t n)
{
	wchar_t *end = to + fast_wcslen(to);

	end[fast_copy_wide_within(end, from, n)] = 0;
	return to;
}

#endif

/* strncpy and stpncpy: n bytes, those behind the string are 0. */

#ifdef __x86_64__

#include "cpu.h"
#include "fast.h"

PUBLIC char *__stpncpy(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = fast_strnlen(from, n);

	fast_move(to, from, length);
	if (n > length)
		fast_fill(to + length, 0, n - length);
	return to + length;
}

ALIAS(__stpncpy) char *stpncpy(char *restrict, const char *restrict, size_t);

PUBLIC char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
	__stpncpy(to, from, n);
	return to;
}

#endif

/* strlen and strnlen. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"

#define SELF "strlen.c"
#include "levels.h"

PUBLIC size_t strlen(const char *s)
{
	CHOOSE(strlen, s);
}

PUBLIC size_t strnlen(const char *s, size_t n)
{
	CHOOSE(strnlen, s, n);
}

HIDDEN_ALIAS(strlen) size_t fast_strlen(const char *);
HIDDEN_ALIAS(strnlen) size_t fast_strnlen(const char *, size_t);

#elif defined FAST_VECTORS

#include "find.h"

VERSION size_t NAME(strlen)(const char *s)
{
	return (size_t)(NAME(find)(s, ZERO, END) - s);
}

VERSION size_t NAME(strnlen)(const char *s, size_t n)
{
	const char *end;

	if (n - 1 < SIZE && LIKELY(NAME(fits)(s)))
		/* A bit where the bytes end stands for the NUL that none of them is. */
		return (size_t)__builtin_ctzll(MASK_OF(EQUAL8(LOAD_ANY(s), ZERO)) | 1ull << n);
	end = NAME(find_within)(s, n, ZERO, END);

	return end ? (size_t)(end - s) : n;
}

#endif

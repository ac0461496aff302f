/* strcpy and stpcpy, in one pass. */

#if defined __x86_64__ && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "strcpy.c"
#include "levels.h"

PUBLIC char *strcpy(char *restrict to, const char *restrict from)
{
	CHOOSE(strcpy, to, from);
}

PUBLIC char *__stpcpy(char *restrict to, const char *restrict from)
{
	CHOOSE(stpcpy, to, from);
}

ALIAS(__stpcpy) char *stpcpy(char *restrict, const char *restrict);
HIDDEN_ALIAS(__stpcpy) char *fast_stpcpy(char *, const char *);

#elif defined __x86_64__

/* The end of the copy. */
INLINE char *NAME(copy)(char *to, const char *from)
{
	const char *at = NAME(aligned)(from);
	ptrdiff_t shift = to - from;
	VEC v;
	uint32_t mask;

	if (LIKELY(NAME(fits)(from)))
		mask = MASK_OF(EQUAL8(LOAD_ANY(from), ZERO));
	else
		mask = MASK_OF(EQUAL8(LOAD(at), ZERO)) >> (from - at);
	if (LIKELY(mask)) {
		size_t n = NAME(first_of)(mask);

		move_small(to, from, n + 1);
		return to + n;
	}
	at += SIZE;
	v = LOAD(at);
	mask = MASK_OF(EQUAL8(v, ZERO));
	if (mask) {
		/* Up to two vectors, of which neither need be whole. */
		size_t n = (size_t)(at - from) + NAME(first_of)(mask) + 1;

		if (n <= 32) {
			move_small(to, from, n);
		} else {
			STORE_ANY(to, LOAD_ANY(from));
			STORE_ANY(to + n - SIZE, LOAD_ANY(from + n - SIZE));
		}
		return to + n - 1;
	}
	STORE_ANY(to, LOAD_ANY(from));
	STORE_ANY((char *)at + shift, v);
	for (at += SIZE; (uintptr_t)at & (3 * SIZE); at += SIZE) {
		v = LOAD(at);
		if ((mask = MASK_OF(EQUAL8(v, ZERO))))
			goto last;
		STORE_ANY((char *)at + shift, v);
	}
	for (;; at += 4 * SIZE) {
		VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);

		if (MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)))
			break;
		STORE_ANY((char *)at + shift, v0);
		STORE_ANY((char *)at + shift + SIZE, v1);
		STORE_ANY((char *)at + shift + 2 * SIZE, v2);
		STORE_ANY((char *)at + shift + 3 * SIZE, v3);
	}
	for (;; at += SIZE) {
		v = LOAD(at);
		if ((mask = MASK_OF(EQUAL8(v, ZERO))))
			break;
		STORE_ANY((char *)at + shift, v);
	}
last:
	at += NAME(first_of)(mask);
	STORE_ANY((char *)at + shift - (SIZE - 1), LOAD_ANY(at - (SIZE - 1)));
	return (char *)at + shift;
}

VERSION char *NAME(strcpy)(char *restrict to, const char *restrict from)
{
	NAME(copy)(to, from);
	return to;
}

VERSION char *NAME(stpcpy)(char *restrict to, const char *restrict from)
{
	return NAME(copy)(to, from);
}

#endif

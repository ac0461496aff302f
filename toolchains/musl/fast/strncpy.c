/* strncpy and stpncpy, in one pass: n bytes, those behind the string are 0. */

#if defined __x86_64__ && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

SCALAR void clear(char *to, size_t n)
{
	if (n > 32)
		fast_fill(to, 0, n);
	else
		fill_small(to, 0, n);
}

#define SELF "strncpy.c"
#include "levels.h"

PUBLIC char *__stpncpy(char *restrict to, const char *restrict from, size_t n)
{
	CHOOSE(stpncpy, to, from, n);
}

PUBLIC char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
	CHOOSE(strncpy, to, from, n);
}

/* Without what is behind the string; how many bytes were copied. */
size_t fast_copy_within(char *to, const char *from, size_t n)
{
	CHOOSE(copy_within, to, from, n);
}

ALIAS(__stpncpy) char *stpncpy(char *restrict, const char *restrict, size_t);

#elif defined __x86_64__

/* The length of the copied string; what is behind it is not yet 0. More than a
   vector, in which there is no end. */
INLINE size_t NAME(copy_long)(char *to, const char *from, size_t n)
{
	const char *at = NAME(aligned)(from) + SIZE, *end = from + n;
	ptrdiff_t shift = to - from;
	uint32_t mask;

	STORE_ANY(to, LOAD_ANY(from));
	while (at < end) {
		VEC v = LOAD(at);

		if ((mask = MASK_OF(EQUAL8(v, ZERO)))) {
			at += NAME(first_of)(mask);
			end = at < end ? at : end;
			break;
		}
		if ((size_t)(end - at) < SIZE)
			break;
		STORE_ANY((char *)at + shift, v);
		at += SIZE;
		if ((uintptr_t)at & (3 * SIZE))
			continue;
		for (; (size_t)(end - at) >= 4 * SIZE; at += 4 * SIZE) {
			VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);

			if (MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)))
				break;
			STORE_ANY((char *)at + shift, v0);
			STORE_ANY((char *)at + shift + SIZE, v1);
			STORE_ANY((char *)at + shift + 2 * SIZE, v2);
			STORE_ANY((char *)at + shift + 3 * SIZE, v3);
		}
	}
	STORE_ANY((char *)end + shift - SIZE, LOAD_ANY(end - SIZE));
	return (size_t)(end - from);
}

/* Up to n characters of a string; how many they are. */
INLINE size_t NAME(copy)(char *to, const char *from, size_t n)
{
	const char *at = NAME(aligned)(from);
	size_t seen = SIZE, length;
	uint32_t mask;

	if (!n)
		return 0;
	if (LIKELY(NAME(fits)(from))) {
		mask = MASK_OF(EQUAL8(LOAD_ANY(from), ZERO));
	} else {
		mask = MASK_OF(EQUAL8(LOAD(at), ZERO)) >> (from - at);
		seen -= (size_t)(from - at);
		/* Whether there is an end in a whole vector: its other page is read only if need be. */
		if (!mask && n > seen && seen < SIZE)
			mask = MASK_OF(EQUAL8(LOAD(at + SIZE), ZERO)) << seen;
	}
	if (!mask && n > SIZE)
		return NAME(copy_long)(to, from, n < PTRDIFF_MAX ? n : PTRDIFF_MAX);
	length = mask ? NAME(first_of)(mask) : n;
	if (length > n)
		length = n;
	move_small(to, from, length);
	return length;
}

VERSION size_t NAME(copy_within)(char *to, const char *from, size_t n)
{
	return NAME(copy)(to, from, n);
}

VERSION char *NAME(stpncpy)(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = NAME(copy)(to, from, n);

	clear(to + length, n - length);
	return to + length;
}

VERSION char *NAME(strncpy)(char *restrict to, const char *restrict from, size_t n)
{
	size_t length = NAME(copy)(to, from, n);

	clear(to + length, n - length);
	return to;
}

#endif

/* Copies of strings in one pass. Lengths are in bytes; the kind says what ends a string: END or WIDE_END. */

#include "find.h"

#ifndef FAST_COPY_H
#define FAST_COPY_H

/* The bytes of what ends a string. */
SCALAR size_t unit_of(enum kind kind)
{
	return kind == END ? 1 : sizeof(wchar_t);
}

#endif

INLINE uint32_t NAME(ends)(VEC v, enum kind kind)
{
	return MASK_OF(NAME(matches)(v, ZERO, kind));
}

INLINE int NAME(end_in_four)(VEC v0, VEC v1, VEC v2, VEC v3, enum kind kind)
{
	if (kind == END)
		return MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)) != 0;
	v0 = OR(EQUAL32(v0, ZERO), EQUAL32(v1, ZERO));
	return MASK_OF(OR(v0, OR(EQUAL32(v2, ZERO), EQUAL32(v3, ZERO)))) != 0;
}

/* All of a string; where its end is in the copy. */
INLINE char *NAME(copy_string)(char *to, const char *from, enum kind kind)
{
	const char *at = NAME(aligned)(from);
	ptrdiff_t shift = to - from;
	VEC v;
	const size_t unit = unit_of(kind);
	uint32_t mask;

	if (LIKELY(NAME(fits)(from)))
		mask = NAME(ends)(LOAD_ANY(from), kind);
	else
		mask = NAME(ends)(LOAD(at), kind) >> (from - at);
	if (LIKELY(mask)) {
		size_t n = NAME(first_of)(mask);

		move_small(to, from, n + unit);
		return to + n;
	}
	at += SIZE;
	v = LOAD(at);
	mask = NAME(ends)(v, kind);
	if (mask) {
		/* Up to two vectors, of which neither need be whole. */
		size_t n = (size_t)(at - from) + NAME(first_of)(mask) + unit;

		if (n <= 32) {
			move_small(to, from, n);
		} else {
			STORE_ANY(to, LOAD_ANY(from));
			STORE_ANY(to + n - SIZE, LOAD_ANY(from + n - SIZE));
		}
		return to + n - unit;
	}
	STORE_ANY(to, LOAD_ANY(from));
	STORE_ANY((char *)at + shift, v);
	for (at += SIZE; (uintptr_t)at & (3 * SIZE); at += SIZE) {
		v = LOAD(at);
		if ((mask = NAME(ends)(v, kind)))
			goto last;
		STORE_ANY((char *)at + shift, v);
	}
	for (;; at += 4 * SIZE) {
		VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);

		if (NAME(end_in_four)(v0, v1, v2, v3, kind))
			break;
		STORE_ANY((char *)at + shift, v0);
		STORE_ANY((char *)at + shift + SIZE, v1);
		STORE_ANY((char *)at + shift + 2 * SIZE, v2);
		STORE_ANY((char *)at + shift + 3 * SIZE, v3);
	}
	for (;; at += SIZE) {
		v = LOAD(at);
		if ((mask = NAME(ends)(v, kind)))
			break;
		STORE_ANY((char *)at + shift, v);
	}
last:
	at += NAME(first_of)(mask);
	STORE_ANY((char *)at + shift - (SIZE - unit), LOAD_ANY(at - (SIZE - unit)));
	return (char *)at + shift;
}

/* The length of the copied string; what is behind it is not yet 0. More than a
   vector, in which there is no end. */
INLINE size_t NAME(copy_long)(char *to, const char *from, size_t n, enum kind kind)
{
	const char *at = NAME(aligned)(from) + SIZE, *end = from + n;
	ptrdiff_t shift = to - from;
	uint32_t mask;

	STORE_ANY(to, LOAD_ANY(from));
	while (at < end) {
		VEC v = LOAD(at);

		if ((mask = NAME(ends)(v, kind))) {
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

			if (NAME(end_in_four)(v0, v1, v2, v3, kind))
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

/* Up to n bytes of a string; how many they are. */
INLINE size_t NAME(copy_string_within)(char *to, const char *from, size_t n, enum kind kind)
{
	const char *at = NAME(aligned)(from);
	size_t seen = SIZE, length;
	uint32_t mask;

	if (!n)
		return 0;
	if (LIKELY(NAME(fits)(from))) {
		mask = NAME(ends)(LOAD_ANY(from), kind);
	} else {
		mask = NAME(ends)(LOAD(at), kind) >> (from - at);
		seen -= (size_t)(from - at);
		/* Whether there is an end in a whole vector: its other page is read only if need be. */
		if (!mask && n > seen && seen < SIZE)
			mask = NAME(ends)(LOAD(at + SIZE), kind) << seen;
	}
	if (!mask && n > SIZE)
		return NAME(copy_long)(to, from, n < PTRDIFF_MAX ? n : PTRDIFF_MAX, kind);
	length = mask ? NAME(first_of)(mask) : n;
	if (length > n)
		length = n;
	move_small(to, from, length);
	return length;
}

/* Where a needle of 2 bytes or more is in a text: two of its bytes are looked for at
   once, at their distance. What the places cost where they are and the needle is
   not is counted: beyond a multiple of the text looked at, Two-Way takes over. */

#ifndef FAST_SEARCH_H
#define FAST_SEARCH_H

#include "two_way.h"

enum { COST_FREE = 4096, COST_PER_BYTE = 8, COST_OF_PLACE = 4 };

struct needle {
	const char *bytes;
	size_t length, far;	/* far: of the second byte that is looked for */
	const char *start;	/* of the text */
	size_t cost;
};

/* The last byte unlike the first, if there is one. */
SCALAR size_t far_byte(const char *bytes, size_t length, int folded)
{
	size_t far = length - 1;

	while (far && as_folded(bytes[far], folded) == as_folded(bytes[0], folded))
		far--;
	return far ? far : length - 1;
}

SCALAR size_t same_bytes(const char *a, const char *b, size_t n, int folded)
{
	size_t i = 0;

	if (!folded) {
		for (; n - i >= 8; i += 8) {
			uint64_t differing = *(const any64 *)(a + i) ^ *(const any64 *)(b + i);

			if (differing)
				return i + (size_t)__builtin_ctzll(differing) / 8;
		}
	}
	while (i < n && as_folded(a[i], folded) == as_folded(b[i], folded))
		i++;
	return i;
}

#endif

INLINE uint32_t NAME(places)(const char *at, size_t far, VEC first, VEC second, int folded)
{
	VEC v = LOAD_ANY(at), w = LOAD_ANY(at + far);

	if (folded) {
		v = NAME(lower)(v);
		w = NAME(lower)(w);
	}
	return MASK_OF(AND(EQUAL8(v, first), EQUAL8(w, second)));
}

/* Which of some places has the needle. Null and *rest not null: it costs too much
   to say from there on. */
INLINE const char *NAME(place_of)(const char *at, uint32_t mask, struct needle *needle, int folded, const char **rest)
{
	for (; mask; mask &= mask - 1) {
		const char *place = at + NAME(first_of)(mask);
		size_t same = same_bytes(place, needle->bytes, needle->length, folded);

		if (same == needle->length)
			return place;
		needle->cost += same + COST_OF_PLACE;
		if (needle->cost > COST_FREE + COST_PER_BYTE * (size_t)(place - needle->start)) {
			*rest = place + 1;
			return 0;
		}
	}
	return 0;
}

/* Among n places; null and *rest as above. */
INLINE const char *NAME(search)(const char *text, size_t n, struct needle *needle, int folded, const char **rest)
{
	const VEC first = EACH8(as_folded(needle->bytes[0], folded));
	const VEC second = EACH8(as_folded(needle->bytes[needle->far], folded));
	const char *at = text, *end = text + n, *found;
	const size_t far = needle->far;
	uint32_t mask = 0;

	*rest = 0;
	for (; (size_t)(end - at) >= SIZE; at += SIZE) {
		mask = NAME(places)(at, far, first, second, folded);
		if (LIKELY(!mask))
			continue;
		found = NAME(place_of)(at, mask, needle, folded, rest);
		if (found || *rest)
			return found;
	}
	if (at == end)
		return 0;
	if (n >= SIZE) {
		size_t seen = SIZE - (size_t)(end - at);

		at = end - SIZE;
		mask = NAME(places)(at, far, first, second, folded) >> seen << seen;
	} else if (LIKELY(NAME(fits)(at) && NAME(fits)(at + far))) {
		mask = NAME(places)(at, far, first, second, folded) & (ALL >> (SIZE - n));
	} else {
		for (size_t i = 0; i < n; i++)
			if (as_folded(at[i], folded) == as_folded(needle->bytes[0], folded))
				mask |= 1u << i;
	}
	return NAME(place_of)(at, mask, needle, folded, rest);
}

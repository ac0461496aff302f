/* The first byte or wide character of a kind, forwards. A vector at any address is
   read only where it stays in its first byte's page; the others are aligned, and
   have bytes in front of the one that is found or of the end. */

#ifndef FAST_FIND_H
#define FAST_FIND_H

enum kind { END, BYTE, BYTE_OR_END, WIDE_END, WIDE, WIDE_OR_END };

#endif

INLINE VEC NAME(matches)(VEC v, VEC c, enum kind kind)
{
	switch (kind) {
	case END: return EQUAL8(v, ZERO);
	case BYTE: return EQUAL8(v, c);
	case BYTE_OR_END: return EQUAL8(LEAST8(XOR(v, c), v), ZERO);
	case WIDE_END: return EQUAL32(v, ZERO);
	case WIDE: return EQUAL32(v, c);
	default: return OR(EQUAL32(v, c), EQUAL32(v, ZERO));
	}
}

INLINE uint32_t NAME(matches_at)(const char *at, VEC c, enum kind kind)
{
	return MASK_OF(NAME(matches)(LOAD(at), c, kind));
}

/* Whether four vectors have a match. */
INLINE int NAME(four_match)(const char *at, VEC c, enum kind kind)
{
	VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);

	if (kind == END)
		return MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)) != 0;
	if (kind == BYTE_OR_END) {
		v0 = LEAST8(XOR(v0, c), v0);
		v1 = LEAST8(XOR(v1, c), v1);
		v2 = LEAST8(XOR(v2, c), v2);
		v3 = LEAST8(XOR(v3, c), v3);
		return MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)) != 0;
	}
	v0 = OR(NAME(matches)(v0, c, kind), NAME(matches)(v1, c, kind));
	v2 = OR(NAME(matches)(v2, c, kind), NAME(matches)(v3, c, kind));
	return MASK_OF(OR(v0, v2)) != 0;
}

/* The first of four vectors' matches; there is one. */
INLINE const char *NAME(first_of_four)(const char *at, VEC c, enum kind kind)
{
	uint32_t mask;

	for (int i = 0; i < 3; i++, at += SIZE)
		if ((mask = NAME(matches_at)(at, c, kind)))
			return at + NAME(first_of)(mask);
	return at + NAME(first_of)(NAME(matches_at)(at, c, kind));
}

INLINE const char *NAME(four_aligned)(const char *at)
{
	return (const char *)((uintptr_t)at & -(uintptr_t)(4 * SIZE));
}

/* The first match, of which there is one. */
INLINE const char *NAME(find)(const char *s, VEC c, enum kind kind)
{
	const char *at = NAME(aligned)(s);
	uint32_t mask;

	if (LIKELY(NAME(fits)(s)))
		mask = MASK_OF(NAME(matches)(LOAD_ANY(s), c, kind));
	else
		mask = NAME(matches_at)(at, c, kind) >> (s - at);
	if (LIKELY(mask))
		return s + NAME(first_of)(mask);
	at += SIZE;
	if ((mask = NAME(matches_at)(at, c, kind)))
		return at + NAME(first_of)(mask);
	at += SIZE;
	if ((mask = NAME(matches_at)(at, c, kind)))
		return at + NAME(first_of)(mask);
	at += SIZE;
	if ((mask = NAME(matches_at)(at, c, kind)))
		return at + NAME(first_of)(mask);
	at += SIZE;
	if ((mask = NAME(matches_at)(at, c, kind)))
		return at + NAME(first_of)(mask);
	at = NAME(four_aligned)(at + SIZE);
	while (!NAME(four_match)(at, c, kind))
		at += 4 * SIZE;
	return NAME(first_of_four)(at, c, kind);
}

/* The first match in n bytes, or null. The bytes need not exist behind it. */
INLINE const char *NAME(find_within)(const char *s, size_t n, VEC c, enum kind kind)
{
	const char *at = NAME(aligned)(s), *end;
	size_t seen = SIZE;
	uint32_t mask;

	if (!n)
		return 0;
	if (LIKELY(NAME(fits)(s))) {
		mask = MASK_OF(NAME(matches)(LOAD_ANY(s), c, kind));
	} else {
		mask = NAME(matches_at)(at, c, kind) >> (s - at);
		seen -= (size_t)(s - at);
	}
	if (mask) {
		size_t first = NAME(first_of)(mask);

		return first < n ? s + first : 0;
	}
	if (n <= seen)
		return 0;
	/* No object is larger. */
	end = s + (n < PTRDIFF_MAX ? n : PTRDIFF_MAX);
	at += SIZE;
	if (n >= 5 * SIZE) {
		if ((mask = NAME(matches_at)(at, c, kind)))
			return at + NAME(first_of)(mask);
		at += SIZE;
		if ((mask = NAME(matches_at)(at, c, kind)))
			return at + NAME(first_of)(mask);
		at += SIZE;
		if ((mask = NAME(matches_at)(at, c, kind)))
			return at + NAME(first_of)(mask);
		at += SIZE;
		if ((mask = NAME(matches_at)(at, c, kind)))
			return at + NAME(first_of)(mask);
		at += SIZE;
	} else {
		for (; at < end; at += SIZE) {
			if ((mask = NAME(matches_at)(at, c, kind))) {
				at += NAME(first_of)(mask);
				return at < end ? at : 0;
			}
		}
		return 0;
	}
	for (at = NAME(four_aligned)(at); at < end; at += 4 * SIZE) {
		if (NAME(four_match)(at, c, kind)) {
			at = NAME(first_of_four)(at, c, kind);
			return at < end ? at : 0;
		}
	}
	return 0;
}

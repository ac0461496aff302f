/* strrchr; a character that is 0 is the end of the string. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "strrchr.c"
#include "levels.h"

PUBLIC char *strrchr(const char *s, int c)
{
	CHOOSE(strrchr, s, c);
}

ALIAS(strrchr) char *rindex(const char *, int);

#elif defined FAST_VECTORS

/* The bits of c up to the string's end, which has a bit in ends. */
INLINE uint32_t NAME(before_end)(uint32_t c, uint32_t ends)
{
	return c & (ends ^ (ends - 1));
}

/* The last c of four vectors, which have no end. */
INLINE const char *NAME(last_of_four)(const char *at, VEC each)
{
	uint32_t mask = 0;

	for (at += 3 * SIZE; !(mask = MASK_OF(EQUAL8(LOAD(at), each))); at -= SIZE)
		;
	return at + NAME(last_of)(mask);
}

VERSION char *NAME(strrchr)(const char *s, int ch)
{
	const VEC each = EACH8(ch);
	const char *at = NAME(aligned)(s), *found = 0, *four = 0;
	uint32_t c, ends;

	if (LIKELY(NAME(fits)(s))) {
		VEC v = LOAD_ANY(s);

		c = MASK_OF(EQUAL8(v, each));
		ends = MASK_OF(EQUAL8(v, ZERO));
	} else {
		VEC v = LOAD(at);

		c = MASK_OF(EQUAL8(v, each)) >> (s - at);
		ends = MASK_OF(EQUAL8(v, ZERO)) >> (s - at);
	}
	if (ends) {
		c = NAME(before_end)(c, ends);
		return c ? (char *)s + NAME(last_of)(c) : 0;
	}
	if (c)
		found = s + NAME(last_of)(c);
	for (at += SIZE; (uintptr_t)at & (3 * SIZE); at += SIZE) {
		VEC v = LOAD(at);

		if (MASK_OF(EQUAL8(LEAST8(XOR(v, each), v), ZERO))) {
			c = MASK_OF(EQUAL8(v, each));
			ends = MASK_OF(EQUAL8(v, ZERO));
			if (ends)
				goto last;
			found = at + NAME(last_of)(c);
		}
	}
	/* From here on four vectors at a time, up to those that have the end. */
	for (;; at += 4 * SIZE) {
		VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);
		VEC e0 = LEAST8(XOR(v0, each), v0), e1 = LEAST8(XOR(v1, each), v1);
		VEC e2 = LEAST8(XOR(v2, each), v2), e3 = LEAST8(XOR(v3, each), v3);

		if (LIKELY(!MASK_OF(EQUAL8(LEAST8(LEAST8(e0, e1), LEAST8(e2, e3)), ZERO))))
			continue;
		if (MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO)))
			break;
		four = at;
	}
	if (four)
		found = NAME(last_of_four)(four, each);
	for (;; at += SIZE) {
		VEC v = LOAD(at);

		c = MASK_OF(EQUAL8(v, each));
		ends = MASK_OF(EQUAL8(v, ZERO));
		if (ends)
			break;
		if (c)
			found = at + NAME(last_of)(c);
	}
last:
	c = NAME(before_end)(c, ends);
	return (char *)(c ? at + NAME(last_of)(c) : found);
}

#endif

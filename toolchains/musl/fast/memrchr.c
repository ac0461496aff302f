/* memrchr. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "memrchr.c"
#include "levels.h"

PUBLIC void *__memrchr(const void *s, int c, size_t n)
{
	CHOOSE(memrchr, s, c, n);
}

ALIAS(__memrchr) void *memrchr(const void *, int, size_t);

#elif defined FAST_VECTORS

INLINE void *NAME(last_at)(const char *at, uint32_t mask)
{
	return mask ? (void *)(at + NAME(last_of)(mask)) : 0;
}

VERSION void *NAME(memrchr)(const void *start, int c, size_t n)
{
	const VEC each = EACH8(c);
	const char *s = start, *end = s + n, *at;
	uint32_t mask;

	if (n <= SIZE) {
		if (!n)
			return 0;
		if (LIKELY(NAME(fits)(s)))
			return NAME(last_at)(s, MASK_OF(EQUAL8(LOAD_ANY(s), each)) & ALL >> (SIZE - n));
		/* The page of the last byte has a whole vector in front of the end. */
		at = end - SIZE;
		return NAME(last_at)(at, MASK_OF(EQUAL8(LOAD_ANY(at), each)) >> (SIZE - n) << (SIZE - n));
	}
	at = end - SIZE;
	if ((mask = MASK_OF(EQUAL8(LOAD_ANY(at), each))))
		return NAME(last_at)(at, mask);
	for (at = NAME(aligned)(end); (size_t)(at - s) >= 4 * SIZE; at -= 4 * SIZE) {
		VEC e3 = EQUAL8(LOAD(at - SIZE), each), e2 = EQUAL8(LOAD(at - 2 * SIZE), each);
		VEC e1 = EQUAL8(LOAD(at - 3 * SIZE), each), e0 = EQUAL8(LOAD(at - 4 * SIZE), each);

		if (LIKELY(!MASK_OF(OR(OR(e0, e1), OR(e2, e3)))))
			continue;
		if ((mask = MASK_OF(e3)))
			return NAME(last_at)(at - SIZE, mask);
		if ((mask = MASK_OF(e2)))
			return NAME(last_at)(at - 2 * SIZE, mask);
		if ((mask = MASK_OF(e1)))
			return NAME(last_at)(at - 3 * SIZE, mask);
		return NAME(last_at)(at - 4 * SIZE, MASK_OF(e0));
	}
	for (; (size_t)(at - s) >= SIZE; at -= SIZE)
		if ((mask = MASK_OF(EQUAL8(LOAD(at - SIZE), each))))
			return NAME(last_at)(at - SIZE, mask);
	return NAME(last_at)(s, MASK_OF(EQUAL8(LOAD_ANY(s), each)));
}

#endif

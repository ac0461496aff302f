/* wcsrchr; a character that is 0 is the end of the string. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"

#define SELF "wcsrchr.c"
#include "levels.h"

PUBLIC wchar_t *wcsrchr(const wchar_t *s, wchar_t c)
{
	CHOOSE(wcsrchr, s, c);
}

#elif defined FAST_VECTORS

#include "find.h"

/* The last of four vectors' matches; there is one. */
INLINE const char *NAME(last_wide)(const char *at, VEC each)
{
	uint32_t mask;

	for (at += 3 * SIZE; !(mask = MASK_OF(EQUAL32(LOAD(at), each))); at -= SIZE)
		;
	/* The mask has a bit for each byte of a character. */
	return at + (NAME(last_of)(mask) & ~3u);
}

VERSION wchar_t *NAME(wcsrchr)(const wchar_t *s, wchar_t c)
{
	const VEC each = EACH32(c);
	/* Most strings have none or one. */
	const char *found = NAME(find)((const char *)s, each, WIDE_OR_END), *at = NAME(aligned)(found);
	const size_t seen = (size_t)(found - at);
	VEC v = LOAD(at);
	uint32_t mask, ends;

	if (!*(const wchar_t *)found)
		return c ? 0 : (wchar_t *)found;
	mask = MASK_OF(EQUAL32(v, each)) >> seen << seen;
	ends = MASK_OF(EQUAL32(v, ZERO)) >> seen << seen;
	if (ends)
		goto last;
	found = at + (NAME(last_of)(mask) & ~3u);
	for (;;) {
		at += SIZE;
		while (!((uintptr_t)at & (3 * SIZE))) {
			VEC v0 = LOAD(at), v1 = LOAD(at + SIZE), v2 = LOAD(at + 2 * SIZE), v3 = LOAD(at + 3 * SIZE);
			VEC e0 = EQUAL32(v0, each), e1 = EQUAL32(v1, each), e2 = EQUAL32(v2, each), e3 = EQUAL32(v3, each);

			v0 = OR(OR(EQUAL32(v0, ZERO), EQUAL32(v1, ZERO)), OR(EQUAL32(v2, ZERO), EQUAL32(v3, ZERO)));
			e0 = OR(OR(e0, e1), OR(e2, e3));
			if (MASK_OF(OR(v0, e0))) {
				if (MASK_OF(v0))
					break;
				found = NAME(last_wide)(at, each);
			}
			at += 4 * SIZE;
		}
		v = LOAD(at);
		if (!MASK_OF(OR(EQUAL32(v, each), EQUAL32(v, ZERO))))
			continue;
		mask = MASK_OF(EQUAL32(v, each));
		ends = MASK_OF(EQUAL32(v, ZERO));
		if (ends)
			break;
		if (mask)
			found = at + (NAME(last_of)(mask) & ~3u);
	}
last:
	mask &= ends ^ (ends - 1);
	return (wchar_t *)(mask ? at + (NAME(last_of)(mask) & ~3u) : found);
}

#endif

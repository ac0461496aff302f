/* strstr. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "two_way.h"

#define SELF "strstr.c"
#include "levels.h"

PUBLIC char *strstr(const char *text, const char *needle)
{
	if (!needle[0])
		return (char *)text;
	if (!needle[1])
		return fast_strchr(text, needle[0]);
	CHOOSE(strstr, text, needle);
}

#elif defined FAST_VECTORS

#include "search_string.h"

/* Whether a place has the needle, whose first two characters it has; how many
   characters more are alike is added to the cost. */
INLINE int NAME(has_needle)(const char *place, const char *needle, size_t *cost)
{
	size_t i = 2;

	while (needle[i] && place[i] == needle[i])
		i++;
	*cost += i;
	return !needle[i];
}

/* Looks for the first two characters, up to the end or until that has cost too much;
   then for others at a distance. */
VERSION char *NAME(strstr)(const char *text, const char *needle)
{
	const VEC first = EACH8(needle[0]), second = EACH8(needle[1]);
	const char *place = text, *at = NAME(aligned)(text);
	uint32_t places, ends;
	size_t cost = 0;
	VEC v;

	if (UNLIKELY(in_page(text) > PAGE - SIZE - 1))
		return (char *)NAME(search_string)(text, needle, 0);
	v = LOAD_ANY(text);
	places = MASK_OF(AND(EQUAL8(v, first), EQUAL8(LOAD_ANY(text + 1), second)));
	ends = MASK_OF(EQUAL8(v, ZERO));
	for (;;) {
		/* None behind the end. */
		places &= ends ^ (ends - 1);
		for (; places; places &= places - 1) {
			const char *found = place + NAME(first_of)(places);

			if (NAME(has_needle)(found, needle, &cost))
				return (char *)found;
			if (cost > COST_FREE / 16 + (size_t)(found - text))
				return (char *)NAME(search_string)(found + 1, needle, 0);
		}
		if (ends)
			return 0;
		/* Second characters are at aligned vectors, the first ones in front of them. */
		do {
			at += SIZE;
			/* Two vectors at a time where they are together in a page. */
			while (!((uintptr_t)at & SIZE)) {
				VEC w = LOAD(at + SIZE), pairs;

				v = LOAD(at);
				pairs = OR(AND(EQUAL8(v, second), EQUAL8(LOAD_ANY(at - 1), first)),
					AND(EQUAL8(w, second), EQUAL8(LOAD_ANY(at + SIZE - 1), first)));
				if (MASK_OF(OR(pairs, EQUAL8(LEAST8(v, w), ZERO))))
					break;
				at += 2 * SIZE;
			}
			v = LOAD(at);
			places = MASK_OF(AND(EQUAL8(v, second), EQUAL8(LOAD_ANY(at - 1), first)));
			ends = MASK_OF(EQUAL8(v, ZERO));
		} while (!(places | ends));
		place = at - 1;
	}
}

#endif

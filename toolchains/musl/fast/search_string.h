/* Where a string is in another, of which no more than is needed is read at a time. */

#include "search.h"

INLINE const char *NAME(search_string)(const char *text, const char *bytes, int folded)
{
	enum { AT_FIRST = 512, LATER = 8192 };
	size_t length = fast_strlen(bytes);
	struct needle needle = { bytes, length, far_byte(bytes, length, folded), text, 0 };
	size_t known = fast_strnlen(text, length + AT_FIRST);

	/* In known bytes from text on there is no end. */
	while (known >= length) {
		const char *rest, *found = NAME(search)(text, known - length + 1, &needle, folded, &rest);

		if (UNLIKELY(rest != 0)) {
			size_t n = known - (size_t)(rest - text);

			n += fast_strlen(rest + n);
			return folded ? fast_two_way_folded(rest, n, bytes, length) : fast_two_way(rest, n, bytes, length);
		}
		if (found)
			return found;
		text += known - length + 1;
		known = length - 1 + fast_strnlen(text + length - 1, LATER);
	}
	return 0;
}

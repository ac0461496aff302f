/* memmem. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "two_way.h"

#define SELF "memmem.c"
#include "levels.h"

PUBLIC void *memmem(const void *text, size_t n, const void *needle, size_t length)
{
	if (!length)
		return (void *)text;
	if (n < length)
		return 0;
	if (length == 1)
		return fast_memchr(text, *(const char *)needle, n);
	CHOOSE(memmem, text, n, needle, length);
}

#elif defined FAST_VECTORS

#include "search.h"

VERSION void *NAME(memmem)(const char *text, size_t n, const char *bytes, size_t length)
{
	struct needle needle = { bytes, length, far_byte(bytes, length, 0), text, 0 };
	const char *rest, *found = NAME(search)(text, n - length + 1, &needle, 0, &rest);

	if (UNLIKELY(rest != 0))
		return (void *)fast_two_way(rest, (size_t)(text + n - rest), bytes, length);
	return (void *)found;
}

#endif

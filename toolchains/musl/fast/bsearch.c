/* bsearch (C17 7.22.5.1). Which half a step takes isn't a branch: it couldn't be
   foreseen. */

#include <stddef.h>
#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC void *bsearch(const void *key, const void *array, size_t count, size_t size,
	int (*compare)(const void *, const void *))
{
	const char *first = array;

	while (count) {
		size_t step = count / 2 * size;
		int order = compare(key, first + step);
		size_t behind = order > 0;

		if (!order)
			return (void *)(first + step);
		first += (step + size) & -behind;
		count = (count - behind) / 2;
	}
	return 0;
}

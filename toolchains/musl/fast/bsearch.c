/* bsearch (C17 7.22.5.1). Which half a step takes is a branch: half of the time the
   next comparison is under way when the answer comes, which a computed address
   would have to wait for. */

#include <stddef.h>
#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC void *bsearch(const void *key, const void *array, size_t count, size_t size,
	int (*compare)(const void *, const void *))
{
	const char *first = array;

	while (count) {
		size_t before = count / 2;
		const char *middle = first + before * size;
		int order = compare(key, middle);

		if (!order)
			return (void *)middle;
		if (order < 0) {
			count = before;
		} else {
			first = middle + size;
			count -= before + 1;
		}
	}
	return 0;
}

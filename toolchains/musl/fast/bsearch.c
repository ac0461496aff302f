/* bsearch (C17 7.22.5.1). */

#include <stddef.h>
#include <stdlib.h>

__attribute__((visibility("default")))
void *bsearch(const void *key, const void *array, size_t count, size_t size,
	int (*compare)(const void *, const void *))
{
	const char *first = array;

	while (count) {
		const char *middle = first + count / 2 * size;
		int order = compare(key, middle);

		if (!order)
			return (void *)middle;
		if (order > 0) {
			first = middle + size;
			count--;
		}
		count /= 2;
	}
	return 0;
}

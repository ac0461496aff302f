/* qsort and qsort_r (C17 7.22.5.2, POSIX 2024): in place, without allocation,
   in O(n log n) comparisons, whatever the comparison answers.

   Long parts are divided about a pivot, in blocks whose misplaced elements are
   noted without branches (Edelkamp and Weiss, "BlockQuicksort"); elements equal
   to the pivot before a part are set aside (Peters, "Pattern-defeating
   Quicksort"). Parts that divide badly too often are left to a heap. Short parts
   are merge sorts of pointers, which makes few comparisons and moves elements
   once. The comparison sees only elements of the array, and the array is a
   permutation of what was given whenever it is called. */

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

typedef int (*comparison)(const void *, const void *, void *);

enum { SHORT = 128, BLOCK = 64, GATHERED = 2048, CHUNK = 64, TAIL = 8, HELD = 256 };

struct order {
	size_t size;
	comparison compare;
	void *data;
	uint32_t random;
};

static inline int compared(const struct order *order, const char *a, const char *b)
{
	return order->compare(a, b, order->data);
}

static inline void copy(char *restrict to, const char *restrict from, size_t size)
{
	switch (size) {
	case 4: __builtin_memcpy(to, from, 4); break;
	case 8: __builtin_memcpy(to, from, 8); break;
	case 16: __builtin_memcpy(to, from, 16); break;
	default: __builtin_memcpy(to, from, size);
	}
}

#define SWAP(a, b, size) do { \
	char held[size], other[size]; \
	__builtin_memcpy(held, a, size); \
	__builtin_memcpy(other, b, size); \
	__builtin_memcpy(a, other, size); \
	__builtin_memcpy(b, held, size); \
} while (0)

static void swap_long(char *a, char *b, size_t size)
{
	for (; size >= CHUNK; size -= CHUNK, a += CHUNK, b += CHUNK)
		SWAP(a, b, CHUNK);
	for (; size >= 8; size -= 8, a += 8, b += 8)
		SWAP(a, b, 8);
	for (; size; size--, a++, b++)
		SWAP(a, b, 1);
}

static inline void swap(char *a, char *b, size_t size)
{
	switch (size) {
	case 4: SWAP(a, b, 4); break;
	case 8: SWAP(a, b, 8); break;
	case 16: SWAP(a, b, 16); break;
	default: swap_long(a, b, size);
	}
}

/* Merge sort of pointers; spare has room for as many. */

static void insert_pointers(const struct order *order, char **pointers, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		char *inserted = pointers[i];
		size_t j = i;

		for (; j && compared(order, pointers[j - 1], inserted) > 0; j--)
			pointers[j] = pointers[j - 1];
		pointers[j] = inserted;
	}
}

/* Merges two halves from both ends, so that two comparisons at a time don't wait
   for each other. Each end takes as many as the smaller half has, and cannot leave
   it; they meet unless the comparison contradicts itself: then the halves stay. */
static void merge(const struct order *order, char **pointers, size_t count, char **merged)
{
	size_t half = count / 2;
	char **left = pointers, **right = pointers + half, **left_last = right - 1, **right_last = pointers + count - 1;
	char **to = merged, **to_last = merged + count - 1;

	for (size_t i = 0; i < half; i++) {
		int from_right = compared(order, *left, *right) > 0;
		int from_left = compared(order, *left_last, *right_last) > 0;
		char *least = from_right ? *right : *left, *largest = from_left ? *left_last : *right_last;

		*to++ = least;
		*to_last-- = largest;
		left += !from_right;
		right += from_right;
		left_last -= from_left;
		right_last -= !from_left;
	}
	if (left > left_last + 1 || right > right_last + 1)
		return;
	if (count & 1)
		*to = left <= left_last ? *left : *right;
	for (size_t i = 0; i < count; i++)
		pointers[i] = merged[i];
}

static void sort_pointers(const struct order *order, char **pointers, size_t count, char **spare)
{
	size_t half = count / 2;

	if (count <= 4) {
		insert_pointers(order, pointers, count);
		return;
	}
	sort_pointers(order, pointers, half, spare);
	sort_pointers(order, pointers + half, count - half, spare);
	if (count <= 8 || compared(order, pointers[half - 1], pointers[half]) > 0)
		merge(order, pointers, count, spare);
}

static void gather(char *first, char **pointers, size_t count, size_t size)
{
	char gathered[GATHERED], *at = gathered;

	for (size_t i = 0; i < count; i++, at += size)
		copy(at, pointers[i], size);
	__builtin_memcpy(first, gathered, count * size);
}

/* Brings the elements to their places, along each cycle of the permutation. */
static void permute(char *first, char **pointers, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		char *start = first + i * size, *at = start;

		for (size_t j = i;;) {
			char *from = pointers[j];

			pointers[j] = at;
			if (from == start)
				break;
			swap_long(at, from, size);
			at = from;
			j = (size_t)(at - first) / size;
		}
	}
}

static __attribute__((noinline)) void sort_short(const struct order *order, char *first, size_t count)
{
	char *pointers[SHORT], *spare[SHORT];

	for (size_t i = 0; i < count; i++)
		pointers[i] = first + i * order->size;
	sort_pointers(order, pointers, count, spare);
	if (count * order->size <= GATHERED)
		gather(first, pointers, count, order->size);
	else
		permute(first, pointers, count, order->size);
}

/* Heap sort: the largest of a heap is at its first place. */

static void sift(const struct order *order, char *first, size_t at, size_t count)
{
	size_t size = order->size;

	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && compared(order, first + child * size, first + (child + 1) * size) < 0)
			child++;
		if (compared(order, first + at * size, first + child * size) >= 0)
			return;
		swap(first + at * size, first + child * size, size);
	}
}

static void sort_heap(const struct order *order, char *first, size_t count)
{
	for (size_t i = count / 2; i--;)
		sift(order, first, i, count);
	while (--count) {
		swap(first, first + count * order->size, order->size);
		sift(order, first, 0, count);
	}
}

/* The median of a sample, each of whose elements is from its own share. */
static __attribute__((noinline)) char *median(struct order *order, char *first, size_t count)
{
	char *sample[63], *spare[63];
	size_t wanted = count < 2048 ? 15 : count < 32768 ? 31 : 63, share = count / wanted;

	for (size_t i = 0; i < wanted; i++) {
		order->random = order->random * 1664525 + 1013904223;
		sample[i] = first + (i * share + (order->random >> 8) % share) * order->size;
	}
	sort_pointers(order, sample, wanted, spare);
	return sample[wanted / 2];
}

/* Elements of a block that are on the wrong side, as distances from its start. */
struct block {
	size_t scanned, pending;
	uint8_t *next, places[BLOCK];
};

/* Notes those of a block of which (comparison with pivot >= least) is wanted. */
static void scan(const struct order *order, struct block *block, char *at, ptrdiff_t step, size_t count,
	const char *pivot, int least, int wanted)
{
	size_t pending = 0;

	for (size_t i = 0; i < count; i++, at += step) {
		block->places[pending] = (uint8_t)i;
		pending += (compared(order, at, pivot) >= least) == wanted;
	}
	block->scanned = count;
	block->pending = pending;
	block->next = block->places;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Divides a part about its first element, the pivot: before it those that compare
   less than least with it, behind it the others. Returns the pivot's place. */
static __attribute__((noinline)) size_t divide(const struct order *order, char *first, size_t count, int least)
{
	size_t size = order->size;
	char *low = first + size, *high = first + (count - 1) * size;
	struct block left = { 0 }, right = { 0 };

	/* What is between low and high (inclusive) has no final side yet. */
	for (size_t unseen = count - 1;;) {
		if (!left.pending) {
			low += left.scanned * size;
			scan(order, &left, low, (ptrdiff_t)size,
				smaller(BLOCK, right.pending ? unseen : unseen - unseen / 2), first, least, 1);
			unseen -= left.scanned;
		}
		if (!right.pending) {
			high -= right.scanned * size;
			scan(order, &right, high, -(ptrdiff_t)size,
				smaller(BLOCK, left.pending ? unseen : unseen - unseen / 2), first, least, 0);
			unseen -= right.scanned;
		}
		size_t pairs = smaller(left.pending, right.pending);

		for (size_t i = 0; i < pairs; i++)
			swap(low + left.next[i] * size, high - right.next[i] * size, size);
		left.next += pairs, left.pending -= pairs;
		right.next += pairs, right.pending -= pairs;
		if (!unseen && (!left.pending || !right.pending))
			break;
	}
	if (!left.pending)
		low += left.scanned * size;
	if (!right.pending)
		high -= right.scanned * size;
	for (; left.pending; left.pending--, high -= size) {
		char *misplaced = low + left.next[left.pending - 1] * size;

		if (misplaced != high)
			swap(misplaced, high, size);
	}
	if (right.pending) {
		char *end = high;

		for (; right.pending; right.pending--, low += size) {
			char *misplaced = end - right.next[right.pending - 1] * size;

			if (misplaced != low)
				swap(misplaced, low, size);
		}
		high = low - size;
	}
	if (high != first)
		swap(first, high, size);
	return (size_t)(high - first) / size;
}

static unsigned log2_of(size_t count)
{
	return 63 - (unsigned)__builtin_clzll(count);
}

/* The longer side is continued with, so that the depth is at most log2(count). */
static void sort_part(struct order *order, char *first, size_t count, const char *before, unsigned bad)
{
	size_t size = order->size;

	while (count > SHORT) {
		char *pivot = median(order, first, count);
		size_t place, behind;

		if (pivot != first)
			swap(first, pivot, size);
		if (before && compared(order, before, first) >= 0) {
			place = divide(order, first, count, 1) + 1;
			first += place * size;
			count -= place;
			before = 0;
			continue;
		}
		place = divide(order, first, count, 0);
		behind = count - place - 1;
		if (smaller(place, behind) < count / 8 && !bad--) {
			sort_heap(order, first, count);
			return;
		}
		pivot = first + place * size;
		if (place < behind) {
			sort_part(order, first, place, before, bad);
			first = pivot + size;
			count = behind;
			before = pivot;
		} else {
			sort_part(order, pivot + size, behind, pivot, bad);
			count = place;
		}
	}
	sort_short(order, first, count);
}

static void reverse(char *first, size_t count, size_t size)
{
	char *last = first + (count - 1) * size;

	for (; first < last; first += size, last -= size)
		swap(first, last, size);
}

/* Inserts an element among those before it, which are in order. */
static void insert(const struct order *order, char *first, size_t count)
{
	size_t size = order->size;
	char held[HELD], *at = first + count * size;

	for (size_t left = count; left;) {
		size_t half = left / 2;
		char *middle = first + half * size;

		if (compared(order, middle, at) <= 0) {
			first = middle + size;
			left -= half + 1;
		} else {
			left = half;
		}
	}
	copy(held, at, size);
	__builtin_memmove(first + size, first, (size_t)(at - first));
	copy(first, held, size);
}

/* Whether the array is in order now: if it was, but for a few last elements, or
   was in the opposite order. */
static int ordered(const struct order *order, char *first, size_t count)
{
	size_t size = order->size, i = 2;
	char *at = first + size;
	int opposite = compared(order, first, at) > 0;

	for (; i < count; i++, at += size) {
		int next = compared(order, at, at + size);

		if (opposite ? next < 0 : next > 0)
			break;
	}
	if (i < count && (opposite || count <= SHORT || count - i > TAIL || size > HELD))
		return 0;
	if (opposite)
		reverse(first, count, size);
	for (; i < count; i++)
		insert(order, first, i);
	return 1;
}

static void sort(void *array, size_t count, size_t size, comparison compare, void *data)
{
	struct order order = { size, compare, data, 1 };

	if (count < 2 || !size || ordered(&order, array, count))
		return;
	sort_part(&order, array, count, 0, log2_of(count) / 2);
}

PUBLIC void qsort_r(void *array, size_t count, size_t size, comparison compare, void *data)
{
	sort(array, count, size, compare, data);
}

/* A function that is called with an argument too many ignores it, by both psABIs. */
PUBLIC void qsort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	sort(array, count, size, (comparison)(void (*)(void))compare, 0);
}

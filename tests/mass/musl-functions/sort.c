/* Tests of qsort, qsort_r and bsearch (C17 7.22.5): the result is a sorted
   permutation for every size of elements, with as many comparisons as n log n
   allows against an adversary; comparisons see elements of the array; ones that
   contradict themselves or jump out leave a permutation. With --whole: more sizes. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_ELEMENT = 130, GUARD = 64 };

static unsigned long checks, comparisons;
static const char *first, *end;
static size_t element;

static void fail(const char *what, size_t count, const char *got, const char *expected)
{
	printf("%s of %zu elements of %zu bytes: got %s, expected %s\n", what, count, element, got, expected);
	exit(1);
}

static uint64_t next_random(void)
{
	static uint64_t state = 0x853c49e6748fea9bull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x9e3779b97f4a7c15ull;
}

static unsigned below(unsigned limit)
{
	return (unsigned)((next_random() >> 32) * limit >> 32);
}

/* An element has its key in its first bytes, and all others follow from a number
   that is its own: a torn element is seen. */
static unsigned key_bytes(void)
{
	return element < 4 ? (unsigned)element : element < 8 ? 2 : 4;
}

static unsigned key(const void *at)
{
	unsigned key = 0;

	memcpy(&key, at, key_bytes());
	return key;
}

static void write_element(unsigned char *to, unsigned key, unsigned number)
{
	unsigned bytes = key_bytes();

	memcpy(to, &key, bytes);
	for (size_t i = bytes; i < element; i++)
		to[i] = (unsigned char)(number * 167 + i * 31 + (number >> 8) * 13);
}

static int inside(const void *at)
{
	return (const char *)at >= first && (const char *)at < end && ((size_t)((const char *)at - first) % element) == 0;
}

static int by_key(const void *a, const void *b)
{
	unsigned left = key(a), right = key(b);

	comparisons++;
	if (!inside(a) || !inside(b))
		fail("a comparison", 0, "a pointer out of the array", "elements of the array");
	return (left > right) - (left < right);
}

static int by_key_and_data(const void *a, const void *b, void *data)
{
	if (data != &comparisons)
		fail("qsort_r", 0, "other data", "its data");
	return by_key(a, b);
}

/* The sum of a mixture of the bytes of each element: the same for every permutation. */
static uint64_t sum(const unsigned char *array, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t mixed = 0xcbf29ce484222325ull;

		for (size_t j = 0; j < element; j++)
			mixed = (mixed ^ array[i * element + j]) * 0x100000001b3ull;
		sum += mixed ^ mixed >> 29;
	}
	return sum;
}

static unsigned pattern(unsigned which, unsigned i, unsigned count)
{
	switch (which) {
	case 0: return (unsigned)next_random();
	case 1: return i;
	case 2: return count - i;
	case 3: return below(4);
	case 4: return 7;
	case 5: return i < count / 2 ? i : count - i;
	case 6: return i % 16;
	case 7: return i + 3 > count ? i / 3 : i;
	case 8: return below(16) ? i : below(count);
	default: return i * 7919 % (count + 1);
	}
}

enum { PATTERNS = 10 };

static unsigned char *prepare(unsigned char *memory, unsigned count, unsigned which)
{
	unsigned char *array = memory + GUARD;

	memset(memory, 0xa5, GUARD);
	memset(array + count * element, 0xa5, GUARD);
	for (unsigned i = 0; i < count; i++)
		write_element(array + i * element, pattern(which, i, count), i);
	first = (const char *)array;
	end = first + count * element;
	return array;
}

static void check_guards(const char *what, const unsigned char *memory, size_t count)
{
	for (size_t i = 0; i < GUARD; i++)
		if (memory[i] != 0xa5 || memory[GUARD + count * element + i] != 0xa5)
			fail(what, count, "changed bytes around the array", "the array's own ones changed only");
}

static void check_order(const char *what, const unsigned char *array, size_t count, uint64_t before)
{
	checks++;
	for (size_t i = 1; i < count; i++)
		if (key(array + (i - 1) * element) > key(array + i * element))
			fail(what, count, "elements out of order", "order");
	if (sum(array, count) != before)
		fail(what, count, "other elements", "a permutation");
}

/* The key that is sought is not in the array. */
static int by_sought_key(const void *sought, const void *at)
{
	unsigned left = key(sought), right = key(at);

	comparisons++;
	if (!inside(at))
		fail("bsearch", 0, "a pointer out of the array", "elements of the array");
	return (left > right) - (left < right);
}

static void check_search(const unsigned char *array, size_t count)
{
	unsigned char sought[LARGEST_ELEMENT];

	for (int i = 0; i < 4; i++) {
		const unsigned char *found;
		int is_there = 0;

		write_element(sought, i < 2 && count ? key(array + below((unsigned)count) * element) : (unsigned)next_random(), 0);
		for (size_t j = 0; j < count && !is_there; j++)
			is_there = key(array + j * element) == key(sought);
		comparisons = 0;
		found = bsearch(sought, array, count, element, by_sought_key);
		checks++;
		if ((found != 0) != is_there || (found && (!inside(found) || key(found) != key(sought))))
			fail("bsearch", count, "another answer", is_there ? "an element with the key" : "none");
		if (count >> comparisons > 1 && !found)
			fail("bsearch", count, "too few comparisons", "log2 of them");
		if (comparisons > 1 && count >> (comparisons - 1) == 0)
			fail("bsearch", count, "too many comparisons", "at most log2 of them, and one");
	}
}

static void check_sort(unsigned char *memory, unsigned count, unsigned which)
{
	unsigned char *array = prepare(memory, count, which);
	uint64_t before = sum(array, count);

	if (below(2)) {
		qsort(array, count, element, by_key);
		check_order("qsort", array, count, before);
	} else {
		qsort_r(array, count, element, by_key_and_data, &comparisons);
		check_order("qsort_r", array, count, before);
	}
	check_guards("qsort", memory, count);
	if (!below(16))
		check_search(array, count);
}

/* Comparisons that contradict themselves. */

static int contradiction;

static int contradict(const void *a, const void *b)
{
	comparisons++;
	if (!inside(a) || !inside(b))
		fail("a contradicting comparison", 0, "a pointer out of the array", "elements of the array");
	switch (contradiction) {
	case 0: return (int)below(3) - 1;
	case 1: return 1;
	case 2: return -1;
	case 3: return comparisons & 1 ? 1 : -1;
	case 4: return key(a) < key(b) ? 1 : by_key(b, a);
	default: return below(8) ? by_key(a, b) : (int)next_random();
	}
}

static void check_contradiction(unsigned char *memory, unsigned count)
{
	for (contradiction = 0; contradiction < 6; contradiction++) {
		unsigned char *array = prepare(memory, count, below(PATTERNS));
		uint64_t before = sum(array, count);

		comparisons = 0;
		qsort(array, count, element, contradict);
		checks++;
		check_guards("qsort with contradictions", memory, count);
		if (sum(array, count) != before)
			fail("qsort with contradictions", count, "other elements", "a permutation");
	}
}

/* Comparisons that jump out. */

static jmp_buf out;
static unsigned long left_comparisons;

static int jump(const void *a, const void *b)
{
	if (!left_comparisons--)
		longjmp(out, 1);
	return by_key(a, b);
}

static void check_jump(unsigned char *memory, unsigned count)
{
	static unsigned char *array;
	static uint64_t before;

	array = prepare(memory, count, below(PATTERNS));
	before = sum(array, count);
	left_comparisons = below(count * 10 + 1);
	if (!setjmp(out))
		qsort(array, count, element, jump);
	checks++;
	check_guards("qsort that is left", memory, count);
	if (sum(array, count) != before)
		fail("qsort that is left", count, "other elements", "a permutation");
}

/* McIlroy, "A Killer Adversary for Quicksort" (1999): values are decided while
   they are compared, so that each pivot is among the smallest. */

static int *decided, undecided, next_decided, candidate;

static int adversary(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	comparisons++;
	if (decided[x] == undecided && decided[y] == undecided)
		decided[x == candidate ? x : y] = next_decided++;
	if (decided[x] == undecided)
		candidate = x;
	else if (decided[y] == undecided)
		candidate = y;
	return (decided[x] > decided[y]) - (decided[x] < decided[y]);
}

static int by_decided(const void *a, const void *b)
{
	int x = decided[*(const int *)a], y = decided[*(const int *)b];

	comparisons++;
	return (x > y) - (x < y);
}

static void check_bound(const char *what, unsigned count)
{
	unsigned long log = 0;
	char got[100], expected[100];

	while (count >> log)
		log++;
	checks++;
	sprintf(got, "%lu comparisons", comparisons);
	sprintf(expected, "at most %lu", 4 * count * log);
	if (comparisons > 4 * count * log)
		fail(what, count, got, expected);
}

static void check_adversary(unsigned count)
{
	int *numbers = malloc(count * sizeof *numbers);

	decided = malloc(count * sizeof *decided);
	element = sizeof *numbers;
	undecided = (int)count;
	next_decided = 0;
	candidate = 0;
	for (unsigned i = 0; i < count; i++) {
		numbers[i] = (int)i;
		decided[i] = undecided;
	}
	comparisons = 0;
	qsort(numbers, count, sizeof *numbers, adversary);
	check_bound("qsort against an adversary", count);
	for (unsigned i = 0; i < count; i++)
		numbers[i] = (int)i;
	comparisons = 0;
	qsort(numbers, count, sizeof *numbers, by_decided);
	check_bound("qsort of an adversary's values", count);
	for (unsigned i = 1; i < count; i++)
		if (decided[numbers[i - 1]] > decided[numbers[i]])
			fail("qsort of an adversary's values", count, "elements out of order", "order");
	free(numbers);
	free(decided);
}

static int never(const void *a, const void *b)
{
	(void)a, (void)b;
	fail("an empty array", 0, "a comparison", "none");
	return 0;
}

static void check_empty(void)
{
	int one = 1;

	qsort(&one, 0, sizeof one, never);
	qsort(&one, 1, sizeof one, never);
	if (bsearch(&one, &one, 0, sizeof one, never))
		fail("bsearch", 0, "an element", "none");
}

static void check_large(unsigned char *memory, unsigned count)
{
	for (unsigned which = 0; which < PATTERNS; which++) {
		comparisons = 0;
		check_sort(memory, count, which);
		check_bound("qsort", count);
		check_contradiction(memory, count);
		check_jump(memory, count);
	}
}

int main(int count, char **arguments)
{
	static const unsigned short elements[] = { 1, 2, 3, 4, 8, 12, 16, 24, 40, 100, 130 };
	int whole = count > 1 && !strcmp(arguments[1], "--whole");
	unsigned largest = whole ? 200000 : 10000;
	unsigned char *memory = malloc((size_t)largest * LARGEST_ELEMENT + 2 * GUARD);

	if (!memory)
		return 2;
	check_empty();
	for (element = 1; element <= LARGEST_ELEMENT; element++)
		for (unsigned length = 0; length <= 300; length += whole ? 1 : 1 + below(3)) {
			check_sort(memory, length, below(PATTERNS));
			if (!below(8))
				check_contradiction(memory, length);
			if (length && !below(4))
				check_jump(memory, length);
		}
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		element = elements[i];
		check_large(memory, 1000 + below(500));
		check_large(memory, whole || element == 4 ? largest : 2000);
	}
	for (unsigned length = 1; length < 40000; length = length * 3 + 1)
		check_adversary(length);
	free(memory);
	printf("sort: %lu results are right\n", checks);
	return 0;
}

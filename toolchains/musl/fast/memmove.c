/* memmove, which is memcpy too on x86-64, and mempcpy. On AArch64 memcpy is musl's, which is written for it. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"
#include "small.h"

#define SELF "memmove.c"
#include "levels.h"

PUBLIC void *memmove(void *to, const void *from, size_t n)
{
	if (n > 32)
		CHOOSE(memmove, to, from, n, to);
	move_small(to, from, n);
	return to;
}

#ifdef __x86_64__
ALIAS(memmove) void *memcpy(void *restrict, const void *restrict, size_t);
#endif
HIDDEN_ALIAS(memmove) void *fast_move(void *, const void *, size_t);

PUBLIC void *mempcpy(void *restrict to, const void *restrict from, size_t n)
{
	if (n > 32)
		CHOOSE(memmove, to, from, n, (char *)to + n);
	move_small(to, from, n);
	return (char *)to + n;
}

#elif defined FAST_VECTORS

#ifdef STORE_UNCACHED

/* Past the caches, for areas that have nothing in common: the vectors between the
   first and the last ones. */
INLINE void NAME(move_uncached)(char *to, const char *from, const char *end)
{
	for (; to < end; to += 4 * SIZE, from += 4 * SIZE) {
		VEC v0 = LOAD_ANY(from), v1 = LOAD_ANY(from + SIZE);
		VEC v2 = LOAD_ANY(from + 2 * SIZE), v3 = LOAD_ANY(from + 3 * SIZE);

		_mm_prefetch(from + 1024, _MM_HINT_T0);
		_mm_prefetch(from + 1024 + 2 * SIZE, _MM_HINT_T0);
		STORE_UNCACHED(to, v0);
		STORE_UNCACHED(to + SIZE, v1);
		STORE_UNCACHED(to + 2 * SIZE, v2);
		STORE_UNCACHED(to + 3 * SIZE, v3);
	}
	_mm_sfence();
}

#endif

INLINE void NAME(move_forwards)(char *to, const char *from, const char *end)
{
	for (; to < end; to += 4 * SIZE, from += 4 * SIZE) {
		VEC v0 = LOAD_ANY(from), v1 = LOAD_ANY(from + SIZE);
		VEC v2 = LOAD_ANY(from + 2 * SIZE), v3 = LOAD_ANY(from + 3 * SIZE);

		STORE(to, v0);
		STORE(to + SIZE, v1);
		STORE(to + 2 * SIZE, v2);
		STORE(to + 3 * SIZE, v3);
	}
}

/* From the end on, both of which are behind what is moved. */
INLINE void NAME(move_backwards)(char *to, const char *from, const char *start)
{
	for (; to > start; to -= 4 * SIZE, from -= 4 * SIZE) {
		VEC v3 = LOAD_ANY(from - SIZE), v2 = LOAD_ANY(from - 2 * SIZE);
		VEC v1 = LOAD_ANY(from - 3 * SIZE), v0 = LOAD_ANY(from - 4 * SIZE);

		STORE(to - SIZE, v3);
		STORE(to - 2 * SIZE, v2);
		STORE(to - 3 * SIZE, v1);
		STORE(to - 4 * SIZE, v0);
	}
}

/* More than 8 vectors. The stores of the loops are aligned; what is in front of
   them and behind is read before the first store and written after the last. */
VERSION void *NAME(move_large)(char *to, const char *from, size_t n, void *result)
{
	if ((size_t)(to - from) >= n) {
		VEC first = LOAD_ANY(from), v3 = LOAD_ANY(from + n - SIZE), v2 = LOAD_ANY(from + n - 2 * SIZE);
		VEC v1 = LOAD_ANY(from + n - 3 * SIZE), v0 = LOAD_ANY(from + n - 4 * SIZE);
		size_t skipped = SIZE - ((uintptr_t)to & (SIZE - 1));
		char *start = to + skipped, *end = to + n - 4 * SIZE;

#ifdef STORE_UNCACHED
		if (UNLIKELY(n >= 1 << 20) && n >= (fast_uncached ? fast_uncached : fast_find_uncached()) && (size_t)(from - to) >= n)
			NAME(move_uncached)(start, from + skipped, end);
		else
#endif
			NAME(move_forwards)(start, from + skipped, end);
		STORE_ANY(to, first);
		STORE_ANY(to + n - 4 * SIZE, v0);
		STORE_ANY(to + n - 3 * SIZE, v1);
		STORE_ANY(to + n - 2 * SIZE, v2);
		STORE_ANY(to + n - SIZE, v3);
	} else {
		VEC v0 = LOAD_ANY(from), v1 = LOAD_ANY(from + SIZE), v2 = LOAD_ANY(from + 2 * SIZE);
		VEC v3 = LOAD_ANY(from + 3 * SIZE), last = LOAD_ANY(from + n - SIZE);
		size_t kept = n - ((uintptr_t)(to + n) & (SIZE - 1));

		if (to != from)
			NAME(move_backwards)(to + kept, from + kept, to + 4 * SIZE);
		STORE_ANY(to + n - SIZE, last);
		STORE_ANY(to, v0);
		STORE_ANY(to + SIZE, v1);
		STORE_ANY(to + 2 * SIZE, v2);
		STORE_ANY(to + 3 * SIZE, v3);
	}
	return result;
}

/* Returns the result that it is given: what is left to it is a jump. */
VERSION void *NAME(memmove)(char *to, const char *from, size_t n, void *result)
{
	VEC v0 = LOAD_ANY(from), w0 = LOAD_ANY(from + n - SIZE);

	if (n > 2 * SIZE) {
		VEC v1 = LOAD_ANY(from + SIZE), w1 = LOAD_ANY(from + n - 2 * SIZE);

		if (n > 4 * SIZE) {
			VEC v2, v3, w2, w3;

			if (n > 8 * SIZE)
				return NAME(move_large)(to, from, n, result);
			v2 = LOAD_ANY(from + 2 * SIZE);
			v3 = LOAD_ANY(from + 3 * SIZE);
			w3 = LOAD_ANY(from + n - 4 * SIZE);
			w2 = LOAD_ANY(from + n - 3 * SIZE);
			STORE_ANY(to, v0);
			STORE_ANY(to + SIZE, v1);
			STORE_ANY(to + 2 * SIZE, v2);
			STORE_ANY(to + 3 * SIZE, v3);
			STORE_ANY(to + n - 4 * SIZE, w3);
			STORE_ANY(to + n - 3 * SIZE, w2);
		} else {
			STORE_ANY(to, v0);
			STORE_ANY(to + SIZE, v1);
		}
		STORE_ANY(to + n - 2 * SIZE, w1);
	} else {
		STORE_ANY(to, v0);
	}
	STORE_ANY(to + n - SIZE, w0);
	return result;
}

#endif

/* The order of two strings, which end where they differ or both end. Vectors are read
   as far as neither string comes to the end of a page; the vector that goes up to
   there begins in what has been compared, or is compared in single characters. */

#ifndef FAST_COMPARE_H
#define FAST_COMPARE_H

enum order { BYTES, FOLDED, WIDES };

SCALAR int order_at(const char *a, const char *b, enum order order)
{
	if (order == WIDES) {
		wchar_t left = *(const wchar_t *)a, right = *(const wchar_t *)b;

		return left < right ? -1 : left > right;
	}
	if (order == FOLDED)
		return lower((unsigned char)*a) - lower((unsigned char)*b);
	return (unsigned char)*a - (unsigned char)*b;
}

SCALAR int ends_at(const char *a, enum order order)
{
	return order == WIDES ? !*(const wchar_t *)a : !*a;
}

SCALAR size_t to_page_end(const char *a, const char *b)
{
	size_t of_a = in_page(a), of_b = in_page(b);

	return PAGE - (of_a > of_b ? of_a : of_b);
}

#endif

/* Has zeros where the strings differ or end. */
INLINE VEC NAME(goes_on)(const char *a, const char *b, enum order order)
{
	VEC left = LOAD_ANY(a), right = LOAD_ANY(b);

	if (order == WIDES)
		return AND_NOT(EQUAL32(left, right), EQUAL32(left, ZERO));
	if (order == FOLDED) {
		/* In letters the bit that makes them small does not count. */
		VEC letter = NAME(small_letters)(OR(left, EACH8(32)));

		return LEAST8(EQUAL8(AND_NOT(XOR(left, right), AND(letter, EACH8(32))), ZERO), left);
	}
	return LEAST8(EQUAL8(left, right), left);
}

INLINE uint32_t NAME(stops)(const char *a, const char *b, enum order order)
{
	return MASK_OF(EQUAL8(NAME(goes_on)(a, b, order), ZERO));
}

/* From a and b on, of n bytes at most if it is limited; the strings are alike from
   start up to a. */
INLINE int NAME(compare_rest)(const char *a, const char *b, size_t n, const char *start, int limited, enum order order)
{
	uint32_t mask;

	for (;;) {
		size_t room = to_page_end(a, b);

		while (room >= 4 * SIZE && (!limited || n > 4 * SIZE)) {
			VEC v0 = NAME(goes_on)(a, b, order);
			VEC v1 = NAME(goes_on)(a + SIZE, b + SIZE, order);
			VEC v2 = NAME(goes_on)(a + 2 * SIZE, b + 2 * SIZE, order);
			VEC v3 = NAME(goes_on)(a + 3 * SIZE, b + 3 * SIZE, order);

			if (MASK_OF(EQUAL8(LEAST8(LEAST8(v0, v1), LEAST8(v2, v3)), ZERO))) {
				size_t first = 0;

				if ((mask = MASK_OF(EQUAL8(v0, ZERO))))
					;
				else if (first += SIZE, (mask = MASK_OF(EQUAL8(v1, ZERO))))
					;
				else if (first += SIZE, (mask = MASK_OF(EQUAL8(v2, ZERO))))
					;
				else
					first += SIZE, mask = MASK_OF(EQUAL8(v3, ZERO));
				first += NAME(first_of)(mask);
				return order_at(a + first, b + first, order);
			}
			a += 4 * SIZE;
			b += 4 * SIZE;
			room -= 4 * SIZE;
			if (limited)
				n -= 4 * SIZE;
		}
		while (room >= SIZE) {
			if ((mask = NAME(stops)(a, b, order))) {
				size_t first = NAME(first_of)(mask);

				return limited && first >= n ? 0 : order_at(a + first, b + first, order);
			}
			if (limited && n <= SIZE)
				return 0;
			a += SIZE;
			b += SIZE;
			room -= SIZE;
			if (limited)
				n -= SIZE;
		}
		if (a - start >= SIZE) {
			size_t back = SIZE - room;

			if ((mask = NAME(stops)(a - back, b - back, order))) {
				size_t first = NAME(first_of)(mask) - back;

				return limited && first >= n ? 0 : order_at(a + first, b + first, order);
			}
			a += room;
			b += room;
		} else {
			const size_t step = order == WIDES ? sizeof(wchar_t) : 1;

			for (size_t i = 0; i < room; i += step, a += step, b += step) {
				int result = order_at(a, b, order);

				if (result || ends_at(a, order) || (limited && n <= i + step))
					return result;
			}
		}
		if (limited) {
			if (n <= room)
				return 0;
			n -= room;
		}
	}
}

typedef int NAME(rest)(const char *a, const char *b, size_t n, const char *start);

/* The first four vectors, and the rest by a function of its own, for which registers
   are saved. */
INLINE int NAME(compare)(const char *a, const char *b, size_t n, NAME(rest) *rest, int limited, enum order order)
{
	size_t i = 0;
	uint32_t mask;

	if (limited && !n)
		return 0;
	if (UNLIKELY(to_page_end(a, b) < 4 * SIZE))
		return rest(a, b, n, a);
	if ((mask = NAME(stops)(a, b, order)))
		goto found;
	if (limited && n <= SIZE)
		return 0;
	i = SIZE;
	if ((mask = NAME(stops)(a + SIZE, b + SIZE, order)))
		goto found;
	if (limited && n <= 2 * SIZE)
		return 0;
	i = 2 * SIZE;
	if ((mask = NAME(stops)(a + 2 * SIZE, b + 2 * SIZE, order)))
		goto found;
	if (limited && n <= 3 * SIZE)
		return 0;
	i = 3 * SIZE;
	if ((mask = NAME(stops)(a + 3 * SIZE, b + 3 * SIZE, order)))
		goto found;
	if (limited && n <= 4 * SIZE)
		return 0;
	/* The next vector of one of them is aligned. */
	i = 4 * SIZE - ((uintptr_t)a & (SIZE - 1));
	return rest(a + i, b + i, n - i, a);
found:
	i += NAME(first_of)(mask);
	return limited && i >= n ? 0 : order_at(a + i, b + i, order);
}

/* Where two memory areas of more than 32 bytes first differ; n if they do not. */

INLINE uint32_t NAME(differ)(const char *a, const char *b)
{
	return MASK_OF(EQUAL8(LOAD_ANY(a), LOAD_ANY(b))) ^ ALL;
}

INLINE size_t NAME(mismatch)(const char *a, const char *b, size_t n)
{
	size_t i = 0;
	uint32_t mask;

	if ((mask = NAME(differ)(a, b)))
		return NAME(first_of)(mask);
	if (n > 2 * SIZE) {
		if ((mask = NAME(differ)(a + SIZE, b + SIZE)))
			return SIZE + NAME(first_of)(mask);
		i = 2 * SIZE;
		if (n > 8 * SIZE)
			i -= (uintptr_t)a & (SIZE - 1);
		for (; n - i > 4 * SIZE; i += 4 * SIZE) {
			VEC v0 = EQUAL8(LOAD_ANY(a + i), LOAD_ANY(b + i));
			VEC v1 = EQUAL8(LOAD_ANY(a + i + SIZE), LOAD_ANY(b + i + SIZE));
			VEC v2 = EQUAL8(LOAD_ANY(a + i + 2 * SIZE), LOAD_ANY(b + i + 2 * SIZE));
			VEC v3 = EQUAL8(LOAD_ANY(a + i + 3 * SIZE), LOAD_ANY(b + i + 3 * SIZE));

			if (LIKELY(MASK_OF(AND(AND(v0, v1), AND(v2, v3))) == ALL))
				continue;
			if ((mask = MASK_OF(v0) ^ ALL))
				return i + NAME(first_of)(mask);
			if ((mask = MASK_OF(v1) ^ ALL))
				return i + SIZE + NAME(first_of)(mask);
			if ((mask = MASK_OF(v2) ^ ALL))
				return i + 2 * SIZE + NAME(first_of)(mask);
			return i + 3 * SIZE + NAME(first_of)(MASK_OF(v3) ^ ALL);
		}
		for (; n - i > SIZE; i += SIZE)
			if ((mask = NAME(differ)(a + i, b + i)))
				return i + NAME(first_of)(mask);
	}
	i = n - SIZE;
	mask = NAME(differ)(a + i, b + i);
	return mask ? i + NAME(first_of)(mask) : n;
}

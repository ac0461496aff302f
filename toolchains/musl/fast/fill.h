/* More than 32 bytes of one vector. */

INLINE void NAME(fill)(char *to, VEC v, size_t n)
{
	char *end = to + n, *at;

	STORE_ANY(to, v);
	if (n <= 2 * SIZE) {
		STORE_ANY(end - SIZE, v);
		return;
	}
	STORE_ANY(to + SIZE, v);
	if (n <= 4 * SIZE) {
		STORE_ANY(end - 2 * SIZE, v);
		STORE_ANY(end - SIZE, v);
		return;
	}
	STORE_ANY(to + 2 * SIZE, v);
	STORE_ANY(to + 3 * SIZE, v);
	if (n <= 8 * SIZE) {
		STORE_ANY(end - 4 * SIZE, v);
		STORE_ANY(end - 3 * SIZE, v);
		STORE_ANY(end - 2 * SIZE, v);
		STORE_ANY(end - SIZE, v);
		return;
	}
	STORE_ANY(end - 4 * SIZE, v);
	STORE_ANY(end - 3 * SIZE, v);
	STORE_ANY(end - 2 * SIZE, v);
	STORE_ANY(end - SIZE, v);
	at = (char *)NAME(aligned)(to + 4 * SIZE);
	end -= 4 * SIZE;
#ifdef STORE_UNCACHED
	if (UNLIKELY(n >= 1 << 20) && n >= (fast_uncached ? fast_uncached : fast_find_uncached())) {
		for (; at < end; at += 4 * SIZE) {
			STORE_UNCACHED(at, v);
			STORE_UNCACHED(at + SIZE, v);
			STORE_UNCACHED(at + 2 * SIZE, v);
			STORE_UNCACHED(at + 3 * SIZE, v);
		}
		_mm_sfence();
		return;
	}
#endif
	for (; at < end; at += 4 * SIZE) {
		STORE(at, v);
		STORE(at + SIZE, v);
		STORE(at + 2 * SIZE, v);
		STORE(at + 3 * SIZE, v);
	}
}

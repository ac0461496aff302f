/* strspn, strcspn and strpbrk. Sets of up to four characters are compared with, larger
   ones are looked up: with AVX2 by two shuffles, the bit for a byte's high half in
   the row for its low half; without in a table. */

#if defined __x86_64__ && !defined LEVEL

#include "cpu.h"
#include "fast.h"

enum { FEW = 4 };

#define SELF "strspn.c"
#include "levels.h"

PUBLIC size_t strspn(const char *s, const char *set)
{
	if (!set[0])
		return 0;
	CHOOSE(strspn, s, set);
}

PUBLIC size_t strcspn(const char *s, const char *set)
{
	if (!set[0] || !set[1])
		return (size_t)(fast_strchrnul(s, set[0]) - s);
	CHOOSE(strcspn, s, set);
}

HIDDEN_ALIAS(strcspn) size_t fast_strcspn(const char *, const char *);

PUBLIC char *strpbrk(const char *s, const char *set)
{
	s += fast_strcspn(s, set);
	return *s ? (char *)s : 0;
}

#elif defined __x86_64__

/* A set: four characters, or with tables two of rows and one of bits. */
INLINE VEC NAME(members)(VEC v, VEC a, VEC b, VEC c, VEC d, int tables)
{
#if LEVEL == LEVEL_AVX2
	if (tables) {
		/* A byte of 128 or more takes 0 from the first rows, a smaller one from the second. */
		VEC rows = OR(_mm256_shuffle_epi8(a, v), _mm256_shuffle_epi8(b, XOR(v, EACH8(128))));
		VEC bit = _mm256_shuffle_epi8(c, AND(_mm256_srli_epi16(v, 4), EACH8(15)));

		return EQUAL8(AND(rows, bit), bit);
	}
#else
	(void)tables;
#endif
	return OR(OR(EQUAL8(v, a), EQUAL8(v, b)), OR(EQUAL8(v, c), EQUAL8(v, d)));
}

/* The first character that is in the set, or that is not; or the end. */
INLINE size_t NAME(span)(const char *s, VEC a, VEC b, VEC c, VEC d, int tables, int inside)
{
	const char *at = NAME(aligned)(s);
	uint32_t mask;

	for (int first = 1;; first = 0, at += SIZE) {
		int whole = first && LIKELY(NAME(fits)(s));
		VEC v = whole ? LOAD_ANY(s) : LOAD(at);
		VEC found = NAME(members)(v, a, b, c, d, tables);

		if (!inside)
			found = OR(found, EQUAL8(v, ZERO));
		mask = MASK_OF(found);
		if (inside)
			mask ^= ALL;
		if (first) {
			if (!whole)
				mask >>= s - at;
			if (mask)
				return NAME(first_of)(mask);
		} else if (mask) {
			return (size_t)(at - s) + NAME(first_of)(mask);
		}
	}
}

INLINE size_t NAME(span_of)(const char *s, const char *chars, int inside)
{
	const unsigned char *set = (const unsigned char *)chars;
	unsigned n = 1;

	while (n <= FEW && set[n])
		n++;
	if (n <= FEW) {
		VEC a = EACH8(set[0]), b = EACH8(set[n > 1]);

		return NAME(span)(s, a, b, EACH8(set[n > 2 ? 2 : 0]), EACH8(set[n - 1]), 0, inside);
	}
#if LEVEL == LEVEL_AVX2
	__m128i bits = _mm_set1_epi64x((long long)0x8040201008040201);
	unsigned char rows[32] __attribute__((aligned(32)));

	STORE(rows, ZERO);
	for (; *set; set++)
		rows[(*set & 15) | (*set >> 7 << 4)] |= (unsigned char)(1u << (*set >> 4 & 7));
	return NAME(span)(s, _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)rows)),
		_mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(rows + 16))),
		_mm256_broadcastsi128_si256(bits), ZERO, 1, inside);
#else
	const unsigned char *at = (const unsigned char *)s;
	unsigned char is_member[256] __attribute__((aligned(16)));

	for (unsigned i = 0; i < 256; i += SIZE)
		STORE(is_member + i, ZERO);
	for (; *set; set++)
		is_member[*set] = 1;
	if (inside)
		while (is_member[*at])
			at++;
	else
		for (is_member[0] = 1; !is_member[*at]; at++)
			;
	return (size_t)((const char *)at - s);
#endif
}

VERSION size_t NAME(strspn)(const char *s, const char *set)
{
	return NAME(span_of)(s, set, 1);
}

VERSION size_t NAME(strcspn)(const char *s, const char *set)
{
	return NAME(span_of)(s, set, 0);
}

#endif

/* strspn, strcspn and strpbrk. Sets of up to eight characters are compared with, larger
   ones are looked up: with AVX2 by two shuffles, the bit for a byte's high half in
   the row for its low half; without in a table. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"

enum { FEW = 8 };

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

PUBLIC char *strpbrk(const char *s, const char *set)
{
	if (!set[0] || !set[1])
		return set[0] ? fast_strchr(s, set[0]) : 0;
	CHOOSE(strpbrk, s, set);
}

#elif defined FAST_VECTORS

/* A set: so many characters of eight, or without any two tables of rows and one of bits. */
struct NAME(set) {
	VEC members[FEW];
	unsigned n;
};

INLINE VEC NAME(members)(VEC v, const struct NAME(set) *set)
{
	VEC found;

#if LEVEL == LEVEL_AVX2
	if (!set->n) {
		/* A byte of 128 or more takes 0 from the first rows, a smaller one from the second. */
		VEC rows = OR(_mm256_shuffle_epi8(set->members[0], v), _mm256_shuffle_epi8(set->members[1], XOR(v, EACH8(128))));
		VEC bit = _mm256_shuffle_epi8(set->members[2], AND(_mm256_srli_epi16(v, 4), EACH8(15)));

		return EQUAL8(AND(rows, bit), bit);
	}
#endif
	found = OR(OR(EQUAL8(v, set->members[0]), EQUAL8(v, set->members[1])),
		OR(EQUAL8(v, set->members[2]), EQUAL8(v, set->members[3])));
	if (set->n > 4)
		found = OR(found, OR(OR(EQUAL8(v, set->members[4]), EQUAL8(v, set->members[5])),
			OR(EQUAL8(v, set->members[6]), EQUAL8(v, set->members[7]))));
	return found;
}

/* A bit for each character that ends a span. */
INLINE uint32_t NAME(ends_of)(VEC v, const struct NAME(set) *set, int inside)
{
	VEC found = NAME(members)(v, set);

	return inside ? MASK_OF(found) ^ ALL : MASK_OF(OR(found, EQUAL8(v, ZERO)));
}

/* The first character that is in the set, or that is not; or the end. Whoever has looked at as much as one vector at s
   has seen it. */
INLINE size_t NAME(span)(const char *s, const struct NAME(set) *set, int inside, int seen)
{
	const char *at = NAME(aligned)(s);
	uint32_t mask;

	if (!seen) {
		if (LIKELY(NAME(fits)(s)))
			mask = NAME(ends_of)(LOAD_ANY(s), set, inside);
		else
			mask = NAME(ends_of)(LOAD(at), set, inside) >> (s - at);
		if (mask)
			return NAME(first_of)(mask);
	}
	do
		at += SIZE;
	while (!(mask = NAME(ends_of)(LOAD(at), set, inside)));
	return (size_t)(at - s) + NAME(first_of)(mask);
}

/* For a string and a set that are short enough: each character of the string is looked for in the set, which costs less than
   to make tables of the set. Whether they are, and *length of the span. */
INLINE int NAME(span_of_short)(const char *s, const char *set, int inside, size_t *length)
{
	enum { SHORT = 16 };
	uint32_t members, end;
	size_t n, i = 0;
	VEC v;

	if (!NAME(fits)(s) || !NAME(fits)(set))
		return 0;
	end = MASK_OF(EQUAL8(LOAD_ANY(s), ZERO));
	v = LOAD_ANY(set);
	members = MASK_OF(EQUAL8(v, ZERO));
	if (!members || !end || (n = NAME(first_of)(end)) > SHORT)
		return 0;
	/* Those before the end. */
	members = (members & -members) - 1;
	while (i < n && !(MASK_OF(EQUAL8(v, EACH8(s[i]))) & members) == !inside)
		i++;
	*length = i;
	return 1;
}

INLINE size_t NAME(span_of)(const char *s, const char *chars, int inside)
{
	const unsigned char *set = (const unsigned char *)chars;
	struct NAME(set) members;
	size_t length;
	const int seen = NAME(fits)(s);
	unsigned n = 0;

	if (seen) {
		/* Most spans end in the first vector. */
		VEC v = LOAD_ANY(s), found = inside ? ZERO : EQUAL8(v, ZERO);
		uint32_t mask;

		for (; n <= FEW && set[n]; n++)
			found = OR(found, EQUAL8(v, EACH8(set[n])));
		mask = MASK_OF(found) ^ (inside ? ALL : 0);
		if (n <= FEW && mask)
			return NAME(first_of)(mask);
	}
	while (n <= FEW && set[n])
		n++;
	if (n <= FEW) {
		/* Those that there are not are the last one. */
		members.members[0] = EACH8(set[0]);
		members.members[1] = EACH8(set[n > 1 ? 1 : n - 1]);
		members.members[2] = EACH8(set[n > 2 ? 2 : n - 1]);
		members.members[3] = EACH8(set[n > 3 ? 3 : n - 1]);
		members.n = 4;
		if (n <= 4)
			return NAME(span)(s, &members, inside, seen);
		members.members[4] = EACH8(set[4]);
		members.members[5] = EACH8(set[n > 5 ? 5 : n - 1]);
		members.members[6] = EACH8(set[n > 6 ? 6 : n - 1]);
		members.members[7] = EACH8(set[n - 1]);
		members.n = 8;
		return NAME(span)(s, &members, inside, seen);
	}
	if (NAME(span_of_short)(s, chars, inside, &length))
		return length;
#if LEVEL == LEVEL_AVX2
	/* Sixteen rows for bytes under 128, then those for the others. */
	unsigned char rows[32] __attribute__((aligned(32)));

	STORE(rows, ZERO);
	for (; *set; set++)
		rows[(*set & 15) | (*set >> 7 << 4)] |= (unsigned char)(1u << (*set >> 4 & 7));
	members.members[0] = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)rows));
	members.members[1] = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(rows + 16)));
	members.members[2] = _mm256_set1_epi64x((long long)0x8040201008040201);
	members.n = 0;
	return NAME(span)(s, &members, inside, 0);
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

VERSION char *NAME(strpbrk)(const char *s, const char *set)
{
	s += NAME(span_of)(s, set, 0);
	return *s ? (char *)s : 0;
}

#endif

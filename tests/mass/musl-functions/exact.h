/* Exact decimal numbers for the tests of numbers: what m * 2^e is in digits, and
   random numbers that are the same on every run. */

#ifndef EXACT_H
#define EXACT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 1300, LIMBS = 160 };

/* 0.DIGITS * 10^point, without zeros at the start or the end; 0 has no digits. */
struct decimal {
	char digits[DIGITS];
	int count, point;
};

static inline uint64_t next_random(void)
{
	static uint64_t state = 0x853c49e6748fea9bull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x9e3779b97f4a7c15ull;
}

static inline unsigned below(unsigned limit)
{
	return (unsigned)((next_random() >> 32) * limit >> 32);
}

static inline void normalise(struct decimal *decimal)
{
	int zeros = 0;

	while (zeros < decimal->count && decimal->digits[zeros] == '0')
		zeros++;
	memmove(decimal->digits, decimal->digits + zeros, (size_t)(decimal->count - zeros));
	decimal->count -= zeros;
	decimal->point -= zeros;
	while (decimal->count && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
	if (!decimal->count)
		decimal->point = 0;
}

/* mantissa * 2^exponent. */
static inline void exact(struct decimal *decimal, uint64_t mantissa, int exponent)
{
	uint32_t limbs[LIMBS] = { (uint32_t)(mantissa % 1000000000), (uint32_t)(mantissa / 1000000000 % 1000000000),
		(uint32_t)(mantissa / 1000000000 / 1000000000) };
	int count = 3, behind = exponent < 0 ? -exponent : 0, left = abs(exponent);

	/* A power of two behind the point is one of five, with as many digits there. */
	while (left) {
		int step = left < 12 ? left : 12;
		uint64_t factor = 1, carry = 0;

		for (int i = 0; i < step; i++)
			factor *= exponent < 0 ? 5 : 2;
		for (int i = 0; i < count; i++) {
			carry += limbs[i] * factor;
			limbs[i] = (uint32_t)(carry % 1000000000);
			carry /= 1000000000;
		}
		if (carry)
			limbs[count++] = (uint32_t)carry;
		left -= step;
	}
	decimal->count = 9 * count;
	decimal->point = 9 * count - behind;
	for (int i = 0; i < count; i++) {
		char *to = decimal->digits + 9 * (count - i);

		for (int j = 0; j < 9; j++, limbs[i] /= 10)
			*--to = (char)('0' + limbs[i] % 10);
	}
	normalise(decimal);
}

static inline int compare(const struct decimal *a, const struct decimal *b)
{
	int shorter = a->count < b->count ? a->count : b->count, order;

	if (!a->count || !b->count)
		return (a->count > 0) - (b->count > 0);
	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	order = memcmp(a->digits, b->digits, (size_t)shorter);
	return order ? order : a->count - b->count;
}

enum rounding { HALF_EVEN, AWAY, TO_ZERO };

/* Rounds to so many digits behind 0., which may be less than none. */
static inline void round_digits(struct decimal *decimal, int kept, enum rounding rounding)
{
	int up, odd;

	if (kept >= decimal->count)
		return;
	if (kept < 0) {
		memmove(decimal->digits - kept, decimal->digits, (size_t)decimal->count);
		memset(decimal->digits, '0', (size_t)-kept);
		decimal->count -= kept;
		decimal->point -= kept;
		kept = 0;
	}
	odd = kept && (decimal->digits[kept - 1] & 1);
	up = decimal->digits[kept] > '5' || (decimal->digits[kept] == '5' && (kept + 1 < decimal->count || odd));
	if (rounding != HALF_EVEN)
		up = rounding == AWAY;
	decimal->count = kept;
	if (up) {
		int i = kept;

		while (i && decimal->digits[i - 1] == '9')
			decimal->digits[--i] = '0';
		if (i) {
			decimal->digits[i - 1]++;
		} else {
			memmove(decimal->digits + 1, decimal->digits, (size_t)kept);
			decimal->digits[0] = '1';
			decimal->count++;
			decimal->point++;
		}
	}
	normalise(decimal);
}

#endif

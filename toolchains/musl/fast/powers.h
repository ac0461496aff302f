/* Powers of ten as products of 64 bits with a power of five of 128 bits, as in
   Lemire, "Number Parsing at a Gigabyte per Second" (2021), section 5. */

#ifndef POWERS_H
#define POWERS_H

#include <stdint.h>

/* The top 128 bits of a power of five, rounded down. */
struct power {
	uint64_t high, low;
};

enum { FIRST_POWER = -330, LAST_POWER = 344, LAST_EXACT_POWER = 55 };

extern const struct power powers_of_five[] __attribute__((visibility("hidden")));

/* The product of a number and a power of ten: (high, middle, low) * 2^exponent,
   where high is the part of weight 2^exponent. The true one is as large, or, if
   it isn't exact, larger, and by less than 2^64 of the units of low. */
struct product {
	uint64_t high, middle, low;
	int exponent, exact;
};

/* The number has its top bit set; ten is a power between the first and last ones. */
static inline struct product times_ten_to(uint64_t number, int ten)
{
	const struct power *five = &powers_of_five[ten - FIRST_POWER];
	unsigned __int128 upper = (unsigned __int128)number * five->high;
	unsigned __int128 lower = (unsigned __int128)number * five->low;
	struct product product;

	upper += (uint64_t)(lower >> 64);
	product.high = (uint64_t)(upper >> 64);
	product.middle = (uint64_t)upper;
	product.low = (uint64_t)lower;
	/* floor(ten * log2(5)) + ten, for every power of the table. */
	product.exponent = ((ten * 217706) >> 16) + 1;
	product.exact = ten >= 0 && ten <= LAST_EXACT_POWER;
	return product;
}

#endif

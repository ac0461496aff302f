/* Decimal digits of integers. */

#ifndef DIGITS_H
#define DIGITS_H

#include <stdint.h>

static const uint64_t ten_to[] = {
	1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull,
	1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull,
	100000000000000ull, 1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
	1000000000000000000ull, 10000000000000000000ull,
};

static const char pairs[] =
	"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* How many digits a number has; 1 for 0. */
static inline unsigned count_digits(uint64_t number)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1), count = bits * 1233 >> 12;

	return count + (count == 0 || number >= ten_to[count]);
}

static inline void put_pair(char *to, uint32_t number)
{
	__builtin_memcpy(to, pairs + 2 * number, 2);
}

static inline void put_8_digits(char *to, uint32_t number)
{
	uint32_t upper = number / 10000, lower = number % 10000;

	put_pair(to, upper / 100);
	put_pair(to + 2, upper % 100);
	put_pair(to + 4, lower / 100);
	put_pair(to + 6, lower % 100);
}

/* So many digits, the last ones of the number. */
static inline void put_digits(char *to, uint64_t number, unsigned count)
{
	uint32_t rest;

	for (; count >= 8; number /= 100000000)
		put_8_digits(to + (count -= 8), (uint32_t)(number % 100000000));
	rest = (uint32_t)(number % 100000000);
	for (; count >= 2; rest /= 100)
		put_pair(to + (count -= 2), rest % 100);
	if (count)
		*to = (char)('0' + rest % 10);
}

#endif

/* strtod, strtof (C17 7.22.1.3) and atof of decimal numbers whose value is normal and
   is decided by their first 19 digits; musl's own functions have all others, and
   strtold.

   Clinger, "How to Read Floating Point Numbers Accurately" (1990): digits and a
   power of ten that are both exact make one operation. Else Lemire, "Number
   Parsing at a Gigabyte per Second" (2021), but with the processor's conversion
   of an integer for the rounding, so that its mode and its flags are observed. */

#include <stdint.h>
#include <stdlib.h>

#include "powers.h"

#define PUBLIC __attribute__((visibility("default")))

double __musl_strtod(const char *restrict, char **restrict);
float __musl_strtof(const char *restrict, char **restrict);
long double __musl_strtold(const char *restrict, char **restrict);

/* The largest count of digits that always fits 64 bits, and of an exponent's
   digits that are looked at. */
enum { DIGITS = 19, EXPONENT_DIGITS = 5 };

/* digits * 10^ten, or, if it is cut, more and less than (digits + 1) * 10^ten. */
struct decimal {
	const char *end;
	uint64_t digits;
	int ten, negative, cut;
};

static inline int is_space(char c)
{
	return c == ' ' || (unsigned char)(c - '\t') < 5;
}

static inline unsigned digit(char c)
{
	return (unsigned char)(c - '0');
}

/* The first digits of a number of more than DIGITS; its end and exponent are known. */
static __attribute__((noinline)) void cut(struct decimal *decimal, const char *at, const char *end)
{
	uint64_t digits = 0;
	int count = 0, dropped = 0, rest = 0;

	for (; at < end; at++) {
		unsigned next = digit(*at);

		if (next > 9)
			continue;
		if (count < DIGITS) {
			digits = digits * 10 + next;
			count += digits != 0;
		} else {
			dropped++;
			rest |= next != 0;
		}
	}
	decimal->digits = digits;
	decimal->ten += dropped;
	decimal->cut = rest;
}

/* Zeros at the end would hide that a value is exact. */
static __attribute__((noinline)) void drop_zeros(struct decimal *decimal)
{
	for (; decimal->digits % 10 == 0; decimal->digits /= 10)
		decimal->ten++;
}

/* Scans a number; 0 if it isn't a plain decimal one. */
static inline int scan(struct decimal *decimal, const char *at)
{
	const char *first, *point = 0;
	uint64_t digits = 0;
	unsigned next;

	while (is_space(*at))
		at++;
	decimal->negative = *at == '-';
	at += *at == '-' || *at == '+';
	first = at;
	for (; (next = digit(*at)) < 10; at++)
		digits = digits * 10 + next;
	if (at == first + 1 && *first == '0' && (*at | 0x20) == 'x')
		return 0;
	decimal->ten = 0;
	if (*at == '.') {
		point = at++;
		for (; (next = digit(*at)) < 10; at++)
			digits = digits * 10 + next;
		decimal->ten = (int)(point + 1 - at);
	}
	decimal->end = at;
	if (at - first - (point != 0) <= 0 || at - first > INT16_MAX)
		return 0;
	decimal->digits = digits;
	decimal->cut = 0;
	if ((*at | 0x20) == 'e') {
		const char *exponent = at + 1;
		int negative = *exponent == '-', value = 0;

		exponent += *exponent == '-' || *exponent == '+';
		if (digit(*exponent) < 10) {
			const char *limit = exponent + EXPONENT_DIGITS;

			for (; (next = digit(*exponent)) < 10; exponent++) {
				if (exponent == limit)
					return 0;
				value = value * 10 + (int)next;
			}
			decimal->ten += negative ? -value : value;
			decimal->end = exponent;
		}
	}
	if (at - first - (point != 0) > DIGITS)
		cut(decimal, first, at);
	return 1;
}

/* 2 * half * 2^exponent, where half has 62 or 63 bits, the last of which is set if
   others would follow. */
struct binary {
	int64_t half;
	int exponent, decided;
};

static inline struct binary binary_of(uint64_t digits, int ten, int negative)
{
	int shift = __builtin_clzll(digits);
	struct product product = times_ten_to(digits << shift, ten);
	int64_t half = (int64_t)(product.high >> 1 | (product.high & 1)), rest = 1;
	struct binary binary;

	if (product.exact)
		rest = (product.middle | product.low) != 0;
	half |= rest;
	binary.decided = product.exact || product.middle + 1 > 1;
	binary.half = negative ? -half : half;
	binary.exponent = product.exponent - shift;
	return binary;
}

/* Whether a value is normal, and not in the last binade, where it could overflow. */
static inline int is_normal(struct binary binary, int least, int largest)
{
	return binary.exponent + 62 >= least && binary.exponent + 64 < largest;
}

static inline int in_table(int ten)
{
	return ten >= FIRST_POWER && ten <= LAST_POWER;
}

static inline double double_of(struct binary binary)
{
	union {
		double value;
		uint64_t bits;
	} scaled = { (double)binary.half };

	scaled.bits += (uint64_t)(int64_t)(binary.exponent + 1) << 52;
	return scaled.value;
}

static inline float float_of(struct binary binary)
{
	union {
		float value;
		uint32_t bits;
	} scaled = { (float)binary.half };

	scaled.bits += (uint32_t)(binary.exponent + 1) << 23;
	return scaled.value;
}

static const double tens[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static int double_from(struct decimal *decimal, double *value)
{
	uint64_t digits = decimal->digits;
	int ten = decimal->ten, negative = decimal->negative;
	struct binary binary;

	if (!digits && !decimal->cut) {
		*value = negative ? -0.0 : 0.0;
		return 1;
	}
	if (digits <= 1ull << 53 && ten >= -22 && ten <= 22 && !decimal->cut) {
		double whole = (double)(negative ? -(int64_t)digits : (int64_t)digits);

		*value = ten < 0 ? whole / tens[-ten] : whole * tens[ten];
		return 1;
	}
	if (!in_table(ten))
		return 0;
	binary = binary_of(digits, ten, negative);
	if (!binary.decided && !decimal->cut && digits % 10 == 0) {
		drop_zeros(decimal);
		return double_from(decimal, value);
	}
	if (!binary.decided || !is_normal(binary, -1022, 1024))
		return 0;
	*value = double_of(binary);
	if (!decimal->cut)
		return 1;
	binary = binary_of(digits + 1, ten, negative);
	return binary.decided && is_normal(binary, -1022, 1024) && double_of(binary) == *value;
}

static int float_from(struct decimal *decimal, float *value)
{
	uint64_t digits = decimal->digits;
	int ten = decimal->ten, negative = decimal->negative;
	struct binary binary;

	if (!digits && !decimal->cut) {
		*value = negative ? -0.0f : 0.0f;
		return 1;
	}
	if (digits <= 1ull << 24 && ten >= -10 && ten <= 10 && !decimal->cut) {
		float whole = (float)(negative ? -(int64_t)digits : (int64_t)digits);

		*value = ten < 0 ? whole / (float)tens[-ten] : whole * (float)tens[ten];
		return 1;
	}
	if (!in_table(ten))
		return 0;
	binary = binary_of(digits, ten, negative);
	if (!binary.decided && !decimal->cut && digits % 10 == 0) {
		drop_zeros(decimal);
		return float_from(decimal, value);
	}
	if (!binary.decided || !is_normal(binary, -126, 128))
		return 0;
	*value = float_of(binary);
	if (!decimal->cut)
		return 1;
	binary = binary_of(digits + 1, ten, negative);
	return binary.decided && is_normal(binary, -126, 128) && float_of(binary) == *value;
}

PUBLIC double strtod(const char *restrict string, char **restrict end)
{
	struct decimal decimal;
	double value;

	if (!scan(&decimal, string) || !double_from(&decimal, &value))
		return __musl_strtod(string, end);
	if (end)
		*end = (char *)decimal.end;
	return value;
}

PUBLIC double atof(const char *string)
{
	return strtod(string, 0);
}

PUBLIC float strtof(const char *restrict string, char **restrict end)
{
	struct decimal decimal;
	float value;

	if (!scan(&decimal, string) || !float_from(&decimal, &value))
		return __musl_strtof(string, end);
	if (end)
		*end = (char *)decimal.end;
	return value;
}

PUBLIC long double strtold(const char *restrict string, char **restrict end)
{
	return __musl_strtold(string, end);
}

/* Tests of strtod, strtof and strtol and its kind (C17 7.22.1.3, 7.22.1.4): known
   cases, and decimal numbers whose place among the neighbours of the result is
   proven by exact arithmetic, in all rounding modes. With --whole: more of them,
   and all floats through snprintf and strtof. */

#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include "exact.h"

/* Digits of the mantissa, and exponents of the smallest and largest ulp. */
struct type {
	const char *name;
	int bits, least, largest;
};

static const struct type types[] = { { "strtod", 53, -1074, 971 }, { "strtof", 24, -149, 104 } };
static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
static const char *const mode_names[] = { "to nearest", "upward", "downward", "toward zero" };
static unsigned long checks;

static void fail(const char *what, const char *input, const char *got, const char *expected)
{
	fesetround(FE_TONEAREST);
	printf("%s(\"%s\"): got %s, expected %s\n", what, input, got, expected);
	exit(1);
}

/* The amount of a result as mantissa * 2^exponent; infinity is the next after the largest. */
struct result {
	uint64_t mantissa;
	int exponent, negative, infinite, error;
	long end;
};

static struct result converted(int is_float, const char *text)
{
	const struct type *type = &types[is_float];
	struct result result;
	uint64_t bits;
	int stored = type->bits - 1, biased;
	char *end;

	errno = 0;
	if (is_float) {
		float value = strtof(text, &end);
		uint32_t word;

		memcpy(&word, &value, 4);
		bits = word;
		result.negative = word >> 31;
		biased = word >> 23 & 0xff;
		result.infinite = biased == 0xff;
	} else {
		double value = strtod(text, &end);

		memcpy(&bits, &value, 8);
		result.negative = bits >> 63 != 0;
		biased = bits >> 52 & 0x7ff;
		result.infinite = biased == 0x7ff;
	}
	result.error = errno;
	result.end = end - text;
	result.mantissa = (bits & ((1ull << stored) - 1)) | (biased ? 1ull << stored : 0);
	result.exponent = type->least + (biased ? biased - 1 : 0);
	return result;
}

/* Neighbours and middles: twice the amount of a result, one more or less, halves. */
static void above(struct decimal *to, const struct result *result, int half)
{
	exact(to, 2 * result->mantissa + (half ? 1 : 2), result->exponent - 1);
}

static void under(struct decimal *to, const struct type *type, const struct result *result, int half)
{
	if (result->mantissa == 1ull << (type->bits - 1) && result->exponent > type->least)
		exact(to, 4 * result->mantissa - (half ? 1 : 2), result->exponent - 2);
	else
		exact(to, 2 * result->mantissa - (half ? 1 : 2), result->exponent - 1);
}

/* Whether the result is the right one for a decimal number in a mode. */
static int is_right(const struct type *type, const struct result *result, const struct decimal *decimal, int mode)
{
	int nearest = modes[mode] == FE_TONEAREST, even = !(result->mantissa & 1), order;
	int away = modes[mode] == (result->negative ? FE_DOWNWARD : FE_UPWARD);
	int largest = result->exponent == type->largest && result->mantissa == (1ull << type->bits) - 1;
	static struct decimal limit;

	if (result->mantissa) {
		if (nearest || away)
			under(&limit, type, result, nearest);
		else
			exact(&limit, result->mantissa, result->exponent);
		order = compare(decimal, &limit);
		if (order < 0 || (order == 0 && (away || (nearest && !even))))
			return 0;
	}
	if (result->infinite)
		return nearest || away;
	if (largest && !nearest && !away)
		return 1;
	if (nearest || !away)
		above(&limit, result, nearest);
	else
		exact(&limit, result->mantissa, result->exponent);
	order = compare(decimal, &limit);
	return order < 0 || (order == 0 && (away || (nearest && even)));
}

static void describe(char *to, const struct result *result)
{
	sprintf(to, "%s%#" PRIx64 " * 2^%d%s", result->negative ? "-" : "", result->mantissa, result->exponent,
		result->infinite ? " (infinity)" : "");
}

/* Writes a decimal number in one of several ways; exponents keep within four digits. */
static void write_number(char *to, const struct decimal *decimal, int negative)
{
	int point = decimal->point, count = decimal->count;

	to += sprintf(to, "%s%s", below(8) ? "" : " \t\n\v\f\r", negative ? "-" : below(4) ? "" : "+");
	for (int zeros = below(4) ? 0 : (int)below(25); zeros; zeros--)
		*to++ = '0';
	switch (below(4)) {
	case 0:
		if (point <= 0 && point > -400) {
			*to++ = '.';
			for (int i = point; i < 0; i++)
				*to++ = '0';
			memcpy(to, decimal->digits, (size_t)count);
			to += count;
			break;
		}
		if (point > 0 && point < 400) {
			for (int i = 0; i < count || i < point; i++) {
				if (i == point)
					*to++ = '.';
				*to++ = i < count ? decimal->digits[i] : '0';
			}
			break;
		}
		__attribute__((fallthrough));
	case 1:
		memcpy(to, decimal->digits, (size_t)count);
		to += count;
		to += sprintf(to, "e%d", point - count);
		break;
	case 2:
		*to++ = '.';
		memcpy(to, decimal->digits, (size_t)count);
		to += count;
		for (int zeros = below(30); zeros; zeros--)
			*to++ = '0';
		to += sprintf(to, "E%+05d", point);
		break;
	default:
		*to++ = decimal->digits[0];
		*to++ = '.';
		memcpy(to, decimal->digits + 1, (size_t)(count - 1));
		to += count - 1;
		to += sprintf(to, "e%d", point - 1);
	}
	*to = 0;
}

static void check(const struct decimal *decimal, int is_float, int mode)
{
	const struct type *type = &types[is_float];
	static char text[DIGITS + 500];
	char got[100], expected[100];
	int negative = (int)below(2), ordinary;
	struct result result;

	write_number(text, decimal, negative);
	fesetround(modes[mode]);
	result = converted(is_float, text);
	fesetround(FE_TONEAREST);
	checks++;
	describe(got, &result);
	sprintf(expected, "the value rounded %s", mode_names[mode]);
#ifndef __GLIBC__
	/* Among the smallest numbers musl mistakes digits that are far behind, and its zero is
	   the difference of two equal numbers, whose sign depends on the mode. */
	if (result.mantissa <= 8)
		return;
#endif
	if (result.negative != negative || !is_right(type, &result, decimal, mode))
		fail(type->name, text, got, expected);
	if (result.end != (long)strlen(text))
		fail(type->name, text, "an end before the end", "the end");
	ordinary = result.exponent > type->least && result.exponent < type->largest;
	if ((result.infinite && result.error != ERANGE) || (ordinary && result.error))
		fail(type->name, text, strerror(result.error), result.infinite ? "ERANGE" : "no error");
}

/* A random finite amount, in any binade or in a common one; often one that is special. */
static void random_amount(const struct type *type, uint64_t *mantissa, int *exponent)
{
	uint64_t top = 1ull << (type->bits - 1);

	*mantissa = top | (next_random() & (top - 1));
	if (below(8) == 0)
		*mantissa = top;
	else if (below(8) == 0)
		*mantissa = 2 * top - 1;
	else if (below(4) == 0)
		*mantissa &= ~((1ull << below((unsigned)type->bits)) - 1);
	*exponent = below(2) ? type->least + (int)below((unsigned)(type->largest - type->least + 1))
		: (int)below(140) - 70 - type->bits;
	switch (below(12)) {
	case 0:
		*exponent = type->least;
		*mantissa = (*mantissa & (top - 1)) >> below((unsigned)type->bits - 1);
		break;
	case 1:
		*exponent = type->largest;
		break;
	}
}

/* A little more or less than a number: its digits with others far behind them. */
static void nudge(struct decimal *decimal, int up)
{
	int zeros = (int)below(40), i = decimal->count;

	if (!decimal->count)
		return;
	if (!up) {
		decimal->digits[--i]--;
		i++;
	}
	while (zeros--)
		decimal->digits[i++] = up ? '0' : '9';
	decimal->digits[i++] = up ? '1' : '9';
	decimal->count = i;
	normalise(decimal);
}

static void check_neighbours(int is_float)
{
	static struct decimal decimal;
	const struct type *type = &types[is_float];
	uint64_t mantissa;
	int exponent;

	random_amount(type, &mantissa, &exponent);
	if (below(3))
		exact(&decimal, 2 * mantissa + 1, exponent - 1);
	else
		exact(&decimal, mantissa, exponent);
	if (below(3))
		nudge(&decimal, (int)below(2));
	if (!decimal.count)
		return;
	check(&decimal, is_float, below(2) ? 0 : (int)below(4));
}

static void check_digits(int is_float)
{
	static struct decimal decimal;
	int range = is_float ? 50 : 345;

	decimal.count = 1 + (int)below(below(3) ? 20 : 40);
	for (int i = 0; i < decimal.count; i++)
		decimal.digits[i] = (char)('0' + below(10));
	decimal.point = below(2) ? (int)below(2 * (unsigned)range) - range : (int)below(40) - 20;
	normalise(&decimal);
	if (decimal.count)
		check(&decimal, is_float, below(2) ? 0 : (int)below(4));
}

/* As many digits as tell all values apart come back as the same value. */
static void check_round_trip(int is_float)
{
	static struct decimal decimal;
	static char text[DIGITS];
	const struct type *type = &types[is_float];
	struct result result;
	uint64_t mantissa;
	int exponent;

	random_amount(type, &mantissa, &exponent);
	exact(&decimal, mantissa, exponent);
	if (!decimal.count)
		return;
	round_digits(&decimal, is_float ? 9 : 17, HALF_EVEN);
	sprintf(text, "0.%.*se%d", decimal.count, decimal.digits, decimal.point);
	result = converted(is_float, text);
	checks++;
	if (result.mantissa != mantissa || (mantissa >> (type->bits - 1) && result.exponent != exponent)) {
		char got[100], expected[100];

		describe(got, &result);
		sprintf(expected, "%#" PRIx64 " * 2^%d", mantissa, exponent);
		fail(type->name, text, got, expected);
	}
}

struct known {
	const char *text;
	double value;
	int end, error;
};

/* Of error -1 the standard leaves open whether there is one. */
static const struct known known[] = {
	{ "0", 0, 1, 0 }, { "-0", -0.0, 2, 0 }, { "-0.0e5x", -0.0, 6, 0 }, { "0e99999", 0, 7, 0 },
	{ "0e-99999", 0, 8, 0 }, { "0e999999999999999999999", 0, 23, 0 }, { "0.5000000000000000000000", 0.5, 24, 0 },
	{ "", 0, 0, 0 }, { " ", 0, 0, 0 }, { "x", 0, 0, 0 }, { ".", 0, 0, 0 }, { "+", 0, 0, 0 }, { "-.", 0, 0, 0 },
	{ ".e1", 0, 0, 0 }, { "e1", 0, 0, 0 }, { "+-1", 0, 0, 0 }, { "- 1", 0, 0, 0 },
	{ "1", 1, 1, 0 }, { "1.", 1, 2, 0 }, { ".5", 0.5, 2, 0 }, { "1..5", 1, 2, 0 }, { "1.5.5", 1.5, 3, 0 },
	{ "1e", 1, 1, 0 }, { "1e+", 1, 1, 0 }, { "1e-", 1, 1, 0 }, { "1e+-2", 1, 1, 0 }, { "1e 2", 1, 1, 0 },
	{ "1e2", 100, 3, 0 }, { "1E+02", 100, 5, 0 }, { "-.5e-3x", -0.5e-3, 6, 0 }, { "1e2e3", 100, 3, 0 },
	{ "\t\n\v\f\r 12", 12, 8, 0 }, { "1,5", 1, 1, 0 }, { "1_000", 1, 1, 0 },
	{ "1e00000000000000000000000000002", 100, 31, 0 }, { "1e-00000000000000000000000000002", 0.01, 32, 0 },
	{ "0x", 0, 1, 0 }, { "0xg", 0, 1, 0 }, { "0x.p", 0, 1, 0 }, { "0x.", 0, 1, 0 }, { "-0x", -0.0, 2, 0 },
	{ "0x1", 1, 3, 0 }, { "0X.8", 0.5, 4, 0 }, { "0x1.8p1", 3, 7, 0 }, { "0x1p", 1, 3, 0 }, { "0x1p+", 1, 3, 0 },
	{ "0xAbC", 2748, 5, 0 }, { "00x1", 0, 2, 0 }, { "0x1p-1074", 0x1p-1074, 9, -1 }, { "0x1.00000000000008p0", 1, 20, 0 },
	{ "inf", INFINITY, 3, 0 }, { "-INF", -INFINITY, 4, 0 }, { "infx", INFINITY, 3, 0 }, { "infinit", INFINITY, 3, 0 },
	{ "iNfInItY", INFINITY, 8, 0 }, { "in", 0, 0, 0 }, { "na", 0, 0, 0 },
	{ "1e23", 1e23, 4, 0 }, { "9007199254740993", 9007199254740992.0, 16, 0 },
	{ "9007199254740992.999999999999999999", 9007199254740992.0, 35, 0 },
	{ "9007199254740993.00000000000000000000000000000000000001", 9007199254740994.0, 55, 0 },
	{ "9007199254740995", 9007199254740996.0, 16, 0 }, { "18446744073709551615", 0x1p64, 20, 0 },
	{ "18446744073709551616", 0x1p64, 20, 0 }, { "99999999999999999999", 1e20, 20, 0 },
	{ "8.5", 8.5, 3, 0 }, { "0.1", 0x1.999999999999ap-4, 3, 0 }, { "0.3", 0x1.3333333333333p-2, 3, 0 },
	{ "123456789012345678901234567890", 0x1.8ee90ff6c373ep+96, 30, 0 },
	{ "2.2250738585072011e-308", 0x0.fffffffffffffp-1022, 23, -1 },
	{ "2.2250738585072012e-308", 0x1p-1022, 23, -1 }, { "2.2250738585072014e-308", 0x1p-1022, 23, -1 },
	{ "4.9406564584124654e-324", 0x1p-1074, 23, -1 }, { "2.4703282292062327e-324", 0, 23, ERANGE },
	{ "2.4703282292062328e-324", 0x1p-1074, 23, -1 }, { "1e-400", 0, 6, ERANGE }, { "-1e-99999", -0.0, 9, ERANGE },
	{ "1.7976931348623157e308", DBL_MAX, 22, 0 }, { "1.7976931348623158e308", DBL_MAX, 22, 0 },
	{ "1.7976931348623159e308", INFINITY, 22, ERANGE }, { "1e309", INFINITY, 5, ERANGE },
	{ "-1e999999999999999999999", -INFINITY, 24, ERANGE }, { "1e-999999999999999999999", 0, 24, ERANGE },
	{ "6.02214076e23", 0x1.fe185ca57c517p+78, 13, 0 }, { "3.14159265358979323846264338327950288", 0x1.921fb54442d18p+1, 37, 0 },
};

static void check_known(void)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct known *now = &known[i];
		char *end, got[200], expected[200];
		double value;
		int error;

		errno = 0;
		value = strtod(now->text, &end);
		error = errno;
		/* musl says EINVAL where there is no number. */
		if (!now->end && error == EINVAL)
			error = 0;
		checks++;
		if (memcmp(&value, &now->value, sizeof value) || end - now->text != now->end
				|| (now->error >= 0 && error != now->error)) {
			sprintf(got, "%a, end %td, %s", value, end - now->text, strerror(error));
			sprintf(expected, "%a, end %d, %s", now->value, now->end, strerror(now->error));
			fail("strtod", now->text, got, expected);
		}
		if (strtod(now->text, 0) != value)
			fail("strtod", now->text, "another value without end", "the same");
	}
	char *end;

	if (!isnan(strtod("nan(", &end)) || *end != '(' || !isnan(strtod("NaNx", &end)) || *end != 'x'
			|| !isnan(strtof("-nan", &end)) || *end)
		fail("strtod", "nan", "something else", "nan");
	if (strtof("16777217", 0) != 16777216 || strtof("16777219", 0) != 16777220
			|| strtof("16777217.0000000000000000000000000001", 0) != 16777218
			|| strtof("1.17549435e-38", 0) != FLT_MIN || strtof("3.4028235677973367e38", 0) != INFINITY
			|| strtof("3.4028235677973366e38", 0) != FLT_MAX)
		fail("strtof", "a known number", "something else", "its value");
	if (strtold("1.5x", &end) != 1.5L || *end != 'x' || strtold("-0x1p-3", 0) != -0.125L)
		fail("strtold", "a known number", "something else", "its value");
}

/* A digit at the end, behind more than 800 others, decides. */
static void check_long(void)
{
	static struct decimal decimal;
	static char text[2 * DIGITS];

	exact(&decimal, (1ull << 53) | 1, -1074);
	for (int sticky = 0; sticky < 2; sticky++) {
		int size = sprintf(text, "0.%.*s%0600d%de%d", decimal.count, decimal.digits, 0, sticky, decimal.point);
		double value = strtod(text, 0), expected = (0x1p52 + sticky) * 0x1p-1073;

		checks++;
		if (decimal.count < 700 || size < 1300 || value != expected)
			fail("strtod", text, "another value", sticky ? "the upper neighbour" : "the even neighbour");
	}
}

/* strtol and its kind */

static int is_digit_of(char c, int base)
{
	int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;

	return value < base ? value : -1;
}

/* What the standard says, with the amount kept from growing. */
static int expected_integer(const char *text, int base, int is_signed, uint64_t *value, long *end)
{
	const char *at = text, *first;
	unsigned __int128 amount = 0, limit = is_signed ? INT64_MAX : UINT64_MAX;
	int negative = 0;

	while (*at && strchr(" \t\n\v\f\r", *at))
		at++;
	if (*at == '-' || *at == '+')
		negative = *at++ == '-';
	if ((base == 0 || base == 16) && *at == '0' && (at[1] == 'x' || at[1] == 'X') && is_digit_of(at[2], 16) >= 0) {
		base = 16;
		at += 2;
	} else if (!base) {
		base = *at == '0' ? 8 : 10;
	}
	for (first = at; is_digit_of(*at, base) >= 0; at++)
		if (amount <= UINT64_MAX)
			amount = amount * (unsigned)base + (unsigned)is_digit_of(*at, base);
	*end = at == first ? 0 : at - text;
	*value = 0;
	if (at == first)
		return EINVAL;
	limit += is_signed && negative;
	*value = negative ? -(uint64_t)amount : (uint64_t)amount;
	if (amount <= limit)
		return 0;
	*value = (uint64_t)limit;
	return ERANGE;
}

static void check_integer(const char *text, int base)
{
	for (int function = 0; function < 6; function++) {
		static const char *const names[] = { "strtol", "strtoll", "strtoimax", "strtoul", "strtoull", "strtoumax" };
		uint64_t value = 0, expected;
		char *end, got[100], wanted[100];
		long length;
		int error, expected_error = expected_integer(text, base, function < 3, &expected, &length);

		errno = 0;
		switch (function) {
		case 0: value = (uint64_t)strtol(text, &end, base); break;
		case 1: value = (uint64_t)strtoll(text, &end, base); break;
		case 2: value = (uint64_t)strtoimax(text, &end, base); break;
		case 3: value = strtoul(text, &end, base); break;
		case 4: value = strtoull(text, &end, base); break;
		case 5: value = strtoumax(text, &end, base); break;
		}
		error = errno;
#ifdef __GLIBC__
		if (expected_error == EINVAL)
			expected_error = error;
#endif
		checks++;
		if (value == expected && end - text == length && error == expected_error)
			continue;
		sprintf(got, "%" PRIx64 ", end %td, %s (base %d)", value, end - text, strerror(error), base);
		sprintf(wanted, "%" PRIx64 ", end %ld, %s", expected, length, strerror(expected_error));
		fail(names[function], text, got, wanted);
	}
}

static void write_integer(char *to, unsigned __int128 amount, int base, int upper)
{
	char reversed[140];
	int count = 0;

	do
		reversed[count++] = (upper ? "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "0123456789abcdefghijklmnopqrstuvwxyz")[amount % (unsigned)base];
	while (amount /= (unsigned)base);
	while (count)
		*to++ = reversed[--count];
	*to = 0;
}

static void check_integers(unsigned long count)
{
	static const char *const texts[] = {
		"", " ", "+", "-", "x", "0", "-0", "+0", "00", "0x", "0X", "0xg", "0x0", "-0x", "-0xF", "0x-1", "0xx1", "00x1", "08", "0779",
		"1 2", "+-1", "--1", "- 1", "\t\n\v\f\r 42", "\b1", "\xa0" "1", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"-18446744073709551615", "-18446744073709551616", "99999999999999999999999999999999999999999z",
		"00000000000000000000000000000000000000000000000001", "0x00000000000000000000000000000000001", "z", "Zz", "1.5", "1e5",
		"0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0x10000000000000000", "1777777777777777777777",
		"@", "[", "`", "{", "/", ":", "A", "a", "g", "G", "10000000000000000000", "1844674407370955162", "1844674407370955161",
	};
	char text[300], *end;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int base = 0; base <= 36; base += 1 + (base == 0))
			check_integer(texts[i], base);
	for (int base = 2; base <= 36; base++)
		for (int limit = 0; limit < 3; limit++)
			for (int near = -40; near <= 40; near++) {
				unsigned __int128 amount = limit == 0 ? 41 : limit == 1 ? (unsigned __int128)1 << 63 : (unsigned __int128)1 << 64;

				text[0] = '-';
				write_integer(text + 1, amount + (unsigned __int128)(__int128)near, base, near & 1);
				check_integer(text, base);
				check_integer(text + 1, base);
			}
	for (unsigned long i = 0; i < count; i++) {
		char *to = text + sprintf(text, "%s%s", below(4) ? "" : below(2) ? "-" : " +", below(4) ? "" : below(2) ? "0x" : "0");
		int base = 1 + (int)below(36);

		for (int digits = (int)below(below(4) ? 24 : 80); digits; digits--)
			*to++ = "0123456789abcdefghijklmnopqrstuvwxyz"[below((unsigned)base)];
		strcpy(to, below(2) ? "" : "_");
		check_integer(text, base == 1 ? 0 : base);
	}
	for (int i = 0; i < 3; i++) {
		errno = 0;
		if (strtol("1", &end, (int[]){ 1, 37, -10 }[i]) || errno != EINVAL)
			fail("strtol", "1", "something", "EINVAL for its base");
	}
#ifndef __GLIBC__
	check_integer("0b1", 0);
	check_integer("0b1", 2);
	check_integer("-0B1", 16);
#endif
}

static void check_all_floats(void)
{
	for (uint64_t bits = 0; bits < 1ull << 32; bits++) {
		uint32_t word = (uint32_t)bits, back;
		char text[64];
		float value;

		memcpy(&value, &word, 4);
		if (isnan(value))
			continue;
		snprintf(text, sizeof text, "%.9g", value);
		value = strtof(text, 0);
		memcpy(&back, &value, 4);
		checks++;
		if (back != word)
			fail("strtof", text, "another value", "the one that was printed");
	}
}

int main(int count, char **arguments)
{
	int whole = count > 1 && !strcmp(arguments[1], "--whole");
	unsigned long rounds = whole ? 2000000 : 60000;

	check_known();
	check_long();
	check_integers(rounds * 5);
	for (unsigned long i = 0; i < rounds; i++)
		for (int is_float = 0; is_float < 2; is_float++) {
			check_neighbours(is_float);
			check_digits(is_float);
			check_round_trip(is_float);
		}
	if (whole)
		check_all_floats();
	printf("numbers: %lu conversions are right\n", checks);
	return 0;
}

/* The printf family (C17 7.21.6) for the common conversions: of integers,
   characters, strings and pointers, and of doubles in decimal with as many digits
   as 128-bit arithmetic decides. Any other format, and what isn't decided, is left
   to musl's own functions, which start from the beginning.

   Digits: a double is m * 2^e. Behind the point, m * 10^p fits 128 bits, so that
   the rounding is exact. Significant digits come from a product with a power of
   ten of 128 bits, as in Adams, "Ryu: fast float-to-string conversion" (2018) and
   Lemire, "Number Parsing at a Gigabyte per Second" (2021). */

#define _GNU_SOURCE
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "digits.h"
#include "powers.h"

#define PUBLIC __attribute__((visibility("default")))

int __musl_vsnprintf(char *restrict, size_t, const char *restrict, va_list);
int __musl_vfprintf(FILE *restrict, const char *restrict, va_list);

/* A field that is wider or a precision that is larger is left to musl's own. The
   digits of an integral double are at most 309. */
enum { LARGEST = 100000, FRACTION = 19, SIGNIFICANT = 18, LIMB = 9, LIMBS = 36, BODY = 352, STREAMED = 1024, SCANNED = 8 };

enum { LEFT = 1, PLUS = 2, SPACE = 4, ALTERNATE = 8, ZEROS = 16 };

enum length { PLAIN, CHAR, SHORT, LONG, LONG_LONG };

struct conversion {
	unsigned flags;
	enum length length;
	int width, precision;
};

/* What was written, and what would have been with more room. */
struct output {
	char *at;
	size_t room, count;
};

/* Both ends of what is short, which overlap; without a call. */
static inline void copy(char *to, const char *from, size_t size)
{
	if (size > 32) {
		memcpy(to, from, size);
	} else if (size >= 16) {
		char first[16], last[16];

		__builtin_memcpy(first, from, 16);
		__builtin_memcpy(last, from + size - 16, 16);
		__builtin_memcpy(to, first, 16);
		__builtin_memcpy(to + size - 16, last, 16);
	} else if (size >= 8) {
		uint64_t first, last;

		__builtin_memcpy(&first, from, 8);
		__builtin_memcpy(&last, from + size - 8, 8);
		__builtin_memcpy(to, &first, 8);
		__builtin_memcpy(to + size - 8, &last, 8);
	} else if (size >= 4) {
		uint32_t first, last;

		__builtin_memcpy(&first, from, 4);
		__builtin_memcpy(&last, from + size - 4, 4);
		__builtin_memcpy(to, &first, 4);
		__builtin_memcpy(to + size - 4, &last, 4);
	} else if (size) {
		to[0] = from[0];
		to[size / 2] = from[size / 2];
		to[size - 1] = from[size - 1];
	}
}

static inline void put(struct output *output, const char *bytes, size_t size)
{
	size_t fitting = size < output->room ? size : output->room;

	copy(output->at, bytes, fitting);
	output->at += fitting;
	output->room -= fitting;
	output->count += size;
}

static inline void fill(struct output *output, char byte, size_t size)
{
	size_t fitting = size < output->room ? size : output->room;

	if (fitting)
		memset(output->at, byte, fitting);
	output->at += fitting;
	output->room -= fitting;
	output->count += size;
}

/* A field: prefix, zeros and body. */
static inline void put_field(struct output *output, const struct conversion *conversion,
	const char *prefix, size_t prefix_size, size_t zeros, const char *body, size_t size)
{
	size_t total = prefix_size + zeros + size, width = (size_t)conversion->width;
	size_t padding = width > total ? width - total : 0;
	unsigned flags = conversion->flags;

	if (!(flags & (LEFT | ZEROS)))
		fill(output, ' ', padding);
	put(output, prefix, prefix_size);
	fill(output, '0', (flags & (LEFT | ZEROS)) == ZEROS ? zeros + padding : zeros);
	put(output, body, size);
	if (flags & LEFT)
		fill(output, ' ', padding);
}

static inline size_t sign(char *to, int negative, unsigned flags)
{
	*to = negative ? '-' : flags & PLUS ? '+' : ' ';
	return negative || flags & (PLUS | SPACE);
}

/* A number in base 8 or 16 before end; nothing for 0. */
static char *put_bits(char *end, uint64_t number, unsigned shift, const char *digits)
{
	for (; number; number >>= shift)
		*--end = digits[number & ((1u << shift) - 1)];
	return end;
}

/* A precision of -1 is none: 0 has one digit. */
static inline void put_integer(struct output *output, const struct conversion *conversion, char letter,
	uint64_t number, int negative)
{
	char digits[24], *end = digits + sizeof digits, *first = end, prefix[2];
	size_t prefix_size = 0, size, zeros;
	int precision = conversion->precision;

	switch (letter) {
	case 'o':
		first = put_bits(end, number, 3, "01234567");
		if (conversion->flags & ALTERNATE && precision <= end - first)
			precision = (int)(end - first) + 1;
		break;
	case 'x':
	case 'X':
		first = put_bits(end, number, 4, letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF");
		if (conversion->flags & ALTERNATE && number) {
			prefix[0] = '0';
			prefix[1] = letter;
			prefix_size = 2;
		}
		break;
	case 'd':
		prefix_size = sign(prefix, negative, conversion->flags);
		__attribute__((fallthrough));
	default:
		if (number) {
			unsigned count = count_digits(number);

			first = end - count;
			put_digits(first, number, count);
		}
	}
	if (precision < 0)
		precision = 1;
	size = (size_t)(end - first);
	zeros = (size_t)precision > size ? (size_t)precision - size : 0;
	put_field(output, conversion, prefix, prefix_size, zeros, first, size);
}

/* A finite double: mantissa * 2^exponent. */
struct binary {
	uint64_t mantissa;
	int exponent;
};

static inline struct binary binary_of(uint64_t bits)
{
	int biased = (int)(bits >> 52) & 0x7ff;
	uint64_t fraction = bits & ((1ull << 52) - 1);
	struct binary binary = {
		biased ? fraction | 1ull << 52 : fraction,
		(biased ? biased : 1) - 1075,
	};

	return binary;
}

static int rounds_to_nearest(void)
{
#if defined __x86_64__
	return !(__builtin_ia32_stmxcsr() & 0x6000);
#elif defined __aarch64__
	uint64_t control;

	__asm__ volatile ("mrs %0, fpcr" : "=r"(control));
	return !(control & 0xc00000);
#else
	return 0;
#endif
}

/* The digits of an integer that is longer than 64 bits; how many they are. */
static __attribute__((noinline)) unsigned put_long(char *to, struct binary binary)
{
	uint32_t limbs[LIMBS];
	uint64_t base = ten_to[LIMB];
	unsigned count = 2, size;

	limbs[0] = (uint32_t)(binary.mantissa % base);
	limbs[1] = (uint32_t)(binary.mantissa / base);
	while (binary.exponent) {
		int shift = binary.exponent < 32 ? binary.exponent : 32;
		uint64_t carry = 0;

		for (unsigned i = 0; i < count; i++) {
			carry += (uint64_t)limbs[i] << shift;
			limbs[i] = (uint32_t)(carry % 1000000000);
			carry /= 1000000000;
		}
		for (; carry; carry /= base)
			limbs[count++] = (uint32_t)(carry % base);
		binary.exponent -= shift;
	}
	size = count_digits(limbs[--count]);
	put_digits(to, limbs[count], size);
	for (; count; size += LIMB)
		put_digits(to + size, limbs[--count], LIMB);
	return size;
}

/* A value as whole + fraction / 10^precision, rounded; whole is below 2^64. */
static inline void divide(struct binary binary, unsigned precision, uint64_t *whole, uint64_t *fraction)
{
	unsigned shift = (unsigned)-binary.exponent;
	uint64_t below = binary.mantissa;
	unsigned __int128 product, rest, half;

	*fraction = 0;
	*whole = 0;
	if (binary.exponent >= 0) {
		*whole = binary.mantissa << binary.exponent;
		return;
	}
	if (shift >= 128)
		return;
	if (shift < 64) {
		*whole = binary.mantissa >> shift;
		below &= (1ull << shift) - 1;
	}
	product = (unsigned __int128)below * ten_to[precision];
	half = (unsigned __int128)1 << (shift - 1);
	rest = product & (2 * half - 1);
	*fraction = (uint64_t)(product >> shift);
	if (rest > half || (rest == half && (precision ? *fraction : *whole) & 1))
		++*fraction;
	if (*fraction == ten_to[precision]) {
		*fraction = 0;
		++*whole;
	}
}

/* %f into a body; its size, or 0 if it isn't decided here. */
static inline size_t put_fixed(char *body, struct binary binary, unsigned precision, unsigned flags)
{
	uint64_t whole, fraction = 0;
	size_t size;

	if (precision > FRACTION)
		return 0;
	if (binary.exponent > 11) {
		size = put_long(body, binary);
	} else {
		divide(binary, precision, &whole, &fraction);
		size = count_digits(whole);
		put_digits(body, whole, (unsigned)size);
	}
	if (precision || flags & ALTERNATE)
		body[size++] = '.';
	put_digits(body + size, fraction, precision);
	return size + precision;
}

/* A value as digits * 10^(ten - wanted + 1), where digits are as many as wanted. */
struct decimal {
	uint64_t digits;
	int ten;
};

/* Digits of an integer below 2^64, rounded, without the last dropped ones. */
static uint64_t shortened(uint64_t whole, unsigned dropped)
{
	uint64_t unit = ten_to[dropped], digits = whole / unit, rest = whole % unit, half = unit / 2;

	return digits + (rest > half || (rest == half && digits & 1));
}

static inline int is_whole(struct binary binary)
{
	return binary.exponent >= 0 ? binary.exponent <= 11
		: binary.exponent > -53 && !(binary.mantissa & ((1ull << -binary.exponent) - 1));
}

static inline uint64_t whole_of(struct binary binary)
{
	return binary.exponent >= 0 ? binary.mantissa << binary.exponent : binary.mantissa >> -binary.exponent;
}

/* Finds the decimal digits of a value; 0 if the rounding isn't decided here. */
static inline int find_digits(struct binary binary, unsigned wanted, struct decimal *decimal)
{
	int shift, exponent, ten, behind;
	uint64_t number, digits, rest, half;
	struct product product;

	decimal->digits = 0;
	decimal->ten = 0;
	if (!binary.mantissa)
		return 1;
	shift = __builtin_clzll(binary.mantissa);
	number = binary.mantissa << shift;
	exponent = binary.exponent - shift;
	/* log2 of the value, at most 0.09 too small, times log10(2) * 2^32. */
	ten = (int)((((int64_t)(exponent + 63) * 65536 + (int64_t)(number << 1 >> 48)) * 1292913986) >> 48);
	for (;; ten++) {
		product = times_ten_to(number, (int)wanted - 1 - ten);
		behind = -(product.exponent + exponent);
		if (behind < 1)
			continue;
		digits = product.high >> behind;
		if (digits < ten_to[wanted])
			break;
	}
	half = 1ull << (behind - 1);
	rest = product.high & (2 * half - 1);
	if (product.exact) {
		digits += rest > half || (rest == half && (product.middle | product.low | (digits & 1)));
	} else if (product.middle + 1 > 1) {
		digits += rest >= half;
	} else {
		int dropped = ten - (int)wanted + 1;

		if (dropped < 1 || dropped > 19 || !is_whole(binary))
			return 0;
		digits = shortened(whole_of(binary), (unsigned)dropped);
	}
	if (digits == ten_to[wanted]) {
		digits /= 10;
		ten++;
	}
	decimal->digits = digits;
	decimal->ten = ten;
	return 1;
}

static inline size_t put_exponent(char *to, char letter, int exponent)
{
	unsigned amount = (unsigned)(exponent < 0 ? -exponent : exponent), count = amount < 100 ? 2 : 3;

	to[0] = letter;
	to[1] = exponent < 0 ? '-' : '+';
	put_digits(to + 2, amount, count);
	return 2 + count;
}

/* A body in the style of %e, of digits that are there as text. */
static inline size_t put_scientific(char *body, const char *digits, unsigned count, char letter, int ten, unsigned flags)
{
	size_t size = 1;

	body[0] = digits[0];
	if (count > 1 || flags & ALTERNATE)
		body[size++] = '.';
	copy(body + size, digits + 1, count - 1);
	size += count - 1;
	return size + put_exponent(body + size, letter, ten);
}

/* A body in the style of %f; ten is at least -4 and less than the digits were. */
static inline size_t put_positional(char *body, const char *digits, unsigned count, int ten, unsigned flags)
{
	size_t size = 0, whole = (size_t)(ten + 1);

	if (ten < 0) {
		__builtin_memcpy(body, "0.0000", 6);
		size = (size_t)(1 - ten);
		copy(body + size, digits, count);
		return size + count;
	}
	if (count <= whole) {
		copy(body, digits, count);
		for (size = count; size < whole; size++)
			body[size] = '0';
		if (flags & ALTERNATE)
			body[size++] = '.';
		return size;
	}
	copy(body, digits, whole);
	body[whole] = '.';
	copy(body + whole + 1, digits + whole, count - whole);
	return count + 1;
}

/* %e and %g into a body; its size, or 0 if it isn't decided here. */
static inline size_t put_significant(char *body, struct binary binary, char letter, unsigned precision, unsigned flags)
{
	int general = (letter | 0x20) == 'g';
	unsigned wanted = general ? precision + !precision : precision + 1, count = wanted;
	struct decimal decimal;
	char digits[SIGNIFICANT + 2];

	if (wanted > SIGNIFICANT || !find_digits(binary, wanted, &decimal))
		return 0;
	put_digits(digits, decimal.digits, wanted);
	if (!general)
		return put_scientific(body, digits, count, letter, decimal.ten, flags);
	if (!(flags & ALTERNATE))
		while (count > 1 && digits[count - 1] == '0')
			count--;
	if (decimal.ten < -4 || decimal.ten >= (int)wanted)
		return put_scientific(body, digits, count, (char)(letter - 2), decimal.ten, flags);
	return put_positional(body, digits, count, decimal.ten, flags);
}

static void put_special(struct output *output, struct conversion *conversion, char letter, int negative, int is_nan)
{
	char prefix, lower = letter & 0x20;
	char body[3] = { (char)((is_nan ? 'N' : 'I') | lower), (char)((is_nan ? 'A' : 'N') | lower), (char)((is_nan ? 'N' : 'F') | lower) };

	conversion->flags &= ~(unsigned)ZEROS;
	put_field(output, conversion, &prefix, sign(&prefix, negative, conversion->flags), 0, body, sizeof body);
}

/* Formats a double; 0 if it isn't decided here. */
static int put_double(struct output *output, struct conversion *conversion, char letter, double value)
{
	union {
		double value;
		uint64_t bits;
	} whole = { value };
	unsigned precision = conversion->precision < 0 ? 6 : (unsigned)conversion->precision;
	struct binary binary = binary_of(whole.bits);
	int negative = whole.bits >> 63 != 0;
	char body[BODY], prefix;
	size_t size;

	if ((whole.bits >> 52 & 0x7ff) == 0x7ff) {
		put_special(output, conversion, letter, negative, whole.bits << 12 != 0);
		return 1;
	}
	if (!rounds_to_nearest())
		return 0;
	if ((letter | 0x20) == 'f')
		size = put_fixed(body, binary, precision, conversion->flags);
	else
		size = put_significant(body, binary, letter, precision, conversion->flags);
	if (!size)
		return 0;
	put_field(output, conversion, &prefix, sign(&prefix, negative, conversion->flags), 0, body, size);
	return 1;
}

static inline const char *scan_flags(const char *at, unsigned *flags)
{
	for (;; at++) {
		switch (*at) {
		case '-': *flags |= LEFT; break;
		case '+': *flags |= PLUS; break;
		case ' ': *flags |= SPACE; break;
		case '#': *flags |= ALTERNATE; break;
		case '0': *flags |= ZEROS; break;
		default: return at;
		}
	}
}

/* A number without sign, or LARGEST + 1 for any that is larger. */
static inline const char *scan_number(const char *at, int *number)
{
	for (*number = 0; (unsigned char)(*at - '0') < 10; at++)
		if (*number <= LARGEST)
			*number = *number * 10 + (*at - '0');
	return at;
}

static inline const char *scan_length(const char *at, enum length *length)
{
	switch (*at) {
	case 'h':
		*length = at[1] == 'h' ? CHAR : SHORT;
		return at + 1 + (at[1] == 'h');
	case 'l':
		*length = at[1] == 'l' ? LONG_LONG : LONG;
		return at + 1 + (at[1] == 'l');
	case 'j':
	case 'z':
	case 't':
		*length = LONG_LONG;
		return at + 1;
	default:
		*length = PLAIN;
		return at;
	}
}

/* A precision makes the flag 0 void for integers. */
static inline void end_zeros(struct conversion *conversion)
{
	if (conversion->precision >= 0)
		conversion->flags &= ~(unsigned)ZEROS;
}

static inline int64_t signed_argument(va_list *arguments, enum length length)
{
	if (length >= LONG)
		return va_arg(*arguments, long);
	switch (length) {
	case CHAR: return (signed char)va_arg(*arguments, int);
	case SHORT: return (short)va_arg(*arguments, int);
	default: return va_arg(*arguments, int);
	}
}

static inline uint64_t unsigned_argument(va_list *arguments, enum length length)
{
	if (length >= LONG)
		return va_arg(*arguments, unsigned long);
	switch (length) {
	case CHAR: return (unsigned char)va_arg(*arguments, int);
	case SHORT: return (unsigned short)va_arg(*arguments, int);
	default: return va_arg(*arguments, unsigned);
	}
}

static inline void put_string(struct output *output, struct conversion *conversion, const char *string)
{
	int precision = conversion->precision;

	if (!string)
		string = "(null)";
	conversion->flags &= ~(unsigned)ZEROS;
	put_field(output, conversion, 0, 0, 0, string, precision < 0 ? strlen(string) : strnlen(string, (size_t)precision));
}

/* Formats one conversion, with its argument; 0 if that is left to musl's own. */
static inline int convert(struct output *output, struct conversion *conversion, char letter, va_list *arguments)
{
	int64_t number;
	char character;

	switch (letter) {
	case 'd':
	case 'i':
		end_zeros(conversion);
		number = signed_argument(arguments, conversion->length);
		put_integer(output, conversion, 'd', number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0);
		return 1;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		end_zeros(conversion);
		put_integer(output, conversion, letter, unsigned_argument(arguments, conversion->length), 0);
		return 1;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		return (conversion->length == PLAIN || conversion->length == LONG)
			&& put_double(output, conversion, letter, va_arg(*arguments, double));
	}
	if (conversion->length != PLAIN)
		return 0;
	switch (letter) {
	case 's':
		put_string(output, conversion, va_arg(*arguments, const char *));
		return 1;
	case 'c':
		character = (char)va_arg(*arguments, int);
		conversion->flags &= ~(unsigned)ZEROS;
		put_field(output, conversion, 0, 0, 0, &character, 1);
		return 1;
	case 'p':
		/* As musl has it: with 0x, and with all digits if there is any precision. */
		end_zeros(conversion);
		if (conversion->precision >= 0 && conversion->precision < 16)
			conversion->precision = 16;
		conversion->flags |= ALTERNATE;
		put_integer(output, conversion, 'x', (uintptr_t)va_arg(*arguments, void *), 0);
		return 1;
	default:
		return 0;
	}
}

/* The next conversion, or the end. */
static inline const char *behind_text(const char *at)
{
	for (unsigned i = 0; i < SCANNED; i++, at++)
		if (!*at || *at == '%')
			return at;
	return strchrnul(at, '%');
}

/* Formats all; 0 if that is left to musl's own. */
static int format(struct output *output, const char *at, va_list *arguments)
{
	for (;;) {
		struct conversion conversion = { 0 };
		const char *text = at;

		at = behind_text(at);
		put(output, text, (size_t)(at - text));
		if (!*at)
			return output->count <= INT_MAX;
		if (*++at == '%') {
			put(output, at++, 1);
			continue;
		}
		at = scan_flags(at, &conversion.flags);
		if (*at == '*') {
			conversion.width = va_arg(*arguments, int);
			if (conversion.width < -LARGEST)
				return 0;
			if (conversion.width < 0) {
				conversion.width = -conversion.width;
				conversion.flags |= LEFT;
			}
			at++;
		} else {
			at = scan_number(at, &conversion.width);
		}
		conversion.precision = -1;
		if (*at == '.') {
			if (*++at == '*') {
				conversion.precision = va_arg(*arguments, int);
				at++;
			} else {
				at = scan_number(at, &conversion.precision);
			}
		}
		if (conversion.width > LARGEST || conversion.precision > LARGEST)
			return 0;
		at = scan_length(at, &conversion.length);
		if (!convert(output, &conversion, *at++, arguments))
			return 0;
	}
}

PUBLIC int vsnprintf(char *restrict to, size_t size, const char *restrict text, va_list arguments)
{
	struct output output = { to, size ? size - 1 : 0, 0 };
	va_list own;
	int done;

	if (size > INT_MAX)
		return __musl_vsnprintf(to, size, text, arguments);
	va_copy(own, arguments);
	done = format(&output, text, &own);
	va_end(own);
	if (!done)
		return __musl_vsnprintf(to, size, text, arguments);
	if (size)
		*output.at = 0;
	return (int)output.count;
}

/* What is formatted here is written at once, so that it is locked and fails as
   musl's own; that also has what needs more room, or none. */
PUBLIC int vfprintf(FILE *restrict stream, const char *restrict text, va_list arguments)
{
	char formatted[STREAMED];
	struct output output = { formatted, sizeof formatted, 0 };
	va_list own;
	int done;

	va_copy(own, arguments);
	done = format(&output, text, &own);
	va_end(own);
	if (!done || !output.count || output.count > sizeof formatted)
		return __musl_vfprintf(stream, text, arguments);
	return fwrite(formatted, 1, output.count, stream) == output.count ? (int)output.count : -1;
}

PUBLIC int vsprintf(char *restrict to, const char *restrict text, va_list arguments)
{
	return vsnprintf(to, INT_MAX, text, arguments);
}

#define FORWARD(call) do { \
	va_list arguments; \
	int returned; \
	va_start(arguments, text); \
	returned = call; \
	va_end(arguments); \
	return returned; \
} while (0)

PUBLIC int snprintf(char *restrict to, size_t size, const char *restrict text, ...)
{
	FORWARD(vsnprintf(to, size, text, arguments));
}

PUBLIC int sprintf(char *restrict to, const char *restrict text, ...)
{
	FORWARD(vsnprintf(to, INT_MAX, text, arguments));
}

PUBLIC int fprintf(FILE *restrict stream, const char *restrict text, ...)
{
	FORWARD(vfprintf(stream, text, arguments));
}

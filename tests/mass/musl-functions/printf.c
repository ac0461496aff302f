/* Tests of the printf family (C17 7.21.6): %e, %f and %g against exact decimal
   expansions in all rounding modes, integers, strings and flags against plain
   code, truncation at every size, and that all functions of the family agree.
   With --whole: more of them. */

#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <wchar.h>

#include "exact.h"

enum { TEXT = 3000 };

static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
static unsigned long checks;

static void fail(const char *format, const char *input, const char *got, const char *expected)
{
	fesetround(FE_TONEAREST);
	printf("printf(\"%s\", %s): got \"%s\", expected \"%s\"\n", format, input, got, expected);
	exit(1);
}

static void check_text(const char *format, const char *input, const char *got, const char *expected, int returned)
{
	char length[100];

	checks++;
	if (strcmp(got, expected))
		fail(format, input, got, expected);
	if (returned == (int)strlen(expected))
		return;
	sprintf(length, "length %d", returned);
	fail(format, input, length, expected);
}

/* What a conversion asks for; a precision of -1 is none. */
struct wish {
	int left, plus, space, alternate, zeros, width, precision;
	char letter;
};

static struct wish random_wish(const char *letters, unsigned precisions)
{
	struct wish wish = {
		!below(5), !below(5), !below(5), !below(5), !below(5), below(2) ? 0 : (int)below(60),
		below(5) ? (int)below(below(2) ? precisions : precisions < 10 ? precisions : 10) : -1,
		letters[below((unsigned)strlen(letters))],
	};

	return wish;
}

/* Writes a format; with stars where width and precision are arguments. */
static void write_format(char *to, const struct wish *wish, const char *length, int stars)
{
	*to++ = '%';
	if (wish->left)
		*to++ = '-';
	if (wish->zeros)
		*to++ = '0';
	if (wish->plus)
		*to++ = '+';
	if (wish->space)
		*to++ = ' ';
	if (wish->alternate)
		*to++ = '#';
	if (stars)
		to += sprintf(to, "*.*");
	else if (wish->width)
		to += sprintf(to, "%d", wish->width);
	if (!stars && wish->precision >= 0)
		to += sprintf(to, below(4) || wish->precision ? ".%d" : ".", wish->precision);
	sprintf(to, "%s%c", length, wish->letter);
}

/* Pads a number or text that has a prefix to the width. */
static void pad(char *to, const struct wish *wish, const char *prefix, const char *body, int zeros)
{
	int padding = wish->width - (int)(strlen(prefix) + strlen(body));

	if (padding < 0)
		padding = 0;
	if (wish->left)
		sprintf(to, "%s%s%*s", prefix, body, padding, "");
	else if (zeros) {
		to += sprintf(to, "%s", prefix);
		memset(to, '0', (size_t)padding);
		strcpy(to + padding, body);
	} else
		sprintf(to, "%*s%s%s", padding, "", prefix, body);
}

static char digit_at(const struct decimal *decimal, int place)
{
	return place >= 0 && place < decimal->count ? decimal->digits[place] : '0';
}

static char *positional(char *to, const struct decimal *decimal, int precision, int point)
{
	for (int i = decimal->point > 0 ? 0 : decimal->point - 1; i < decimal->point; i++)
		*to++ = digit_at(decimal, i);
	if (point)
		*to++ = '.';
	for (int i = 0; i < precision; i++)
		*to++ = digit_at(decimal, decimal->point + i);
	*to = 0;
	return to;
}

static char *scientific(char *to, const struct decimal *decimal, int precision, int point, char letter)
{
	*to++ = digit_at(decimal, 0);
	if (point)
		*to++ = '.';
	for (int i = 1; i <= precision; i++)
		*to++ = digit_at(decimal, i);
	return to + sprintf(to, "%c%+03d", letter, decimal->count ? decimal->point - 1 : 0);
}

static void expect_double(char *to, const struct wish *wish, double value, int mode)
{
	static struct decimal decimal;
	static char body[TEXT];
	char lower = (char)(wish->letter | 0x20), *prefix;
	int precision = wish->precision < 0 ? 6 : wish->precision, negative = signbit(value) != 0, exponent, kept;
	enum rounding rounding = modes[mode] == FE_TONEAREST ? HALF_EVEN
		: modes[mode] == (negative ? FE_DOWNWARD : FE_UPWARD) ? AWAY : TO_ZERO;

	prefix = negative ? "-" : wish->plus ? "+" : wish->space ? " " : "";
	if (!isfinite(value)) {
		const char *text = isnan(value) ? "nan" : "inf";

		pad(to, wish, prefix, lower == wish->letter ? text : isnan(value) ? "NAN" : "INF", 0);
		return;
	}
	exact(&decimal, (uint64_t)ldexp(frexp(fabs(value), &exponent), 53), 0);
	exact(&decimal, (uint64_t)ldexp(frexp(fabs(value), &exponent), 53), exponent - 53);
	if (lower == 'g' && !precision)
		precision = 1;
	kept = lower == 'f' ? decimal.point + precision : lower == 'e' ? precision + 1 : precision;
	if (decimal.count)
		round_digits(&decimal, kept, rounding);
	exponent = decimal.count ? decimal.point - 1 : 0;
	if (lower == 'f') {
		positional(body, &decimal, precision, precision || wish->alternate);
	} else if (lower == 'e') {
		scientific(body, &decimal, precision, precision || wish->alternate, wish->letter);
	} else {
		int style_e = exponent < -4 || exponent >= precision, behind = precision - 1 - (style_e ? 0 : exponent);

		if (!wish->alternate) {
			int needed = decimal.count - 1 - (style_e ? 0 : exponent);

			behind = needed < 0 ? 0 : needed < behind ? needed : behind;
		}
		if (style_e)
			scientific(body, &decimal, behind, behind || wish->alternate, (char)(wish->letter - 2));
		else
			positional(body, &decimal, behind, behind || wish->alternate);
	}
	pad(to, wish, prefix, body, wish->zeros);
}

/* A random double: any, a usual amount, one with few bits, a tie of decimals, or special. */
static double random_double(void)
{
	uint64_t bits = next_random();
	double value;

	switch (below(9)) {
	case 0:
		memcpy(&value, &bits, sizeof value);
		return value;
	case 1:
		return ldexp((double)(int64_t)bits, -(int)below(100));
	case 2:
		return (double)((int)below(2000001) - 1000000) / (below(2) ? 1000 : 8);
	case 3:
		return (double)((int64_t)bits >> below(64));
	case 4:
		value = (double)(1 + below(20));
		for (unsigned i = below(28); i; i--)
			value *= below(2) ? 10 : 5;
		return value;
	case 5:
		value = 1;
		for (unsigned i = below(320); i; i--)
			value /= 10;
		return nextafter(value, below(3) - 1.0);
	case 6:
		return ldexp((double)(below(1000) + 1), (int)below(40) - 40);
	case 7:
		bits &= 0x800fffffffffffff;
		bits &= ~((1ull << below(52)) - 1);
		memcpy(&value, &bits, sizeof value);
		return value;
	default: {
		static const double special[] = { 0, -0.0, INFINITY, -INFINITY, NAN, DBL_MAX, DBL_MIN, 0x1p-1074,
			0.5, 1.5, 2.5, 9.5, 99.5, 0.25, 0.0625, 9.9999995, 999999.5, 1e23, 1e22, 5e-324, 0x1p63, 0x1p64,
			0x1.fffffffffffffp63, 123456.5, 1e15, 1e16, 1e17, 1e-5, 0.0001, 0.00009999995 };

		return special[below(sizeof special / sizeof *special)];
	}
	}
}

static void check_double(void)
{
	static char got[TEXT], expected[TEXT];
	struct wish wish = random_wish("efgEFGgf", below(4) ? 20 : 41);
	double value = random_double();
	int stars = (int)below(2), mode = below(3) ? 0 : (int)below(4), returned;
	char format[100], input[100];

	if (isnan(value))
		value = NAN;
#ifdef __GLIBC__
	/* glibc loses a zero where rounding makes one more digit (99.5 with %#.2g). */
	if ((wish.letter | 0x20) == 'g')
		wish.alternate = 0;
#endif
	write_format(format, &wish, below(4) ? "" : "l", stars);
	expect_double(expected, &wish, value, mode);
	fesetround(modes[mode]);
	if (stars && wish.left)
		returned = snprintf(got, TEXT, format, -wish.width, wish.precision, value);
	else if (stars)
		returned = snprintf(got, TEXT, format, wish.width, wish.precision, value);
	else
		returned = snprintf(got, TEXT, format, value);
	fesetround(FE_TONEAREST);
	sprintf(input, "%a, mode %d, width %d, precision %d", value, mode, wish.width, wish.precision);
	check_text(format, input, got, expected, returned);
}

static void expect_integer(char *to, const struct wish *wish, uint64_t amount, int negative)
{
	int base = wish->letter == 'o' ? 8 : (wish->letter | 0x20) == 'x' ? 16 : 10, precision = wish->precision;
	char reversed[200], body[200], *prefix = "", *end = body;
	int count = 0, is_signed = wish->letter == 'd' || wish->letter == 'i';

	if (is_signed)
		prefix = negative ? "-" : wish->plus ? "+" : wish->space ? " " : "";
	if (base == 16 && wish->alternate && amount)
		prefix = wish->letter == 'x' ? "0x" : "0X";
	for (uint64_t left = amount; left; left /= (unsigned)base)
		reversed[count++] = (wish->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[left % (unsigned)base];
	while (count < (precision < 0 ? 1 : precision))
		reversed[count++] = '0';
	if (base == 8 && wish->alternate && (!count || reversed[count - 1] != '0'))
		reversed[count++] = '0';
	while (count)
		*end++ = reversed[--count];
	*end = 0;
	pad(to, wish, prefix, body, wish->zeros && precision < 0);
}

static void check_integer(void)
{
	static const struct {
		const char *text;
		int bits;
	} lengths[] = { { "", 32 }, { "hh", 8 }, { "h", 16 }, { "l", 64 }, { "ll", 64 }, { "j", 64 }, { "z", 64 }, { "t", 64 } };
	static char got[TEXT], expected[TEXT];
	struct wish wish = random_wish("dioxXu", 40);
	unsigned length = below(8), shift = 64 - (unsigned)lengths[length].bits;
	uint64_t value = next_random() >> below(64), shown;
	int is_signed = wish.letter == 'd' || wish.letter == 'i', negative, returned;
	char format[100], input[100];

	if (!below(12))
		value = (uint64_t)(int64_t[]){ 0, -1, 1, INT_MIN, INT_MAX, INT64_MIN, INT64_MAX, 10, 99, 100 }[below(10)];
	if (below(2))
		value = -value;
	negative = is_signed && (value << shift) >> 63;
	shown = (negative ? -value : value) << shift >> shift;
	write_format(format, &wish, lengths[length].text, 0);
	expect_integer(expected, &wish, shown, negative);
	if (length < 3)
		returned = snprintf(got, TEXT, format, (int)value);
	else
		returned = snprintf(got, TEXT, format, value);
	sprintf(input, "%#llx", (unsigned long long)value);
	check_text(format, input, got, expected, returned);
}

static void check_string(void)
{
	static char got[TEXT], expected[TEXT], string[300], body[300];
	struct wish wish = random_wish("sc", 80);
	char format[100], input[400];
	unsigned count = below(below(4) ? 40 : 250);
	int returned;

	for (unsigned i = 0; i < count; i++)
		string[i] = (char)(' ' + below(95));
	string[count] = 0;
	wish.zeros = wish.plus = wish.space = wish.alternate = 0;
	if (wish.letter == 'c') {
		wish.precision = -1;
		string[1] = 0;
	}
	write_format(format, &wish, "", 0);
	strcpy(body, string);
	if (wish.precision >= 0 && (unsigned)wish.precision < count)
		body[wish.precision] = 0;
	if (wish.letter == 'c') {
		if (!*string)
			return;
		returned = snprintf(got, TEXT, format, *string);
	} else
		returned = snprintf(got, TEXT, format, string);
	pad(expected, &wish, "", body, 0);
	sprintf(input, "\"%s\"", string);
	check_text(format, input, got, expected, returned);
}

/* All functions of the family with the same format and arguments. */

static void check_truncation(const char *format, const char *full, va_list arguments)
{
	static char got[TEXT + 8];
	int length = (int)strlen(full);

	for (int size = 0; size <= length + 2; size++) {
		char input[40];
		int kept = size ? size - 1 < length ? size - 1 : length : 0, returned;
		va_list own;

		memset(got, 'Z', sizeof got);
		va_copy(own, arguments);
		returned = vsnprintf(size ? got : 0, (size_t)size, format, own);
		va_end(own);
		sprintf(input, "size %d", size);
		checks++;
		if (returned != length || (size && (memcmp(got, full, (size_t)kept) || got[kept])) || got[size] != 'Z')
			fail(format, input, got, full);
	}
}

static void read_back(int file, const char *format, const char *by, const char *full, int returned)
{
	static char got[TEXT];
	ssize_t size;

	lseek(file, 0, SEEK_SET);
	size = read(file, got, TEXT - 1);
	got[size < 0 ? 0 : size] = 0;
	check_text(format, by, got, full, returned);
	if (ftruncate(file, 0))
		fail(format, by, "a file that stays", full);
	lseek(file, 0, SEEK_SET);
}

__attribute__((format(printf, 1, 2)))
static void check_family(const char *format, ...)
{
	static char full[TEXT], got[TEXT];
	static FILE *file;
	va_list arguments, own;
	char *allocated = 0;
	size_t size;
	int returned;
	FILE *memory;

	if (!file && !(file = tmpfile()))
		exit(2);
	va_start(arguments, format);
	va_copy(own, arguments);
	returned = vsnprintf(full, TEXT, format, own);
	va_end(own);
	check_text(format, "vsnprintf", full, full, returned);
	check_truncation(format, full, arguments);
	va_copy(own, arguments);
	returned = vsprintf(got, format, own);
	va_end(own);
	check_text(format, "vsprintf", got, full, returned);
	va_copy(own, arguments);
	returned = vasprintf(&allocated, format, own);
	va_end(own);
	check_text(format, "vasprintf", allocated, full, returned);
	free(allocated);
	va_copy(own, arguments);
	returned = vdprintf(fileno(file), format, own);
	va_end(own);
	read_back(fileno(file), format, "vdprintf", full, returned);
	va_copy(own, arguments);
	returned = vfprintf(file, format, own);
	va_end(own);
	fflush(file);
	read_back(fileno(file), format, "vfprintf", full, returned);
	memory = open_memstream(&allocated, &size);
	returned = vfprintf(memory, format, arguments);
	va_end(arguments);
	fclose(memory);
	check_text(format, "vfprintf to memory", allocated, full, returned);
	free(allocated);
}

static void check_all_of_family(void)
{
	static char string[1500];

	memset(string, 's', sizeof string - 1);
	check_family("no conversion at all%%");
	check_family("%d", 5);
	check_family("%s", "");
	check_family("%s|%.3s|%10s|%-10s|%c", "text", "text", "text", "text", 'c');
	check_family("%s", string);
	check_family("%d %s %d", 1, string, 2);
	check_family("%1100d|%-1100d", 1, 2);
	check_family("%f %e %g %.17g %.0f %#.0f", 1.5, 2.5e100, 1e-5, 0.1, 0.5, 0.5);
	check_family("%.40f %.30e %f", 1.0 / 3, 1e200, 1e300);
	check_family("%*.*f|%-*d|%.*s", 20, 3, 3.14159, 8, 42, 2, "abc");
	check_family("%a %La %Lf %La", 1.0, 1.0L, 2.5L, 3.0L);
	check_family("%hhd %hd %ld %lld %jd %zd %td", 1, 2, 3L, 4LL, (intmax_t)5, (ssize_t)6, (ptrdiff_t)7);
	check_family("%ls %lc", L"wide", (wint_t)L'w');
	check_family("%p %p", (void *)0, (void *)string);
	check_family("%x %X %o %#x %#X %#o %u", 255u, 255u, 255u, 255u, 255u, 255u, 255u);
	check_family("\n%d\n%d\nrest", 1, 2);
}

/* More arguments of each class than there are registers. */
static void check_arguments(void)
{
	char got[TEXT], *expected = "1 1.5 2 2.5 3 3.5 4 4.5 5 5.5 6 6.5 7 7.5 8 8.5 9 9.5 ten 10.5 11 11.25 +12.125 -13";
	int returned = snprintf(got, TEXT, "%d %g %d %g %d %g %d %g %d %g %d %g %d %g %ld %g %d %g %s %g %hhd %.2f %+.*f %*ld",
		1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8L, 8.5, 9, 9.5, "ten", 10.5, 11, 11.25, 3, 12.125, 3, -13L);

	check_text("many arguments", "", got, expected, returned);
	returned = snprintf(got, TEXT, "%2$s %1$d", 1, "positional");
	check_text("%2$s %1$d", "", got, "positional 1", returned);
	returned = snprintf(got, TEXT, "%Lf %d %f", 1.5L, 3, 2.5);
	check_text("%Lf %d %f", "", got, "1.500000 3 2.500000", returned);
	returned = snprintf(got, TEXT, "%d %a %s", 1, 0.0, "x");
	check_text("%d %a %s", "", got, "1 0x0p+0 x", returned);
}

static void check_failures(void)
{
	FILE *file = fopen("/dev/null", "r"), *full = fopen("/dev/full", "w");
	int returned;

	if (!file || (returned = fprintf(file, "%d", 1)) >= 0 || !ferror(file))
		fail("%d", "a stream for reading", "no failure", "a failure");
	fclose(file);
	if (!full)
		return;
	setvbuf(full, 0, _IONBF, 0);
	errno = 0;
	if (fprintf(full, "%d", 1) >= 0 || !ferror(full) || errno != ENOSPC)
		fail("%d", "a full device", "no failure", "ENOSPC");
	fclose(full);
#ifndef __GLIBC__
	char text[8];

	errno = 0;
	if (snprintf(text, sizeof text, "%2147483647d%d", 1, 1) >= 0 || errno != EOVERFLOW)
		fail("%2147483647d%d", "1, 1", "no failure", "EOVERFLOW");
	snprintf(text, sizeof text, "%s", (char *)0);
	check_text("%s", "a null pointer", text, "(null)", 6);
	snprintf(text, sizeof text, "%p", (void *)0);
	check_text("%p", "a null pointer", text, "0", 1);
#endif
}

int main(int count, char **arguments)
{
	unsigned long rounds = count > 1 && !strcmp(arguments[1], "--whole") ? 5000000 : 100000;

	check_arguments();
	check_all_of_family();
	check_failures();
	for (unsigned long i = 0; i < rounds; i++) {
		check_double();
		check_integer();
		check_string();
	}
	printf("printf: %lu results are right\n", checks);
	return 0;
}

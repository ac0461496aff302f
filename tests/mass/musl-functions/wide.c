/* The wide functions beside plain loops: every length up to 150, against both ends of
   an area that other pages cannot be read from, at all alignments of a vector.
   Usage: wide [--whole] */

#define _GNU_SOURCE
#include <wchar.h>

#include "harness.h"

enum { LONGEST = 150 };

/* musl before 1.2.4 subtracts characters: with -DSUBTRACTS the test has none whose
   difference is no int. */
#ifdef SUBTRACTS
enum { LEAST = -0x3fffffff, MOST = 0x3fffffff };
#else
enum { LEAST = INT32_MIN, MOST = INT32_MAX };
#endif

static int few_calls(void)
{
	wchar_t text[64], copy[64];

	for (int i = 0; i < 64; i++)
		text[i] = 1000 + i;
	text[63] = 0;
	wmemset(copy, 7, 64);
	wmemcpy(copy, text, 60);
	wmemmove(copy + 1, copy, 50);
	return copy[1] == 1000 && copy[50] == 1049 && copy[51] == 1051 && copy[60] == 7 && wcslen(text) == 63
		&& wcsnlen(text, 20) == 20 && wcschr(text, 1030) == text + 30 && wmemchr(text, 1040, 64) == text + 40
		&& wmemcmp(text, copy, 64) > 0 && !wcsncmp(copy + 1, text, 50) && wcscmp(text, copy + 1) < 0;
}

/* Wide characters are aligned: one of eight places in a vector, and both ends. */
static int wide_place(struct area area, size_t n, int which, wchar_t **at)
{
	if (which == 0)
		*at = (wchar_t *)area.end - n;
	else if (which == 1)
		*at = (wchar_t *)area.start;
	else if (which < 18)
		*at = (wchar_t *)area.start + 128 + (which - 2);
	else if (which < 26)
		*at = (wchar_t *)area.end - n - (which - 17);
	else
		return 0;
	return 1;
}

static void fill_wide(wchar_t *s, size_t n)
{
	static const wchar_t values[] = { 1, -1, 0x100, 0x10000, 0x1000000, LEAST, MOST, 0x01010100, 'a' };

	for (size_t i = 0; i < n; i++)
		s[i] = values[i % 9];
}

static void test_finds(struct area area)
{
	const wchar_t c = 0x00ff00ff;
	wchar_t *s;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; wide_place(area, n + 1, which, &s); which++) {
			for (wchar_t *at = (wchar_t *)area.start; at < (wchar_t *)area.end; at++)
				*at = c;
			fill_wide(s, n);
			s[n] = 0;
			CHECK("wcslen", s, 0, n, wcslen(s), n);
			CHECK("wcsnlen", s, 0, n, wcsnlen(s, n), n);
			CHECK("wcsnlen, more", s, 0, n + 1, wcsnlen(s, n + 1), n);
			CHECK("wcsnlen, less", s, 0, n / 2, wcsnlen(s, n / 2), n / 2);
			CHECK("wcsnlen, SIZE_MAX", s, 0, SIZE_MAX, wcsnlen(s, SIZE_MAX), n);
			CHECK("wcsnlen, SIZE_MAX / 4 + 2", s, 0, n, wcsnlen(s, SIZE_MAX / 4 + 2), n);
			CHECK("wcschr, absent", s, 0, n, wcschr(s, c), 0);
			CHECK("wcschr, the end", s, 0, n, wcschr(s, 0), s + n);
			CHECK("wcsrchr, absent", s, 0, n, wcsrchr(s, c), 0);
			CHECK("wcsrchr, the end", s, 0, n, wcsrchr(s, 0), s + n);
			CHECK("wmemchr, absent", s, 0, n, wmemchr(s, c, n), 0);
			CHECK("wmemchr, the end", s, 0, n, wmemchr(s, 0, n + 1), s + n);
			for (size_t i = 0; i < n; i += n < 40 || whole ? 1 : 1 + n / 16) {
				wchar_t kept = s[i];

				s[i] = c;
				CHECK("wcschr", s, 0, n, wcschr(s, c), s + i);
				CHECK("wmemchr", s, 0, n, wmemchr(s, c, n), s + i);
				CHECK("wmemchr, SIZE_MAX", s, 0, n, wmemchr(s, c, SIZE_MAX), s + i);
				CHECK("wmemchr, just so far", s, 0, i + 1, wmemchr(s, c, i + 1), s + i);
				CHECK("wmemchr, not so far", s, 0, i, wmemchr(s, c, i), 0);
				CHECK("wcsrchr", s, 0, n, wcsrchr(s, c), s + i);
				if (i) {
					wchar_t first = s[0];

					s[0] = c;
					CHECK("wcsrchr, the last of two", s, 0, n, wcsrchr(s, c), s + i);
					CHECK("wcschr, the first of two", s, 0, n, wcschr(s, c), s);
					s[0] = first;
				}
				s[i] = 0;
				CHECK("wcslen, two ends", s, 0, n, wcslen(s), i);
				CHECK("wcschr, behind the end", s, 0, n, wcschr(s, c), 0);
				CHECK("wcsrchr, behind the end", s, 0, n, wcsrchr(s, c), 0);
				CHECK("wcsrchr, the first end", s, 0, n, wcsrchr(s, 0), s + i);
				s[i] = kept;
			}
		}
	}
}

static int plain_compare(const wchar_t *a, const wchar_t *b, size_t n, int strings)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
		if (strings && !a[i])
			return 0;
	}
	return 0;
}

static void check_compared(const wchar_t *a, const wchar_t *b, size_t n)
{
	const size_t limits[] = { 0, n / 2, n, n + 1, n + 70, SIZE_MAX, SIZE_MAX / 4 + 2 };

	CHECK_SIGN("wmemcmp", a, b, n, wmemcmp(a, b, n), plain_compare(a, b, n, 0));
	CHECK_SIGN("wmemcmp, the other way", b, a, n, wmemcmp(b, a, n), plain_compare(b, a, n, 0));
	CHECK_SIGN("wcscmp", a, b, n, wcscmp(a, b), plain_compare(a, b, SIZE_MAX, 1));
	CHECK_SIGN("wcscmp, the other way", b, a, n, wcscmp(b, a), plain_compare(b, a, SIZE_MAX, 1));
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		CHECK_SIGN("wcsncmp", a, b, limits[i], wcsncmp(a, b, limits[i]), plain_compare(a, b, limits[i], 1));
}

static void test_compares(struct area one, struct area other)
{
	static const wchar_t changes[] = { 0, 1, LEAST, -2, 0x100 };
	wchar_t *a, *b;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; wide_place(one, n + 1, which, &a); which++) {
			wide_place(other, n + 1, (which * 5 + (int)n) % 26, &b);
			fill_wide(a, n);
			fill_wide(b, n);
			a[n] = b[n] = 0;
			check_compared(a, b, n);
			for (size_t i = 0; i < n; i += 1 + n / (whole ? 60 : 12)) {
				wchar_t kept = b[i];

				for (size_t k = 0; k < sizeof(changes) / sizeof(*changes); k++) {
					b[i] = changes[k];
					check_compared(a, b, n);
				}
				b[i] = kept;
			}
		}
	}
}

static void test_compares_of_pages(struct area one, struct area other)
{
	for (size_t round = 0; round < (whole ? 20000u : 2000u); round++) {
		size_t n = 1024 + random_below(2048), where = random_below(n);
		wchar_t *a = (wchar_t *)one.end - n - 1 - random_below(round % 3 ? 20 : 1000);
		wchar_t *b = (wchar_t *)other.end - n - 1 - random_below(round % 5 ? 20 : 1000);

		fill_wide(a, n);
		fill_wide(b, n);
		a[n] = b[n] = 0;
		check_compared(a, b, n);
		b[where] = round & 1 ? 0 : b[where] ^ 0x100;
		check_compared(a, b, where);
	}
}

static void test_copies(struct area source, struct area target)
{
	enum { MORE = 20 };
	wchar_t *from, *to;

	for (size_t n = 0; n <= 3 * LONGEST; n++) {
		for (int which = 0; wide_place(source, n, which, &from); which++) {
			fill_wide(from, n);
			wide_place(target, n, (which * 5 + (int)n) % 26, &to);
			for (int function = 0; function < 3; function++) {
				wchar_t *result;
				size_t wrong = 0;

				for (size_t i = 0; i < n; i++)
					to[i] = 0x55555555;
				result = function == 0 ? wmemcpy(to, from, n) : function == 1 ? wmemmove(to, from, n) : wmemset(to, -2, n);
				CHECK("wide copy's result", to, from, n, result, to);
				for (size_t i = 0; i < n; i++)
					wrong += to[i] != (function == 2 ? -2 : from[i]);
				CHECK("wide copy's characters", to, from, n, wrong, 0);
			}
			if (which % 4)
				continue;
			to = (wchar_t *)target.start + 100 + which;
			for (size_t i = 0; i < n + 2 * MORE; i++)
				to[i] = (wchar_t)i;
			wmemset(to + MORE, 0x12345678, n);
			for (size_t i = 0; i < n + 2 * MORE; i++)
				CHECK("wmemset's neighbours", to, 0, n, to[i], i < MORE || i >= n + MORE ? (wchar_t)i : 0x12345678);
			for (int distance = -MORE; distance <= MORE; distance += 1 + (n > 40) * 4) {
				size_t wrong = 0;

				for (size_t i = 0; i < n + 2 * MORE; i++)
					to[i] = (wchar_t)i;
				wmemmove(to + MORE + distance, to + MORE, n);
				for (size_t i = 0; i < n; i++)
					wrong += to[(size_t)(MORE + distance) + i] != (wchar_t)(MORE + i);
				CHECK("wmemmove, overlapping", to + MORE + distance, to + MORE, n, wrong, 0);
			}
		}
	}
}

/* What is expected of to, which has room for n characters more than it gets, all of them 0x55555555 but its own. */
static void check_string(const char *function, const wchar_t *to, const wchar_t *from, size_t own, size_t length, size_t zeros, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		wchar_t expected = i < own ? (wchar_t)(i + 1) : i < own + length ? from[i - own] : i < own + length + zeros ? 0 : 0x55555555;

		wrong += to[i] != expected;
	}
	CHECK(function, to, from, length, wrong, 0);
}

static wchar_t *prepared(wchar_t *to, size_t own, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = i < own ? (wchar_t)(i + 1) : i == own ? 0 : 0x55555555;
	return to;
}

static void test_strings(struct area source, struct area target)
{
	enum { MORE = 8 };
	wchar_t *from, *to;

	for (size_t n = 0; n <= LONGEST; n++) {
		const size_t limits[] = { 0, n / 2, n, n + 1, n + 30, SIZE_MAX / sizeof(wchar_t), SIZE_MAX };

		for (int which = 0; wide_place(source, n + 1, which, &from); which++) {
			size_t own = (size_t)which * 3;

			fill_wide(from, n);
			from[n] = 0;
			to = (wchar_t *)target.start + which % 9;
			prepared(to, 0, n + 1 + MORE);
			CHECK("wcscpy", to, from, n, wcscpy(to, from), to);
			check_string("wcscpy's characters", to, from, 0, n, 1, n + 1 + MORE);
			prepared(to, 0, n + 1 + MORE);
			CHECK("wcpcpy", to, from, n, wcpcpy(to, from), to + n);
			check_string("wcpcpy's characters", to, from, 0, n, 1, n + 1 + MORE);
			prepared(to, own, own + n + 1 + MORE);
			CHECK("wcscat", to, from, n, wcscat(to, from), to);
			check_string("wcscat's characters", to, from, own, n, 1, own + n + 1 + MORE);
			for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
				size_t limit = limits[i], length = limit < n ? limit : n;

				prepared(to, own, own + n + 1 + MORE);
				CHECK("wcsncat", to, from, limit, wcsncat(to, from, limit), to);
				check_string("wcsncat's characters", to, from, own, length, 1, own + n + 1 + MORE);
				if (limit > n + 30)
					continue;
				prepared(to, 0, n + 31 + MORE);
				to[0] = 0x55555555;
				CHECK("wcsncpy", to, from, limit, wcsncpy(to, from, limit), to);
				check_string("wcsncpy's characters", to, from, 0, length, limit - length, n + 31 + MORE);
				prepared(to, 0, n + 31 + MORE);
				to[0] = 0x55555555;
				CHECK("wcpncpy", to, from, limit, wcpncpy(to, from, limit), to + length);
				check_string("wcpncpy's characters", to, from, 0, length, limit - length, n + 31 + MORE);
			}
		}
	}
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	test_finds(new_area(PAGE));
	test_compares(new_area(PAGE), new_area(PAGE));
	test_compares_of_pages(new_area(5 * PAGE), new_area(5 * PAGE));
	test_copies(new_area(2 * PAGE), new_area(2 * PAGE));
	test_strings(new_area(PAGE), new_area(2 * PAGE));
	return finish("wide");
}

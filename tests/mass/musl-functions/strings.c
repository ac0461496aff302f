/* The string functions beside plain loops: every length up to 300, against both ends
   of an area that other pages cannot be read from, at all alignments of a vector.
   Usage: strings [--whole] */

#define _GNU_SOURCE
#include <string.h>
#include <strings.h>

#include "harness.h"

enum { LONGEST = 300 };

static int few_calls(void)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog, and so on: it is a long sentence.";
	char copy[160];

	strcpy(copy, text);
	strcat(copy, text + 60);
	strncpy(copy + 100, text, 40);
	return strlen(text) == 78 && !strcmp(copy + 78, text + 60) && strlen(copy) == 96 && copy[139] == ' '
		&& strchr(text, 'q') == text + 4 && strrchr(text, 'T') == text && !strncmp(copy, text, 78)
		&& strcasecmp(text, copy) < 0 && strspn(text, "Thequick ") == 10 && strcspn(text, "xyzv.,") == 18
		&& strstr(text, "lazy dog") == text + 35 && strnlen(text, 50) == 50 && !strstr(text, "lazy cat");
}

static char *expect_last(char *s, size_t n, char c)
{
	for (size_t i = n + 1; i-- > 0;)
		if (s[i] == c)
			return s + i;
	return 0;
}

/* Strings of length n without and with a character that is looked for. */
static void test_finds(struct area area)
{
	byte *at;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; place(area, n + 1, which, &at); which++) {
			size_t step = n < 70 || whole ? 1 : 1 + n / 16;
			char *s = (char *)at;

			memset(area.start, '\xee', (size_t)(area.end - area.start));
			for (size_t i = 0; i < n; i++)
				s[i] = (char)(i & 1 ? 0x7f : 0x81);
			if (at > area.start)
				s[-1] = which & 1 ? 0 : '\xee';
			s[n] = 0;
			CHECK("strlen", s, 0, n, strlen(s), n);
			for (size_t limit = n > 2 ? n - 2 : 0; limit < n + 4; limit++)
				CHECK("strnlen", s, 0, limit, strnlen(s, limit), limit < n ? limit : n);
			CHECK("strnlen, SIZE_MAX", s, 0, n, strnlen(s, SIZE_MAX), n);
			CHECK("strnlen, half", s, 0, n, strnlen(s, n / 2), n / 2);
			CHECK("strnlen, no end", s, 0, n, strnlen(s, SIZE_MAX - 10), n);
			CHECK("strchr, absent", s, 0, n, strchr(s, 0xee), 0);
			CHECK("strchr, the end", s, 0, n, strchr(s, 0x100), s + n);
			CHECK("strchrnul, absent", s, 0, n, strchrnul(s, 0xee), s + n);
			CHECK("strrchr, absent", s, 0, n, strrchr(s, 0xee), 0);
			CHECK("strrchr, the end", s, 0, n, strrchr(s, 0), s + n);
			CHECK("index, the end", s, 0, n, index(s, 0), s + n);
			for (size_t i = 0; i < n; i += step) {
				char kept = s[i], last = s[n - 1];

				s[i] = '\xee';
				CHECK("strchr", s, 0, n, strchr(s, 0xee), s + i);
				CHECK("strchr, negative", s, 0, n, strchr(s, '\xee'), s + i);
				CHECK("strchrnul", s, 0, n, strchrnul(s, 0x1ee), s + i);
				CHECK("strrchr", s, 0, n, strrchr(s, 0xee), s + i);
				s[n - 1] = '\xee';
				CHECK("strchr, two", s, 0, n, strchr(s, 0xee), s + i);
				CHECK("index, two", s, 0, n, index(s, 0xee), s + i);
				CHECK("strrchr, two", s, 0, n, strrchr(s, 0xee), s + n - 1);
				CHECK("rindex, many", s, 0, n, rindex(s + i, '\x7f'), expect_last(s + i, n - i, '\x7f'));
				s[n - 1] = last;
				s[i] = 0;
				CHECK("strlen, two ends", s, 0, n, strlen(s), i);
				CHECK("strnlen, two ends", s, 0, n, strnlen(s, n), i);
				s[i] = kept;
			}
		}
	}
}

/* A tolower of the POSIX locale. */
static int small(byte c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int plain_compare(const byte *a, const byte *b, size_t n, int folded)
{
	for (size_t i = 0; i < n; i++) {
		int left = folded ? small(a[i]) : a[i], right = folded ? small(b[i]) : b[i];

		if (left != right)
			return left - right;
		if (!left)
			return 0;
	}
	return 0;
}

static void check_compared(const char *a, const char *b, size_t n)
{
	const byte *x = (const byte *)a, *y = (const byte *)b;
	const size_t limits[] = { 0, n / 2, n - (n > 0), n, n + 1, n + 70, SIZE_MAX };

	CHECK_SIGN("strcmp", a, b, n, strcmp(a, b), plain_compare(x, y, SIZE_MAX, 0));
	CHECK_SIGN("strcmp, the other way", b, a, n, strcmp(b, a), plain_compare(y, x, SIZE_MAX, 0));
	CHECK_SIGN("strcasecmp", a, b, n, strcasecmp(a, b), plain_compare(x, y, SIZE_MAX, 1));
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		CHECK_SIGN("strncmp", a, b, limits[i], strncmp(a, b, limits[i]), plain_compare(x, y, limits[i], 0));
		CHECK_SIGN("strncasecmp", a, b, limits[i], strncasecmp(a, b, limits[i]), plain_compare(x, y, limits[i], 1));
	}
}

static void test_compares(struct area one, struct area other)
{
	byte *at, *other_at;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; place(one, n + 1, which, &at); which++) {
			size_t step = n < 40 ? 1 : 1 + n / (whole ? 40 : 8);
			char *a = (char *)at, *b;

			place(other, n + 1, (which * 5 + (int)n) % PLACES, &other_at);
			b = (char *)other_at;
			fill_with_pattern(at, n);
			fill_with_pattern(other_at, n);
			a[n] = b[n] = 0;
			if (at + n + 1 < one.end)
				a[n + 1] = 'x';
			check_compared(a, b, n);
			for (size_t i = 0; i < n; i += step) {
				char kept = b[i];

				b[i] = 0;
				check_compared(a, b, n);
				b[i] = (char)(kept ^ 0x80);
				check_compared(a, b, n);
				b[i] = (char)(kept ^ 0x20);
				check_compared(a, b, n);
				b[i] = kept;
			}
		}
	}
	/* All pairs of characters. */
	for (int i = 0; i < 256; i++) {
		for (int k = 0; k < 256; k++) {
			char a[64], b[64];

			for (size_t n = 0; n < 64; n++)
				a[n] = b[n] = (char)('A' + n % 20);
			a[k % 50] = (char)i;
			b[k % 50] = (char)k;
			a[63] = b[63] = 0;
			check_compared(a, b, 60);
		}
	}
}

/* Over the ends of pages, at each pair of offsets. */
static void test_compares_of_pages(struct area one, struct area other)
{
	for (size_t round = 0; round < (whole ? 20000u : 2000u); round++) {
		size_t n = PAGE + random_below(2 * PAGE), where = random_below(n);
		char *a = (char *)one.end - n - 1 - random_below(round % 3 ? 70 : PAGE - 100);
		char *b = (char *)other.end - n - 1 - random_below(round % 5 ? 70 : PAGE - 100);

		for (size_t i = 0; i < n; i++)
			a[i] = b[i] = (char)('A' + i % 50);
		a[n] = b[n] = 0;
		check_compared(a, b, n);
		b[where] = (char)(round & 1 ? 0 : b[where] ^ 32);
		check_compared(a, b, where);
	}
}

static void check_bytes(const char *function, const char *to, const char *from, size_t n, const char *expected, size_t all)
{
	for (size_t i = 0; i < all; i++)
		if (to[i] != expected[i])
			check_at(0, function, to, from, n, to[i], expected[i]);
	checks++;
}

static void test_copies(struct area source, struct area target)
{
	enum { MORE = 40 };
	static char expected[8 * LONGEST];
	byte *at, *other_at;

	for (size_t n = 0; n <= (whole ? 4 : 2) * LONGEST; n += n < LONGEST ? 1 : 13) {
		for (int which = 0; place(source, n + 1, which, &at); which++) {
			const size_t limits[] = { 0, n / 2, n, n + 1, n + 30 };
			char *from = (char *)at, *to;

			fill_with_pattern(at, n);
			from[n] = 0;
			place(target, n + 1, (which * 5 + (int)n) % PLACES, &other_at);
			to = (char *)other_at;
			memset(to, '\xee', n + 1);
			memcpy(expected, from, n + 1);
			CHECK("strcpy", to, from, n, strcpy(to, from), to);
			check_bytes("strcpy's bytes", to, from, n, expected, n + 1);
			memset(to, '\xee', n + 1);
			CHECK("stpcpy", to, from, n, stpcpy(to, from), to + n);
			check_bytes("stpcpy's bytes", to, from, n, expected, n + 1);

			/* Nothing is written behind the copy, or in front of it. */
			to = (char *)target.start + 1024 + which;
			memset(to - MORE, '\xee', n + 2 * MORE);
			memset(expected, '\xee', n + 2 * MORE);
			memcpy(expected + MORE, from, n + 1);
			strcpy(to, from);
			check_bytes("strcpy's neighbours", to - MORE, from, n, expected, n + 2 * MORE);

			memset(to, 'x', 10 + n % 40);
			memset(expected + MORE, 'x', 10 + n % 40);
			to[10 + n % 40] = 0;
			memcpy(expected + MORE + 10 + n % 40, from, n + 1);
			CHECK("strcat", to, from, n, strcat(to, from), to);
			check_bytes("strcat's bytes", to, from, n, expected + MORE, 10 + n % 40 + n + 1);

			for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
				size_t limit = limits[i], copied = n < limit ? n : limit;

				place(target, limit, (which * 7 + (int)n) % PLACES, &other_at);
				to = (char *)other_at;
				memset(to, '\xee', limit);
				memset(expected, 0, limit);
				memcpy(expected, from, copied);
				CHECK("strncpy", to, from, limit, strncpy(to, from, limit), to);
				check_bytes("strncpy's bytes", to, from, limit, expected, limit);
				memset(to, '\xee', limit);
				CHECK("stpncpy", to, from, limit, stpncpy(to, from, limit), to + copied);
				check_bytes("stpncpy's bytes", to, from, limit, expected, limit);

				place(target, copied + 8, (which * 3 + (int)n) % PLACES, &other_at);
				to = (char *)other_at;
				memset(to, '\xee', copied + 8);
				strcpy(to, "1234567");
				strcpy(expected, "1234567");
				memcpy(expected + 7, from, copied);
				expected[7 + copied] = 0;
				CHECK("strncat", to, from, limit, strncat(to, from, limit), to);
				check_bytes("strncat's bytes", to, from, limit, expected, copied + 8);
				if (limit < n)
					continue;
				to[7] = 0;
				CHECK("strncat, SIZE_MAX", to, from, limit, strncat(to, from, SIZE_MAX), to);
				check_bytes("strncat's bytes, SIZE_MAX", to, from, limit, expected, copied + 8);
			}
		}
	}
	/* No end of the source in its n characters. */
	for (size_t n = 0; n <= LONGEST; n++) {
		char *from = (char *)source.end - n, *to = (char *)target.end - n - 1;

		fill_with_pattern((byte *)from, n);
		memcpy(expected, from, n);
		strncpy(to, from, n);
		check_bytes("strncpy without an end", to, from, n, expected, n);
		*to = 0;
		strncat(to, from, n);
		check_bytes("strncat without an end", to, from, n, expected, n);
		CHECK("strnlen without an end", from, 0, n, strnlen(from, n), n);
		CHECK("strncmp without an end", from, to, n, strncmp(from, to, n), 0);
	}
}

static size_t plain_span(const char *s, const char *set, int inside)
{
	size_t n = 0;

	for (; s[n]; n++) {
		const char *c = set;

		while (*c && *c != s[n])
			c++;
		if (inside == !*c)
			break;
	}
	return n;
}

static void test_spans(struct area one, struct area other)
{
	for (size_t round = 0; round < (whole ? 2000000u : 200000u); round++) {
		size_t n = random_below(round % 4 ? 60 : 310), members = random_below(round % 8 ? 9 : 80);
		size_t letters = 1 + random_below(round % 2 ? 255 : 12), base = random_below(256);
		char *s = round & 1 ? (char *)one.end - n - 1 : (char *)one.start + random_below(70);
		char *set = round & 2 ? (char *)other.end - members - 1 : (char *)other.start + random_below(70);
		size_t inside, outside;

		for (size_t i = 0; i < members; i++)
			if (!(set[i] = (char)(base + random_below(letters))))
				set[i] = 1;
		for (size_t i = 0; i < n; i++)
			if (!(s[i] = (char)(members && random_below(n) ? (round & 4 ? set[random_below(members)] : '!') : (char)(base + random_below(letters)))))
				s[i] = 2;
		s[n] = set[members] = 0;
		inside = plain_span(s, set, 1);
		outside = plain_span(s, set, 0);
		CHECK("strspn", s, set, n, strspn(s, set), inside);
		CHECK("strcspn", s, set, n, strcspn(s, set), outside);
		CHECK("strpbrk", s, set, n, strpbrk(s, set), s[outside] ? s + outside : 0);
	}
}

static const char *plain_strstr(const char *text, const char *needle, int folded)
{
	for (;; text++) {
		size_t k = 0;

		while (needle[k] && (folded ? small((byte)text[k]) == small((byte)needle[k]) : text[k] == needle[k]))
			k++;
		if (!needle[k])
			return text;
		if (!*text)
			return 0;
	}
}

static void test_strstr(struct area one, struct area other)
{
	static const char alphabet[] = "aAbB\xe4\xc4zZ[@";

	for (size_t round = 0; round < (whole ? 3000000u : 300000u); round++) {
		size_t letters = 1 + random_below(round % 7 ? 4 : 10), n = random_below(round % 16 ? 100 : 1500);
		size_t length = random_below(round % 3 ? 6 : n + 3);
		char *text = round & 1 ? (char *)one.end - n - 1 : (char *)one.start + random_below(70);
		char *needle = round & 2 ? (char *)other.end - length - 1 : (char *)other.start + random_below(70);

		for (size_t i = 0; i < n; i++)
			text[i] = alphabet[random_below(letters)];
		for (size_t i = 0; i < length; i++)
			needle[i] = alphabet[random_below(letters)];
		if (round % 5 == 0 && length <= n)
			for (size_t i = 0, at = random_below(n - length + 1); i < length; i++)
				needle[i] = text[at + i];
		text[n] = needle[length] = 0;
		CHECK("strstr", text, needle, n, strstr(text, needle), plain_strstr(text, needle, 0));
		/* The empty string in itself: musl's strcasestr has null, others have the text. */
		if (n || length)
			CHECK("strcasestr", text, needle, n, strcasestr(text, needle), plain_strstr(text, needle, 1));
	}
}

/* Needles that nearly fit in each place: quadratic if looked for plainly. */
static void test_worst_strstr(void)
{
	const size_t n = 4 << 20, length = 64 << 10;
	char *text = (char *)new_area(n + 1).end - n - 1, *needle = (char *)new_area(length + 1).end - length - 1;

	stop_signals();
	signal(SIGALRM, SIG_DFL);
	alarm(20);
	memset(text, 'a', n);
	for (int kind = 0; kind < 4; kind++) {
		size_t odd[] = { length - 1, 0, length / 2, length - 2 };

		memset(needle, 'a', length);
		needle[odd[kind]] = 'b';
		CHECK("strstr, worst case", text, needle, n, strstr(text, needle), 0);
		text[n - length + odd[kind]] = 'b';
		CHECK("strstr, worst case and found", text, needle, n, strstr(text, needle), text + n - length);
		text[n - length + odd[kind]] = 'a';
	}
	/* Places in the last bytes of each block of some size only. */
	memset(text, 'x', n);
	memset(needle, 'a', length);
	needle[length - 2] = 'b';
	for (size_t i = 0; i < n; i += 8192)
		memset(text + i, 'a', 4096);
	CHECK("strstr, blocks", text, needle, n, strstr(text, needle), 0);
	alarm(0);
	call_from_signals();
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	test_finds(new_area(PAGE));
	test_compares(new_area(PAGE), new_area(PAGE));
	test_compares_of_pages(new_area(5 * PAGE), new_area(5 * PAGE));
	test_copies(new_area(PAGE), new_area(PAGE));
	test_spans(new_area(PAGE), new_area(PAGE));
	test_strstr(new_area(PAGE), new_area(PAGE));
	test_worst_strstr();
	return finish("strings");
}

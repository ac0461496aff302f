/* The memory functions beside plain loops: every length up to 300, against both ends
   of an area that other pages cannot be read from, at all alignments of a vector.
   Usage: memory [--whole] */

#define _GNU_SOURCE
#include <string.h>
#include <strings.h>

#include "harness.h"

enum { LONGEST = 300 };

static int few_calls(void)
{
	char text[128], copy[128];

	for (int i = 0; i < 128; i++)
		text[i] = (char)(i + 1);
	memset(copy, 0, sizeof(copy));
	memcpy(copy, text, 127);
	memmove(copy + 1, copy, 100);
	return copy[1] == 1 && copy[100] == 100 && copy[101] == 102 && copy[126] == 127 && !copy[127]
		&& memchr(text, 90, 128) == text + 89 && memrchr(text, 3, 128) == text + 2
		&& !memcmp(text + 100, text + 100, 28) && memcmp(text, text + 1, 100) < 0
		&& memmem(text, 128, text + 70, 9) == text + 70;
}

static void test_memchr(struct area area)
{
	byte *s;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; place(area, n, which, &s); which++) {
			size_t step = n < 70 || whole ? 1 : 1 + n / 16;

			fill_with_pattern(area.start, (size_t)(area.end - area.start));
			for (size_t i = 0; i < n; i++)
				s[i] = (byte)(0x7f - (i & 1));
			if (s > area.start)
				s[-1] = 0xff;
			if (s + n < area.end)
				s[n] = 0xff;
			CHECK("memchr, absent", s, 0, n, memchr(s, 0xff, n), 0);
			CHECK("memrchr, absent", s, 0, n, memrchr(s, 0xff, n), 0);
			for (size_t i = 0; i < n; i += step) {
				byte kept = s[i], after = s[n - 1];

				s[i] = 0xff;
				CHECK("memchr", s, 0, n, memchr(s, 0xff, n), s + i);
				CHECK("memchr, int", s, 0, n, memchr(s, -1, n), s + i);
				CHECK("memchr, 0x3ff", s, 0, n, memchr(s, 0x3ff, n), s + i);
				CHECK("memchr, SIZE_MAX", s, 0, SIZE_MAX, memchr(s, 0xff, SIZE_MAX), s + i);
				CHECK("memchr, more than there is", s, 0, n + 77, memchr(s, 0xff, n + 77), s + i);
				CHECK("memchr, just so far", s, 0, i + 1, memchr(s, 0xff, i + 1), s + i);
				CHECK("memchr, not so far", s, 0, i, memchr(s, 0xff, i), 0);
				CHECK("memrchr", s, 0, n, memrchr(s, 0xff, n), s + i);
				CHECK("memrchr, from there", s, 0, n - i, memrchr(s + i, 0xff, n - i), s + i);
				CHECK("memrchr, behind", s, 0, n - i - 1, memrchr(s + i + 1, 0xff, n - i - 1), 0);
				s[n - 1] = 0xff;
				CHECK("memchr, two", s, 0, n, memchr(s, 0xff, n), s + i);
				CHECK("memrchr, two", s, 0, n, memrchr(s, 0xff, n), s + n - 1);
				s[n - 1] = after;
				s[i] = kept;
			}
		}
	}
}

static void check_compared(const byte *a, const byte *b, size_t n)
{
	int expected = 0;

	for (size_t i = 0; i < n && !expected; i++)
		expected = a[i] - b[i];
	CHECK_SIGN("memcmp", a, b, n, memcmp(a, b, n), expected);
	CHECK_SIGN("memcmp, the other way", b, a, n, memcmp(b, a, n), -expected);
	CHECK("bcmp", a, b, n, !bcmp(a, b, n), !expected);
}

static void test_memcmp(struct area one, struct area other)
{
	byte *a, *b;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; place(one, n, which, &a); which++) {
			size_t step = n < 70 || whole ? 1 : 1 + n / 16;

			place(other, n, which * 5 % PLACES, &b);
			fill_with_pattern(a, n);
			fill_with_pattern(b, n);
			if (a + n < one.end)
				a[n] = 1;
			if (b + n < other.end)
				b[n] = 2;
			check_compared(a, b, n);
			for (size_t i = 0; i < n; i += step) {
				byte kept = b[i], last = b[n - 1];

				b[i] = (byte)(kept ^ 0x80);
				check_compared(a, b, n);
				b[n - 1] = 0;
				check_compared(a, b, n);
				b[n - 1] = last;
				b[i] = kept;
			}
		}
	}
}

static struct area source, target, model;

/* The move that the standard describes, beside what was done to the target. */
static void check_moved(const char *function, const byte *to, const byte *from, size_t n, const byte *expected, size_t margin)
{
	for (size_t i = 0; i < n + 2 * margin; i++)
		if (to[i - margin] != expected[i])
			check_at(0, function, to, from, n, to[i - margin], expected[i]);
	checks++;
}

static void test_copies_of(size_t n)
{
	byte *to, *from;

	for (int which = 0; place(target, n, which, &to); which++) {
		size_t before = to - target.start < 8 ? 0 : 8, after = target.end - to - n < 8 ? 0 : 8;
		size_t margin = before && after ? 8 : 0;

		place(source, n, which * 11 % PLACES, &from);
		fill_with_pattern(from, n);
		for (int function = 0; function < 4; function++) {
			byte *expected = model.start;
			void *result = 0;

			for (size_t i = 0; i < margin; i++)
				expected[i] = to[i - margin] = expected[n + margin + i] = to[n + i] = 0xee;
			for (size_t i = 0; i < n; i++) {
				expected[margin + i] = function == 3 ? 0x9c : from[i];
				to[i] = 0;
			}
			switch (function) {
			case 0: result = memcpy(to, from, n); break;
			case 1: result = memmove(to, from, n); break;
			case 2: result = (byte *)mempcpy(to, from, n) - n; break;
			case 3: result = memset(to, 0x79c, n); break;
			}
			CHECK("copy's result", to, from, n, result, to);
			check_moved(function == 3 ? "memset" : "memcpy, memmove or mempcpy", to, from, n, expected, margin);
		}
	}
}

static void check_overlap(size_t n, ptrdiff_t distance, size_t start)
{
	byte *from = target.start + start, *to = from + distance;
	byte *low = (distance < 0 ? to : from) - 8;
	size_t all = n + (size_t)(distance < 0 ? -distance : distance) + 16;

	for (size_t i = 0; i < all; i++)
		low[i] = model.start[i] = (byte)(i * 13 + i / 251);
	for (size_t i = 0; i < n; i++)
		model.start[to - low + (ptrdiff_t)i] = (byte)((size_t)(from - low + (ptrdiff_t)i) * 13 + (size_t)(from - low + (ptrdiff_t)i) / 251);
	CHECK("memmove's result", to, from, n, memmove(to, from, n), to);
	for (size_t i = 0; i < all; i++)
		if (low[i] != model.start[i])
			check_at(0, "memmove, overlapping", to, from, n, low[i], model.start[i]);
	checks++;
}

static void test_overlaps(void)
{
	static const size_t longer[] = { 383, 512, 513, 640, 1000, 1024, 2049, 4096, 4111, 8200 };
	const size_t large = 1 << 20;

	for (size_t n = 0; n <= LONGEST; n++)
		for (ptrdiff_t distance = -300; distance <= 300; distance += n < 40 || whole ? 1 : 3 + (ptrdiff_t)(n % 3))
			check_overlap(n, distance, 1024 + n % 32);
	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++)
		for (ptrdiff_t distance = -300; distance <= 300; distance += whole ? 1 : 7)
			check_overlap(longer[i], distance, 1024 + i);
	for (ptrdiff_t distance = -4097; distance <= 4097; distance += 1639)
		check_overlap(large + 17, distance, 8192 + 5);
	check_overlap(large, (ptrdiff_t)large - 1, 8192);
	check_overlap(large, -(ptrdiff_t)large + 1, 8192 + large);
}

/* Lengths from which the functions go another way, and more than a cache has. */
static void test_large(struct area one, struct area other)
{
	static const size_t sizes[] = { 1 << 20, 3 << 20, 13 << 20, 66 << 20 };

	for (size_t i = 0; i < 3u + (size_t)whole; i++) {
		for (size_t more = 0; more < 3; more++) {
			size_t n = sizes[i] - 1 + more * 33, bytes_wrong = 0;
			byte *to = one.start + more * 31 + 64, *from = other.start + 64 + i * 5;

			for (size_t k = 0; k < n; k++)
				from[k] = (byte)(k * 13 + k / 251);
			to[-1] = to[n] = 0xaa;
			memcpy(to, from, n);
			for (size_t k = 0; k < n; k++)
				bytes_wrong += to[k] != (byte)(k * 13 + k / 251);
			CHECK("memcpy, large", to, from, n, bytes_wrong + (to[-1] != 0xaa) + (to[n] != 0xaa), 0);
			memset(to, 0x5c, n);
			for (size_t k = 0; k < n; k++)
				bytes_wrong += to[k] != 0x5c;
			CHECK("memset, large", to, 0, n, bytes_wrong + (to[-1] != 0xaa) + (to[n] != 0xaa), 0);
		}
	}
}

static void test_memccpy(void)
{
	byte *to, *from;

	for (size_t n = 0; n <= LONGEST; n++) {
		for (int which = 0; place(source, n, which, &from); which += 5) {
			place(target, n, which * 3 % PLACES, &to);
			for (size_t i = 0; i <= n; i += 1 + n / 20) {
				size_t wrong = 0, copied = i < n ? i + 1 : n;

				for (size_t k = 0; k < n; k++) {
					from[k] = (byte)(k % 100);
					to[k] = 0xee;
				}
				if (i < n)
					from[i] = 0xf0;
				CHECK("memccpy", to, from, n, memccpy(to, from, 0x1f0, i < n ? n + 1000 : n), i < n ? to + i + 1 : 0);
				for (size_t k = 0; k < n; k++)
					wrong += to[k] != (k < copied ? from[k] : 0xee);
				CHECK("memccpy's bytes", to, from, n, wrong, 0);
			}
		}
	}
}

static const byte *plain_memmem(const byte *text, size_t n, const byte *needle, size_t length)
{
	for (size_t i = 0; i + length <= n; i++) {
		size_t k = 0;

		while (k < length && text[i + k] == needle[k])
			k++;
		if (k == length)
			return text + i;
	}
	return 0;
}

static void test_memmem(struct area one, struct area other)
{
	for (int round = 0; round < (whole ? 3000000 : 300000); round++) {
		size_t letters = 1 + random_below(4), n = random_below(round % 16 ? 100 : 600);
		size_t length = random_below(round % 3 ? 6 : n + 3);
		byte *text = round & 1 ? one.end - n : one.start + random_below(70);
		byte *needle = round & 2 ? other.end - length : other.start + random_below(70);

		for (size_t i = 0; i < n; i++)
			text[i] = (byte)(0xfe + random_below(letters));
		for (size_t i = 0; i < length; i++)
			needle[i] = (byte)(0xfe + random_below(letters));
		if (round % 5 == 0 && length <= n)
			for (size_t i = 0, at = random_below(n - length + 1); i < length; i++)
				needle[i] = text[at + i];
		CHECK("memmem", text, needle, n, memmem(text, n, needle, length), plain_memmem(text, n, needle, length));
	}
}

/* Needles that nearly fit in each place: quadratic if looked for plainly. */
static void test_worst_memmem(void)
{
	const size_t n = 4 << 20, length = 64 << 10;
	struct area text = new_area(n), needle = new_area(length);

	stop_signals();
	signal(SIGALRM, SIG_DFL);
	alarm(20);
	memset(text.start, 'a', n);
	for (int kind = 0; kind < 4; kind++) {
		size_t odd[] = { length - 1, 0, length / 2, length - 2 };

		memset(needle.start, 'a', length);
		needle.start[odd[kind]] = 'b';
		CHECK("memmem, worst case", text.start, needle.start, n, memmem(text.start, n, needle.start, length), 0);
		text.end[odd[kind] - length] = 'b';
		CHECK("memmem, worst case and found", text.start, needle.start, n, memmem(text.start, n, needle.start, length), text.end - length);
		text.end[odd[kind] - length] = 'a';
	}
	for (size_t i = 0; i < n; i++)
		text.start[i] = "ab"[i & 1];
	for (size_t i = 0; i < length; i++)
		needle.start[i] = "ab"[i & 1];
	needle.start[length / 2] = needle.start[length / 2 - 1];
	CHECK("memmem, worst case of two", text.start, needle.start, n, memmem(text.start, n, needle.start, length), 0);
	alarm(0);
	call_from_signals();
}

int main(int argc, char **argv)
{
	struct area large = new_area(67 << 20), other_large = new_area(67 << 20);

	begin(argc, argv);
	source = new_area(2 * PAGE);
	target = new_area(3 << 20);
	model = new_area(3 << 20);
	test_memchr(new_area(PAGE));
	test_memcmp(new_area(PAGE), new_area(PAGE));
	for (size_t n = 0; n <= LONGEST; n++)
		test_copies_of(n);
	for (size_t n = LONGEST; n < 3000; n += 97)
		test_copies_of(n);
	test_overlaps();
	test_large(large, other_large);
	test_memccpy();
	test_memmem(new_area(PAGE), new_area(PAGE));
	test_worst_memmem();
	return finish("memory");
}

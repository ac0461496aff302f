/* Times functions of libc, each at several lengths. Without an argument it lists them;
   with one it reads lines "FUNCTION LENGTH" and prints for each what a call takes in
   ns, so that two programs of this source can take turns: benches/musl-functions. */

#define _GNU_SOURCE
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>

enum { LARGEST = 1 << 20 };

static char *from, *to;
static volatile size_t sink;

/* n is a number of bytes, or of digits. */
struct row {
	const char *name;
	void (*prepare)(size_t n);
	void (*call)(size_t n);
	size_t most;
};

/* Functions are called through these: nothing is known when compiling. */
#define THROUGH(name) static __typeof__(&name) volatile the_##name = name

THROUGH(memchr); THROUGH(memrchr); THROUGH(memcmp); THROUGH(memcpy); THROUGH(mempcpy); THROUGH(memmove);
THROUGH(memset); THROUGH(memmem); THROUGH(memccpy); THROUGH(strlen); THROUGH(strnlen); THROUGH(strchr);
THROUGH(strchrnul); THROUGH(strrchr); THROUGH(strcmp); THROUGH(strncmp); THROUGH(strcasecmp);
THROUGH(strncasecmp); THROUGH(strcpy); THROUGH(stpcpy); THROUGH(strncpy); THROUGH(stpncpy); THROUGH(strcat);
THROUGH(strncat); THROUGH(strspn); THROUGH(strcspn); THROUGH(strpbrk); THROUGH(strstr); THROUGH(strcasestr);
THROUGH(wcslen); THROUGH(wcsnlen); THROUGH(wcschr); THROUGH(wcsrchr); THROUGH(wcscmp); THROUGH(wcsncmp);
THROUGH(wcscpy); THROUGH(wcpcpy); THROUGH(wcsncpy); THROUGH(wcscat); THROUGH(wcsncat); THROUGH(wmemchr);
THROUGH(wmemcmp); THROUGH(wmemset); THROUGH(wmemcpy); THROUGH(wmemmove); THROUGH(strtod); THROUGH(strtof);
THROUGH(strtol); THROUGH(snprintf); THROUGH(qsort); THROUGH(bsearch); THROUGH(regexec);

/* Text of small letters, the same in both operands, that ends at n. */
static void text(size_t n)
{
	for (size_t i = 0; i < n; i++)
		from[i] = to[i] = (char)('a' + i * 7 % 23);
	from[n] = to[n] = 0;
}

static void wide_text(size_t n)
{
	wchar_t *a = (wchar_t *)from, *b = (wchar_t *)to;

	n /= sizeof(wchar_t);
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] = (wchar_t)('a' + i * 7 % 23);
	a[n] = b[n] = 0;
}

/* Capitals in one, for functions that do not mind. */
static void two_cases(size_t n)
{
	text(n);
	for (size_t i = 0; i < n; i += 3)
		to[i] ^= 32;
}

static void sorted_numbers(size_t n)
{
	for (size_t i = 0; i < n / sizeof(int); i++)
		((int *)from)[i] = (int)i * 2;
}

static void decimal(size_t n)
{
	static const char digits[] = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899";

	memcpy(from, digits, n);
	from[n] = 0;
}

static void integer(size_t n)
{
	memcpy(from, "1234567890123456789", n);
	from[n] = 0;
}

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

#define CALL(id, ...) static void call_##id(size_t n) { (void)n; __VA_ARGS__; }
#define KEEP(value) sink = (size_t)(value)
#define W(bytes) ((bytes) / sizeof(wchar_t))

CALL(memchr, KEEP(the_memchr(from, '!', n)))
CALL(memrchr, KEEP(the_memrchr(from, '!', n)))
CALL(memcmp, KEEP(the_memcmp(from, to, n)))
CALL(memcpy, KEEP(the_memcpy(to, from, n)))
CALL(mempcpy, KEEP(the_mempcpy(to, from, n)))
CALL(memmove, KEEP(the_memmove(to, from, n)))
CALL(memmove_up, KEEP(the_memmove(from + 9, from, n)))
CALL(memmove_down, KEEP(the_memmove(from, from + 9, n)))
CALL(memset, KEEP(the_memset(to, 0, n)))
CALL(memmem, KEEP(the_memmem(from, n, "needle", 6)))
CALL(memccpy, KEEP(the_memccpy(to, from, '!', n)))
CALL(strlen, KEEP(the_strlen(from)))
CALL(strnlen, KEEP(the_strnlen(from, n)))
CALL(strchr, KEEP(the_strchr(from, '!')))
CALL(strchrnul, KEEP(the_strchrnul(from, '!')))
CALL(strrchr, KEEP(the_strrchr(from, '!')))
CALL(strcmp, KEEP(the_strcmp(from, to)))
CALL(strncmp, KEEP(the_strncmp(from, to, n)))
CALL(strcasecmp, KEEP(the_strcasecmp(from, to)))
CALL(strncasecmp, KEEP(the_strncasecmp(from, to, n)))
CALL(strcpy, KEEP(the_strcpy(to, from)))
CALL(stpcpy, KEEP(the_stpcpy(to, from)))
CALL(strncpy, KEEP(the_strncpy(to, from, n)))
CALL(stpncpy, KEEP(the_stpncpy(to, from, n)))
CALL(strcat, *to = 0; KEEP(the_strcat(to, from)))
CALL(strncat, *to = 0; KEEP(the_strncat(to, from, n)))
CALL(strspn, KEEP(the_strspn(from, "abcdefghijklmnopqrstuvwxyz")))
CALL(strspn_few, KEEP(the_strspn(from, "abc")))
CALL(strcspn, KEEP(the_strcspn(from, "!?.,:;")))
CALL(strcspn_few, KEEP(the_strcspn(from, "\r\n")))
CALL(strpbrk, KEEP(the_strpbrk(from, "!?.")))
CALL(strstr, KEEP(the_strstr(from, "needle")))
CALL(strcasestr, KEEP(the_strcasestr(from, "NEEDLE")))
CALL(wcslen, KEEP(the_wcslen((wchar_t *)from)))
CALL(wcsnlen, KEEP(the_wcsnlen((wchar_t *)from, W(n))))
CALL(wcschr, KEEP(the_wcschr((wchar_t *)from, '!')))
CALL(wcsrchr, KEEP(the_wcsrchr((wchar_t *)from, '!')))
CALL(wcscpy, KEEP(the_wcscpy((wchar_t *)to, (wchar_t *)from)))
CALL(wcpcpy, KEEP(the_wcpcpy((wchar_t *)to, (wchar_t *)from)))
CALL(wcsncpy, KEEP(the_wcsncpy((wchar_t *)to, (wchar_t *)from, W(n))))
CALL(wcscat, *(wchar_t *)to = 0; KEEP(the_wcscat((wchar_t *)to, (wchar_t *)from)))
CALL(wcsncat, *(wchar_t *)to = 0; KEEP(the_wcsncat((wchar_t *)to, (wchar_t *)from, W(n))))
CALL(wcscmp, KEEP(the_wcscmp((wchar_t *)from, (wchar_t *)to)))
CALL(wcsncmp, KEEP(the_wcsncmp((wchar_t *)from, (wchar_t *)to, W(n))))
CALL(wmemchr, KEEP(the_wmemchr((wchar_t *)from, '!', W(n))))
CALL(wmemcmp, KEEP(the_wmemcmp((wchar_t *)from, (wchar_t *)to, W(n))))
CALL(wmemset, KEEP(the_wmemset((wchar_t *)to, '!', W(n))))
CALL(wmemcpy, KEEP(the_wmemcpy((wchar_t *)to, (wchar_t *)from, W(n))))
CALL(wmemmove, KEEP(the_wmemmove((wchar_t *)to, (wchar_t *)from, W(n))))
CALL(strtod, KEEP(the_strtod(from, 0)))
CALL(strtof, KEEP(the_strtof(from, 0)))
CALL(strtol, KEEP(the_strtol(from, 0, 10)))
CALL(snprintf_f, KEEP(the_snprintf(to, 400, "%.*f", (int)n, 12345.678901234567)))
CALL(snprintf_g, KEEP(the_snprintf(to, 400, "%.*g", (int)n, 12345.678901234567)))
CALL(snprintf_e, KEEP(the_snprintf(to, 400, "%.*e", (int)n, 1.2345678901234567e200)))
CALL(snprintf_d, KEEP(the_snprintf(to, 400, "%d %s %x", (int)n * 12345, "text", (unsigned)n)))
/* Other numbers each time: comparisons that are repeated are foreseen, also those that come again after some thousands. */
static uint64_t other_number(void)
{
	static uint64_t last = 88172645463325252;

	last ^= last << 13;
	last ^= last >> 7;
	last ^= last << 17;
	return last;
}

static void other_numbers(int *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (int)other_number();
}
CALL(qsort, other_numbers((int *)to, n / sizeof(int)); the_qsort(to, n / sizeof(int), sizeof(int), by_value))
CALL(bsearch, int key = (int)(other_number() % n); KEEP(the_bsearch(&key, from, n / sizeof(int), sizeof(int), by_value)))

/* In a text that has no match. */
static void search(const char *pattern)
{
	static const char *last;
	static regex_t regex;

	if (pattern != last) {
		regcomp(&regex, pattern, REG_EXTENDED);
		last = pattern;
	}
	KEEP(the_regexec(&regex, from, 0, 0, 0));
}
CALL(regexec_class, search("[0-9]+"))
CALL(regexec_words, search("(foo|bar|quux)"))
CALL(regexec_parts, search("([a-z]+)@([a-z]+)\\.com"))

#define ROW(id, prepare, most) { #id, prepare, call_##id, most }

static const struct row rows[] = {
	ROW(memchr, text, LARGEST), ROW(memrchr, text, LARGEST), ROW(memcmp, text, LARGEST),
	ROW(memcpy, text, LARGEST), ROW(mempcpy, text, LARGEST), ROW(memmove, text, LARGEST),
	ROW(memmove_up, text, LARGEST), ROW(memmove_down, text, LARGEST), ROW(memset, text, LARGEST),
	ROW(memmem, text, LARGEST), ROW(memccpy, text, LARGEST), ROW(strlen, text, LARGEST),
	ROW(strnlen, text, LARGEST), ROW(strchr, text, LARGEST), ROW(strchrnul, text, LARGEST),
	ROW(strrchr, text, LARGEST), ROW(strcmp, text, LARGEST), ROW(strncmp, text, LARGEST),
	ROW(strcasecmp, two_cases, LARGEST), ROW(strncasecmp, two_cases, LARGEST), ROW(strcpy, text, LARGEST),
	ROW(stpcpy, text, LARGEST), ROW(strncpy, text, LARGEST), ROW(stpncpy, text, LARGEST),
	ROW(strcat, text, LARGEST), ROW(strncat, text, LARGEST), ROW(strspn, text, LARGEST),
	ROW(strspn_few, text, 64), ROW(strcspn, text, LARGEST), ROW(strcspn_few, text, LARGEST),
	ROW(strpbrk, text, LARGEST), ROW(strstr, text, LARGEST), ROW(strcasestr, text, LARGEST),
	ROW(wcslen, wide_text, LARGEST), ROW(wcsnlen, wide_text, LARGEST), ROW(wcschr, wide_text, LARGEST),
	ROW(wcsrchr, wide_text, LARGEST), ROW(wcscpy, wide_text, LARGEST), ROW(wcpcpy, wide_text, LARGEST),
	ROW(wcsncpy, wide_text, LARGEST), ROW(wcscat, wide_text, LARGEST), ROW(wcsncat, wide_text, LARGEST),
	ROW(wcscmp, wide_text, LARGEST), ROW(wcsncmp, wide_text, LARGEST), ROW(wmemchr, wide_text, LARGEST),
	ROW(wmemcmp, wide_text, LARGEST), ROW(wmemset, wide_text, LARGEST), ROW(wmemcpy, wide_text, LARGEST),
	ROW(wmemmove, wide_text, LARGEST), ROW(strtod, decimal, 64), ROW(strtof, decimal, 64),
	ROW(strtol, integer, 16), ROW(snprintf_f, text, 64), ROW(snprintf_g, text, 64),
	ROW(snprintf_e, text, 64), ROW(snprintf_d, text, 64), ROW(qsort, text, 65536),
	ROW(bsearch, sorted_numbers, LARGEST), ROW(regexec_class, text, 65536), ROW(regexec_words, text, 65536),
	ROW(regexec_parts, text, 4096),
};

static const size_t lengths[] = { 4, 16, 64, 256, 4096, 65536, LARGEST };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* ns a call: as many calls as take a tenth of a millisecond or more. */
static double measure(const struct row *row, size_t n)
{
	static size_t calls = 1;
	static const struct row *last_row;
	static size_t last_n;
	double start, spent;

	if (row != last_row || n != last_n) {
		row->prepare(n);
		row->call(n);
		last_row = row;
		last_n = n;
		for (calls = 1;; calls *= 2) {
			start = now();
			for (size_t i = 0; i < calls; i++)
				row->call(n);
			if (now() - start > 1e5)
				break;
		}
	}
	start = now();
	for (size_t i = 0; i < calls; i++)
		row->call(n);
	spent = now() - start;
	return spent / (double)calls;
}

int main(int argc, char **argv)
{
	char name[64];
	size_t n;

	if (argc < 2) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++)
				if (lengths[k] <= rows[i].most)
					printf("%s %zu\n", rows[i].name, lengths[k]);
		return 0;
	}
	(void)argv;
	from = aligned_alloc(4096, LARGEST + 8192);
	to = aligned_alloc(4096, LARGEST + 16384);
	if (!from || !to)
		return 1;
	memset(from, 1, LARGEST + 8192);
	memset(to, 1, LARGEST + 16384);
	/* Neither a page's start nor a vector's; not the same in a page either. */
	from += 80;
	to += 2192;
	while (scanf("%63s %zu", name, &n) == 2) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			if (!strcmp(rows[i].name, name)) {
				printf("%.3f\n", measure(&rows[i], n));
				fflush(stdout);
			}
		}
	}
	return 0;
}

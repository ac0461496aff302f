/* strtol and its kind (C17 7.22.1.4, 7.8.2.3), with EINVAL, as musl has it, for
   a base that there isn't and for a string without a number. */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdint.h>

#define PUBLIC __attribute__((visibility("default")))

/* How many digits fit 64 bits: decimal ones, and those of any base. */
enum { SAFE_DECIMAL = 19, SAFE = 12 };

static inline int is_space(char c)
{
	return c == ' ' || (unsigned char)(c - '\t') < 5;
}

/* The value of a digit; 36 or more for anything else. */
static inline unsigned digit(char c)
{
	unsigned decimal = (unsigned char)(c - '0'), letter = (unsigned char)((c | 0x20) - 'a');

	return decimal < 10 ? decimal : letter + 10;
}

/* The base that a number's prefix asks for; behind "0x" if a digit follows. */
static inline unsigned base_of(const char **at, unsigned base)
{
	const char *number = *at;

	if (*number == '0' && (base == 0 || base == 16)) {
		if ((number[1] | 0x20) == 'x' && digit(number[2]) < 16) {
			*at = number + 2;
			return 16;
		}
		return base ? base : 8;
	}
	return base ? base : 10;
}

/* A number whose amount is too large becomes the limit: 0 - 1 for unsigned types. */
static inline uint64_t integer(const char *string, char **end, int wanted, uint64_t limit)
{
	unsigned base = (unsigned)wanted, next;
	const char *at = string, *first;
	uint64_t amount = 0;
	int negative, overflow = 0, is_signed = limit != UINT64_MAX;

	if (end)
		*end = (char *)string;
	if (base > 36 || base == 1) {
		errno = EINVAL;
		return 0;
	}
	while (is_space(*at))
		at++;
	negative = *at == '-';
	at += *at == '-' || *at == '+';
	base = base_of(&at, base);
	first = at;
	if (base == 10)
		for (; (next = (unsigned char)(*at - '0')) < 10 && at - first < SAFE_DECIMAL; at++)
			amount = amount * 10 + next;
	else
		for (; (next = digit(*at)) < base && at - first < SAFE; at++)
			amount = amount * base + next;
	for (; (next = digit(*at)) < base; at++) {
		unsigned __int128 longer = (unsigned __int128)amount * base + next;

		overflow |= (uint64_t)(longer >> 64) != 0;
		amount = (uint64_t)longer;
	}
	if (at == first) {
		errno = EINVAL;
		return 0;
	}
	if (end)
		*end = (char *)at;
	if (is_signed && !negative)
		limit--;
	if (overflow || amount > limit) {
		errno = ERANGE;
		return limit;
	}
	return negative ? -amount : amount;
}

#define SIGNED (1ull << 63)

PUBLIC long strtol(const char *restrict string, char **restrict end, int base)
{
	return (long)integer(string, end, base, SIGNED);
}

PUBLIC unsigned long strtoul(const char *restrict string, char **restrict end, int base)
{
	return integer(string, end, base, UINT64_MAX);
}

PUBLIC long long strtoll(const char *restrict string, char **restrict end, int base)
{
	return (long long)integer(string, end, base, SIGNED);
}

PUBLIC unsigned long long strtoull(const char *restrict string, char **restrict end, int base)
{
	return integer(string, end, base, UINT64_MAX);
}

PUBLIC intmax_t strtoimax(const char *restrict string, char **restrict end, int base)
{
	return (intmax_t)integer(string, end, base, SIGNED);
}

PUBLIC uintmax_t strtoumax(const char *restrict string, char **restrict end, int base)
{
	return integer(string, end, base, UINT64_MAX);
}

#define ALSO(type, name, function) \
	PUBLIC type name(const char *restrict, char **restrict, int) __attribute__((weak, alias(#function)))

ALSO(long, __strtol_internal, strtol);
ALSO(unsigned long, __strtoul_internal, strtoul);
ALSO(long long, __strtoll_internal, strtoll);
ALSO(unsigned long long, __strtoull_internal, strtoull);
ALSO(intmax_t, __strtoimax_internal, strtoimax);
ALSO(uintmax_t, __strtoumax_internal, strtoumax);

/* What _FORTIFY_SOURCE finds: with a number one overflow, with `fits` what is within bounds. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

struct pair {
	char first[8], second[8];
};

static struct pair pair;
static char bytes[8];
static wchar_t wide[8];
static volatile size_t nine = 9, eight = 8;
static const char *volatile text = "12345678";
static const wchar_t *volatile wide_text = L"12345678";

static int print(char *to, size_t count, const char *format, ...)
{
	va_list args;
	char small[8];
	va_start(args, format);
	int length = to ? vsnprintf(small, count, format, args) : vsprintf(small, format, args);
	va_end(args);
	return length + small[0];
}

static int wide_print(size_t count, const wchar_t *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vswprintf(wide, count, format, args);
	va_end(args);
	return length;
}

/* Overflows by one unless `n` and `s` fit. */
static int overflow(int which, size_t n, const char *s, const wchar_t *w, FILE *file, int fd)
{
	static struct pollfd polled[1];
	static fd_set set;

	switch (which) {
	case 1: memcpy(bytes, s, n); break;
	case 2: memmove(bytes, s, n); break;
	case 3: memset(bytes, 1, n); break;
	case 4: mempcpy(bytes, s, n); break;
	case 5: strcpy(bytes, s); break;
	case 6: stpcpy(bytes, s); break;
	case 7: strncpy(bytes, s, n); break;
	case 8: stpncpy(bytes, s, n); break;
	case 9: bytes[0] = 0; strcat(bytes, s); break;
	case 10: bytes[0] = 0; strncat(bytes, s, n); break;
	case 11: sprintf(bytes, "%s", s); break;
	case 12: snprintf(bytes, n, "%s", s); break;
	case 13: print(0, 0, "%s", s); break;
	case 14: print(bytes, n, "%s", s); break;
	case 15: if (!fgets(bytes, (int)n, file)) return 1; break;
	case 16: if (!fread(bytes, 1, n, file)) return 1; break;
	case 17: if (read(fd, bytes, n) < 0) return 1; break;
	case 18: if (pread(fd, bytes, n, 0) < 0) return 1; break;
	case 19: if (readlink("/proc/self/exe", bytes, n) < 0) return 1; break;
	case 20: if (!getcwd(bytes, n)) return 0; break;
	case 21: recv(fd, bytes, n, 0); break;
	case 22: recvfrom(fd, bytes, n, 0, 0, 0); break;
	case 23: poll(polled, n - 7, 0); break;
	case 24: FD_SET((int)n - 9 + FD_SETSIZE, &set); break;
	case 25: wmemcpy(wide, w, n); break;
	case 26: wmemmove(wide, w, n); break;
	case 27: wmemset(wide, L'x', n); break;
	case 28: wcscpy(wide, w); break;
	case 29: wcsncpy(wide, w, n); break;
	case 30: wide[0] = 0; wcscat(wide, w); break;
	case 31: wide[0] = 0; wcsncat(wide, w, n); break;
	case 32: swprintf(wide, n, L"%d", 1); break;
	case 33: wide_print(n, L"%d", 1); break;
	case 34: if (mbstowcs(wide, s, n) == (size_t)-1) return 1; break;
	case 35: if (wcstombs(bytes, w, n) == (size_t)-1) return 1; break;
	case 36: confstr(_CS_PATH, bytes, n); break;
	case 37: gethostname(bytes, n); break;
	case 38: explicit_bzero(bytes, n); break;
	default: return 2;
	}
	printf("passed %d\n", which);
	return 0;
}

int main(int argc, char **argv)
{
	int which = argc > 1 ? atoi(argv[1]) : 0;
	FILE *file = fopen("/proc/self/maps", "r");

	if (which == 40) { /* from level 2 on */
		strcpy(pair.first, text);
		printf("passed %d\n", which);
		return 0;
	}
	if (which == 41) { /* from level 3 on */
		char *made = malloc(eight);
		memset(made, 0, nine);
		printf("passed %d %d\n", which, made[0]);
		return 0;
	}
	if (which)
		return overflow(which, nine, text, wide_text, file, fileno(file));
	text = "1234567";
	wide_text = L"1234567";
	for (which = 1; which <= 38; which++)
		if (overflow(which, eight, text, wide_text, file, fileno(file)))
			return 3;
	return 0;
}

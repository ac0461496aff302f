/* Functions of string.h that check sizes: the last argument is the size of what is written to. */

#include "checked.h"
#include <string.h>

void *__musl_memcpy_chk(void *restrict to, const void *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return memcpy(to, from, count);
}

void *__musl_mempcpy_chk(void *restrict to, const void *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return mempcpy(to, from, count);
}

void *__musl_memmove_chk(void *to, const void *from, size_t count, size_t room)
{
	must_fit(count, room);
	return memmove(to, from, count);
}

void *__musl_memset_chk(void *to, int byte, size_t count, size_t room)
{
	must_fit(count, room);
	return memset(to, byte, count);
}

void __musl_explicit_bzero_chk(void *to, size_t count, size_t room)
{
	must_fit(count, room);
	explicit_bzero(to, count);
}

char *__musl_stpcpy_chk(char *restrict to, const char *restrict from, size_t room)
{
	size_t length = strlen(from);

	if (length >= room)
		__chk_fail();
	memcpy(to, from, length + 1);
	return to + length;
}

char *__musl_strcpy_chk(char *restrict to, const char *restrict from, size_t room)
{
	__musl_stpcpy_chk(to, from, room);
	return to;
}

char *__musl_stpncpy_chk(char *restrict to, const char *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return stpncpy(to, from, count);
}

char *__musl_strncpy_chk(char *restrict to, const char *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return strncpy(to, from, count);
}

/* Appends so many bytes and a 0. */
static char *append(char *restrict to, const char *restrict from, size_t count, size_t room)
{
	size_t has = strlen(to);

	if (has >= room || count >= room - has)
		__chk_fail();
	memcpy(to + has, from, count);
	to[has + count] = 0;
	return to;
}

char *__musl_strcat_chk(char *restrict to, const char *restrict from, size_t room)
{
	return append(to, from, strlen(from), room);
}

char *__musl_strncat_chk(char *restrict to, const char *restrict from, size_t count, size_t room)
{
	return append(to, from, strnlen(from, count), room);
}

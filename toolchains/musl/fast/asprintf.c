/* asprintf and vasprintf (POSIX 2024): what fits a buffer is formatted once. */

#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int vasprintf(char **to, const char *text, va_list arguments)
{
	char formatted[256];
	va_list own;
	int size;

	va_copy(own, arguments);
	size = vsnprintf(formatted, sizeof formatted, text, own);
	va_end(own);
	if (size < 0 || !(*to = malloc((size_t)size + 1)))
		return -1;
	if ((size_t)size >= sizeof formatted)
		return vsnprintf(*to, (size_t)size + 1, text, arguments);
	memcpy(*to, formatted, (size_t)size + 1);
	return size;
}

PUBLIC int asprintf(char **to, const char *text, ...)
{
	va_list arguments;
	int returned;

	va_start(arguments, text);
	returned = vasprintf(to, text, arguments);
	va_end(arguments);
	return returned;
}

/* printf and vprintf (C17 7.21.6): apart from the rest of the family, so that a
   program that doesn't use the standard output has no stream for it. */

#include <stdarg.h>
#include <stdio.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int vprintf(const char *restrict text, va_list arguments)
{
	return vfprintf(stdout, text, arguments);
}

PUBLIC int printf(const char *restrict text, ...)
{
	va_list arguments;
	int returned;

	va_start(arguments, text);
	returned = vfprintf(stdout, text, arguments);
	va_end(arguments);
	return returned;
}

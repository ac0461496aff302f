/* Functions of stdio.h that check the size of the string that they print into. */

#include "checked.h"
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

int __musl_vsprintf_chk(char *restrict to, int flag, size_t room, const char *restrict format, va_list args)
{
	(void)flag;
	if (!room)
		__chk_fail();
	/* More than a string can have. */
	if (room > INT_MAX)
		return vsprintf(to, format, args);
	int length = vsnprintf(to, room, format, args);
	if (length >= 0 && (size_t)length >= room)
		__chk_fail();
	return length;
}

int __musl_sprintf_chk(char *restrict to, int flag, size_t room, const char *restrict format, ...)
{
	va_list args;

	va_start(args, format);
	int length = __musl_vsprintf_chk(to, flag, room, format, args);
	va_end(args);
	return length;
}

int __musl_vsnprintf_chk(char *restrict to, size_t count, int flag, size_t room, const char *restrict format, va_list args)
{
	(void)flag;
	must_fit(count, room);
	return vsnprintf(to, count, format, args);
}

int __musl_snprintf_chk(char *restrict to, size_t count, int flag, size_t room, const char *restrict format, ...)
{
	va_list args;

	va_start(args, format);
	int length = __musl_vsnprintf_chk(to, count, flag, room, format, args);
	va_end(args);
	return length;
}

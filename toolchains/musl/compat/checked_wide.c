/* Functions of wchar.h that check sizes, which are in wide characters. */

#include "checked.h"
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

wchar_t *__musl_wmemcpy_chk(wchar_t *restrict to, const wchar_t *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return wmemcpy(to, from, count);
}

wchar_t *__musl_wmemmove_chk(wchar_t *to, const wchar_t *from, size_t count, size_t room)
{
	must_fit(count, room);
	return wmemmove(to, from, count);
}

wchar_t *__musl_wmemset_chk(wchar_t *to, wchar_t character, size_t count, size_t room)
{
	must_fit(count, room);
	return wmemset(to, character, count);
}

static wchar_t *append(wchar_t *restrict to, size_t has, const wchar_t *restrict from, size_t count, size_t room)
{
	if (has >= room || count >= room - has)
		__chk_fail();
	wmemcpy(to + has, from, count);
	to[has + count] = 0;
	return to;
}

wchar_t *__musl_wcscpy_chk(wchar_t *restrict to, const wchar_t *restrict from, size_t room)
{
	return append(to, 0, from, wcslen(from), room);
}

wchar_t *__musl_wcscat_chk(wchar_t *restrict to, const wchar_t *restrict from, size_t room)
{
	return append(to, wcslen(to), from, wcslen(from), room);
}

wchar_t *__musl_wcsncat_chk(wchar_t *restrict to, const wchar_t *restrict from, size_t count, size_t room)
{
	return append(to, wcslen(to), from, wcsnlen(from, count), room);
}

wchar_t *__musl_wcsncpy_chk(wchar_t *restrict to, const wchar_t *restrict from, size_t count, size_t room)
{
	must_fit(count, room);
	return wcsncpy(to, from, count);
}

int __musl_vswprintf_chk(wchar_t *restrict to, size_t count, int flag, size_t room, const wchar_t *restrict format, va_list args)
{
	(void)flag;
	must_fit(count, room);
	return vswprintf(to, count, format, args);
}

int __musl_swprintf_chk(wchar_t *restrict to, size_t count, int flag, size_t room, const wchar_t *restrict format, ...)
{
	va_list args;

	va_start(args, format);
	int length = __musl_vswprintf_chk(to, count, flag, room, format, args);
	va_end(args);
	return length;
}

wchar_t *__musl_fgetws_chk(wchar_t *restrict to, size_t room, int count, FILE *restrict file)
{
	if (count > 0)
		must_fit(count, room);
	return fgetws(to, count, file);
}

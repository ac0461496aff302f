/* Functions of wchar.h that check sizes. */
#include_next <wchar.h>
#ifndef _LAYER_WCHAR_H
#define _LAYER_WCHAR_H 1
#include <bits/checked.h>

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

wchar_t *__musl_wmemcpy_chk(wchar_t *__restrict, const wchar_t *__restrict, size_t, size_t);
__checked_real(wmemcpy);
__checked_inline wchar_t *wmemcpy(wchar_t *__restrict __to, const wchar_t *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, sizeof(wchar_t), __checked_object(__to)), __checked_wmemcpy(__to, __from, __count),
		       __musl_wmemcpy_chk(__to, __from, __count, __checked_object(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wmemmove_chk(wchar_t *, const wchar_t *, size_t, size_t);
__checked_real(wmemmove);
__checked_inline wchar_t *wmemmove(wchar_t *__to, const wchar_t *__from, size_t __count)
{
	__checked_call(__checked_fits(__count, sizeof(wchar_t), __checked_object(__to)), __checked_wmemmove(__to, __from, __count),
		       __musl_wmemmove_chk(__to, __from, __count, __checked_object(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wmemset_chk(wchar_t *, wchar_t, size_t, size_t);
__checked_real(wmemset);
__checked_inline wchar_t *wmemset(wchar_t *__to, wchar_t __char, size_t __count)
{
	__checked_call(__checked_fits(__count, sizeof(wchar_t), __checked_object(__to)), __checked_wmemset(__to, __char, __count),
		       __musl_wmemset_chk(__to, __char, __count, __checked_object(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wcscpy_chk(wchar_t *__restrict, const wchar_t *__restrict, size_t);
__checked_real(wcscpy);
__checked_inline wchar_t *wcscpy(wchar_t *__restrict __to, const wchar_t *__restrict __from)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __checked_wcscpy(__to, __from),
		       __musl_wcscpy_chk(__to, __from, __checked_member(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wcsncpy_chk(wchar_t *__restrict, const wchar_t *__restrict, size_t, size_t);
__checked_real(wcsncpy);
__checked_inline wchar_t *wcsncpy(wchar_t *__restrict __to, const wchar_t *__restrict __from, size_t __count)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __checked_wcsncpy(__to, __from, __count),
		       __musl_wcsncpy_chk(__to, __from, __count, __checked_member(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wcscat_chk(wchar_t *__restrict, const wchar_t *__restrict, size_t);
__checked_real(wcscat);
__checked_inline wchar_t *wcscat(wchar_t *__restrict __to, const wchar_t *__restrict __from)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __checked_wcscat(__to, __from),
		       __musl_wcscat_chk(__to, __from, __checked_member(__to) / sizeof(wchar_t)));
}

wchar_t *__musl_wcsncat_chk(wchar_t *__restrict, const wchar_t *__restrict, size_t, size_t);
__checked_real(wcsncat);
__checked_inline wchar_t *wcsncat(wchar_t *__restrict __to, const wchar_t *__restrict __from, size_t __count)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __checked_wcsncat(__to, __from, __count),
		       __musl_wcsncat_chk(__to, __from, __count, __checked_member(__to) / sizeof(wchar_t)));
}

int __musl_vswprintf_chk(wchar_t *__restrict, size_t, int, size_t, const wchar_t *__restrict, __builtin_va_list);
int __musl_swprintf_chk(wchar_t *__restrict, size_t, int, size_t, const wchar_t *__restrict, ...);
__checked_inline int vswprintf(wchar_t *__restrict __to, size_t __count, const wchar_t *__restrict __format, __builtin_va_list __args)
{
	return __musl_vswprintf_chk(__to, __count, 0, __checked_member(__to) / sizeof(wchar_t), __format, __args);
}
#if __checked_variadic
__checked_inline int swprintf(wchar_t *__restrict __to, size_t __count, const wchar_t *__restrict __format, ...)
{
	return __musl_swprintf_chk(__to, __count, 0, __checked_member(__to) / sizeof(wchar_t), __format, __builtin_va_arg_pack());
}
#elif !defined __cplusplus
#define swprintf(to, count, ...) __musl_swprintf_chk(to, count, 0, __checked_member(to) / sizeof(wchar_t), __VA_ARGS__)
#endif

wchar_t *__musl_fgetws_chk(wchar_t *__restrict, size_t, int, FILE *__restrict);
__checked_real(fgetws);
__checked_inline wchar_t *fgetws(wchar_t *__restrict __to, int __count, FILE *__restrict __file)
{
	__checked_call(__checked_fits(__count, sizeof(wchar_t), __checked_member(__to)), __checked_fgetws(__to, __count, __file),
		       __musl_fgetws_chk(__to, __checked_member(__to) / sizeof(wchar_t), __count, __file));
}

#ifdef __cplusplus
}
#endif
#endif

#endif

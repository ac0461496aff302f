/* Functions of stdio.h that check sizes, and one that musl lacks. */
#include_next <stdio.h>
#ifndef _LAYER_STDIO_H
#define _LAYER_STDIO_H 1
#include <bits/checked.h>

#ifdef _GNU_SOURCE
#ifdef __cplusplus
extern "C" {
#endif
/* Writes out all streams, which is what glibc's comes to. */
int fcloseall(void);
#ifdef __cplusplus
}
#endif
#endif

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

int __musl_sprintf_chk(char *__restrict, int, size_t, const char *__restrict, ...);
int __musl_snprintf_chk(char *__restrict, size_t, int, size_t, const char *__restrict, ...);
int __musl_vsprintf_chk(char *__restrict, int, size_t, const char *__restrict, __builtin_va_list);
int __musl_vsnprintf_chk(char *__restrict, size_t, int, size_t, const char *__restrict, __builtin_va_list);

__checked_inline int vsprintf(char *__restrict __to, const char *__restrict __format, __builtin_va_list __args)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __builtin_vsprintf(__to, __format, __args),
		       __musl_vsprintf_chk(__to, _FORTIFY_SOURCE - 1, __checked_member(__to), __format, __args));
}

__checked_inline int vsnprintf(char *__restrict __to, size_t __count, const char *__restrict __format, __builtin_va_list __args)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __builtin_vsnprintf(__to, __count, __format, __args),
		       __musl_vsnprintf_chk(__to, __count, _FORTIFY_SOURCE - 1, __checked_member(__to), __format, __args));
}

#if __checked_variadic
__checked_inline int sprintf(char *__restrict __to, const char *__restrict __format, ...)
{
	if (__checked_member(__to) == (size_t)-1)
		return __builtin_sprintf(__to, __format, __builtin_va_arg_pack());
	return __musl_sprintf_chk(__to, _FORTIFY_SOURCE - 1, __checked_member(__to), __format, __builtin_va_arg_pack());
}

__checked_inline int snprintf(char *__restrict __to, size_t __count, const char *__restrict __format, ...)
{
	if (__checked_fits(__count, 1, __checked_member(__to)))
		return __builtin_snprintf(__to, __count, __format, __builtin_va_arg_pack());
	return __musl_snprintf_chk(__to, __count, _FORTIFY_SOURCE - 1, __checked_member(__to), __format, __builtin_va_arg_pack());
}
#elif !defined __cplusplus
#define sprintf(to, ...) __musl_sprintf_chk(to, _FORTIFY_SOURCE - 1, __checked_member(to), __VA_ARGS__)
#define snprintf(to, count, ...) \
	__musl_snprintf_chk(to, count, _FORTIFY_SOURCE - 1, __checked_member(to), __VA_ARGS__)
#endif

char *__musl_fgets_chk(char *__restrict, size_t, int, FILE *__restrict);
__checked_real(fgets);
__checked_inline char *fgets(char *__restrict __to, int __count, FILE *__restrict __file)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_fgets(__to, __count, __file),
		       __musl_fgets_chk(__to, __checked_member(__to), __count, __file));
}

size_t __musl_fread_chk(void *__restrict, size_t, size_t, size_t, FILE *__restrict);
__checked_real(fread);
__checked_inline size_t fread(void *__restrict __to, size_t __unit, size_t __count, FILE *__restrict __file)
{
	__checked_call(__checked_object(__to) == (size_t)-1, __checked_fread(__to, __unit, __count, __file),
		       __musl_fread_chk(__to, __checked_object(__to), __unit, __count, __file));
}

#ifdef __cplusplus
}
#endif
#endif

#endif

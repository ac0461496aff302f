/* Functions of string.h that check sizes, and those that musl lacks. */
#if defined _GNU_SOURCE && defined _GNU_STRERROR_R && !defined strerror_r
#define strerror_r __xpg_strerror_r
#include_next <string.h>
#undef strerror_r
#else
#include_next <string.h>
#endif
#ifndef _LAYER_STRING_H
#define _LAYER_STRING_H 1
#include <bits/checked.h>

#ifdef _GNU_SOURCE
#ifdef __cplusplus
extern "C" {
#endif
/* As memchr, of a byte that is there. */
void *rawmemchr(const void *, int);
#if defined _GNU_STRERROR_R && !defined strerror_r
/* glibc's form, for programs that define the macro to be given it: the text, which need not be in the buffer. */
char *strerror_r(int, char *, size_t) __asm__("__gnu_strerror_r");
#endif
#ifdef __cplusplus
}
#endif
#endif

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

void *__musl_memcpy_chk(void *__restrict, const void *__restrict, size_t, size_t);
__checked_inline void *memcpy(void *__restrict __to, const void *__restrict __from, size_t __count)
{
	return __checked_fits(__count, 1, __checked_object(__to)) ? __builtin_memcpy(__to, __from, __count) : __musl_memcpy_chk(__to, __from, __count, __checked_object(__to));
}

void *__musl_memmove_chk(void *, const void *, size_t, size_t);
__checked_inline void *memmove(void *__to, const void *__from, size_t __count)
{
	return __checked_fits(__count, 1, __checked_object(__to)) ? __builtin_memmove(__to, __from, __count) : __musl_memmove_chk(__to, __from, __count, __checked_object(__to));
}

void *__musl_memset_chk(void *, int, size_t, size_t);
__checked_inline void *memset(void *__to, int __byte, size_t __count)
{
	return __checked_fits(__count, 1, __checked_object(__to)) ? __builtin_memset(__to, __byte, __count) : __musl_memset_chk(__to, __byte, __count, __checked_object(__to));
}

char *__musl_strcpy_chk(char *__restrict, const char *__restrict, size_t);
__checked_inline char *strcpy(char *__restrict __to, const char *__restrict __from)
{
	__checked_call(__checked_string_fits(__from, __checked_member(__to)), __builtin_strcpy(__to, __from),
		       __musl_strcpy_chk(__to, __from, __checked_member(__to)));
}

char *__musl_strncpy_chk(char *__restrict, const char *__restrict, size_t, size_t);
__checked_inline char *strncpy(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __builtin_strncpy(__to, __from, __count),
		       __musl_strncpy_chk(__to, __from, __count, __checked_member(__to)));
}

char *__musl_strcat_chk(char *__restrict, const char *__restrict, size_t);
__checked_inline char *strcat(char *__restrict __to, const char *__restrict __from)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __builtin_strcat(__to, __from),
		       __musl_strcat_chk(__to, __from, __checked_member(__to)));
}

char *__musl_strncat_chk(char *__restrict, const char *__restrict, size_t, size_t);
__checked_inline char *strncat(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	__checked_call(__checked_member(__to) == (size_t)-1, __builtin_strncat(__to, __from, __count),
		       __musl_strncat_chk(__to, __from, __count, __checked_member(__to)));
}

#if defined _POSIX_SOURCE || defined _POSIX_C_SOURCE || defined _XOPEN_SOURCE || defined _GNU_SOURCE || defined _BSD_SOURCE
char *__musl_stpcpy_chk(char *__restrict, const char *__restrict, size_t);
__checked_inline char *stpcpy(char *__restrict __to, const char *__restrict __from)
{
	__checked_call(__checked_string_fits(__from, __checked_member(__to)), __builtin_stpcpy(__to, __from),
		       __musl_stpcpy_chk(__to, __from, __checked_member(__to)));
}

char *__musl_stpncpy_chk(char *__restrict, const char *__restrict, size_t, size_t);
__checked_inline char *stpncpy(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __builtin_stpncpy(__to, __from, __count),
		       __musl_stpncpy_chk(__to, __from, __count, __checked_member(__to)));
}
#endif

#ifdef _GNU_SOURCE
void *__musl_mempcpy_chk(void *__restrict, const void *__restrict, size_t, size_t);
__checked_inline void *mempcpy(void *__restrict __to, const void *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __builtin_mempcpy(__to, __from, __count),
		       __musl_mempcpy_chk(__to, __from, __count, __checked_object(__to)));
}
#endif

#if defined _GNU_SOURCE || defined _BSD_SOURCE
void __musl_explicit_bzero_chk(void *, size_t, size_t);
__checked_inline void explicit_bzero(void *__to, size_t __count)
{
	__musl_explicit_bzero_chk(__to, __count, __checked_object(__to));
}
#endif

#ifdef __cplusplus
}
#endif
#endif

#endif

/* Functions of string.h that check sizes, and one that musl lacks. */
#include_next <string.h>
#ifndef _LAYER_STRING_H
#define _LAYER_STRING_H 1
#include <bits/checked.h>

#ifdef _GNU_SOURCE
#ifdef __cplusplus
extern "C" {
#endif
/* As memchr, of a byte that is there. */
void *rawmemchr(const void *, int);
#ifdef __cplusplus
}
#endif
#endif

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

__checked_inline void *memcpy(void *__restrict __to, const void *__restrict __from, size_t __count)
{
	return __builtin___memcpy_chk(__to, __from, __count, __checked_object(__to));
}

__checked_inline void *memmove(void *__to, const void *__from, size_t __count)
{
	return __builtin___memmove_chk(__to, __from, __count, __checked_object(__to));
}

__checked_inline void *memset(void *__to, int __byte, size_t __count)
{
	return __builtin___memset_chk(__to, __byte, __count, __checked_object(__to));
}

__checked_inline char *strcpy(char *__restrict __to, const char *__restrict __from)
{
	return __builtin___strcpy_chk(__to, __from, __checked_member(__to));
}

__checked_inline char *strncpy(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	return __builtin___strncpy_chk(__to, __from, __count, __checked_member(__to));
}

__checked_inline char *strcat(char *__restrict __to, const char *__restrict __from)
{
	return __builtin___strcat_chk(__to, __from, __checked_member(__to));
}

__checked_inline char *strncat(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	return __builtin___strncat_chk(__to, __from, __count, __checked_member(__to));
}

#if defined _POSIX_SOURCE || defined _POSIX_C_SOURCE || defined _XOPEN_SOURCE || defined _GNU_SOURCE || defined _BSD_SOURCE
__checked_inline char *stpcpy(char *__restrict __to, const char *__restrict __from)
{
	return __builtin___stpcpy_chk(__to, __from, __checked_member(__to));
}

__checked_inline char *stpncpy(char *__restrict __to, const char *__restrict __from, size_t __count)
{
	return __builtin___stpncpy_chk(__to, __from, __count, __checked_member(__to));
}
#endif

#ifdef _GNU_SOURCE
__checked_inline void *mempcpy(void *__restrict __to, const void *__restrict __from, size_t __count)
{
	return __builtin___mempcpy_chk(__to, __from, __count, __checked_object(__to));
}
#endif

#if defined _GNU_SOURCE || defined _BSD_SOURCE
void __explicit_bzero_chk(void *, size_t, size_t);
__checked_inline void explicit_bzero(void *__to, size_t __count)
{
	__explicit_bzero_chk(__to, __count, __checked_object(__to));
}
#endif

#ifdef __cplusplus
}
#endif
#endif

#endif

/* Functions of stdlib.h that check sizes, and one that musl lacks. */
#include_next <stdlib.h>
#ifndef _LAYER_STDLIB_H
#define _LAYER_STDLIB_H 1
#include <bits/checked.h>

#ifdef _GNU_SOURCE
#ifdef __cplusplus
extern "C" {
#endif
/* As realpath, in memory of its own. */
char *canonicalize_file_name(const char *);
#ifdef __cplusplus
}
#endif
#endif

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

size_t __musl_mbstowcs_chk(wchar_t *__restrict, const char *__restrict, size_t, size_t);
__checked_real(mbstowcs);
__checked_inline size_t mbstowcs(wchar_t *__restrict __to, const char *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, sizeof(wchar_t), __checked_object(__to)), __checked_mbstowcs(__to, __from, __count),
		       __musl_mbstowcs_chk(__to, __from, __count, __checked_object(__to)));
}

size_t __musl_wcstombs_chk(char *__restrict, const wchar_t *__restrict, size_t, size_t);
__checked_real(wcstombs);
__checked_inline size_t wcstombs(char *__restrict __to, const wchar_t *__restrict __from, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __checked_wcstombs(__to, __from, __count),
		       __musl_wcstombs_chk(__to, __from, __count, __checked_object(__to)));
}

int __musl_wctomb_chk(char *, wchar_t, size_t);
__checked_real(wctomb);
__checked_inline int wctomb(char *__to, wchar_t __from)
{
	__checked_call(__checked_fits(16, 1, __checked_member(__to)), __checked_wctomb(__to, __from),
		       __musl_wctomb_chk(__to, __from, __checked_member(__to)));
}

#if defined _XOPEN_SOURCE || defined _GNU_SOURCE || defined _BSD_SOURCE
char *__musl_realpath_chk(const char *__restrict, char *__restrict, size_t);
__checked_real(realpath);
__checked_inline char *realpath(const char *__restrict __path, char *__restrict __to)
{
	__checked_call(__checked_fits(4096, 1, __checked_member(__to)), __checked_realpath(__path, __to),
		       __musl_realpath_chk(__path, __to, __checked_member(__to)));
}
#endif

#if defined _GNU_SOURCE
int __musl_ptsname_r_chk(int, char *, size_t, size_t);
__checked_real(ptsname_r);
__checked_inline int ptsname_r(int __fd, char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_ptsname_r(__fd, __to, __count),
		       __musl_ptsname_r_chk(__fd, __to, __count, __checked_member(__to)));
}
#endif

#ifdef __cplusplus
}
#endif
#endif

#endif

/* Functions of unistd.h that check sizes, and getopt as POSIX has it for programs that ask for that alone. */
#include_next <unistd.h>
#ifndef _LAYER_UNISTD_H
#define _LAYER_UNISTD_H 1
#include <bits/checked.h>

/* Where glibc's header does so: with macros of POSIX that the program defined itself, and without getopt.h. */
#if !defined _GNU_SOURCE && !defined _GETOPT_H && !defined getopt \
	&& ((defined _POSIX_C_SOURCE && _POSIX_C_SOURCE + 0 >= 2) \
	    || ((defined _POSIX_C_SOURCE || defined _POSIX_SOURCE) && (defined _XOPEN_SOURCE || defined _BSD_SOURCE)) \
	    || (defined __STRICT_ANSI__ && !defined _BSD_SOURCE && defined _XOPEN_SOURCE && _XOPEN_SOURCE + 0 < 500))
#ifdef __cplusplus
extern "C" {
#endif
int getopt(int, char *const[], const char *) __asm__("__posix_getopt");
#ifdef __cplusplus
}
#endif
#endif

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

ssize_t __musl_read_chk(int, void *, size_t, size_t);
__checked_real(read);
__checked_inline ssize_t read(int __fd, void *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __checked_read(__fd, __to, __count),
		       __musl_read_chk(__fd, __to, __count, __checked_object(__to)));
}

ssize_t __musl_pread_chk(int, void *, size_t, off_t, size_t);
__checked_real(pread);
__checked_inline ssize_t pread(int __fd, void *__to, size_t __count, off_t __at)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __checked_pread(__fd, __to, __count, __at),
		       __musl_pread_chk(__fd, __to, __count, __at, __checked_object(__to)));
}

ssize_t __musl_readlink_chk(const char *__restrict, char *__restrict, size_t, size_t);
__checked_real(readlink);
__checked_inline ssize_t readlink(const char *__restrict __path, char *__restrict __to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_readlink(__path, __to, __count),
		       __musl_readlink_chk(__path, __to, __count, __checked_member(__to)));
}

ssize_t __musl_readlinkat_chk(int, const char *__restrict, char *__restrict, size_t, size_t);
__checked_real(readlinkat);
__checked_inline ssize_t readlinkat(int __fd, const char *__restrict __path, char *__restrict __to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_readlinkat(__fd, __path, __to, __count),
		       __musl_readlinkat_chk(__fd, __path, __to, __count, __checked_member(__to)));
}

char *__musl_getcwd_chk(char *, size_t, size_t);
__checked_real(getcwd);
__checked_inline char *getcwd(char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_getcwd(__to, __count),
		       __musl_getcwd_chk(__to, __count, __checked_member(__to)));
}

size_t __musl_confstr_chk(int, char *, size_t, size_t);
__checked_real(confstr);
__checked_inline size_t confstr(int __name, char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_confstr(__name, __to, __count),
		       __musl_confstr_chk(__name, __to, __count, __checked_member(__to)));
}

int __musl_getgroups_chk(int, gid_t *, size_t);
__checked_real(getgroups);
__checked_inline int getgroups(int __count, gid_t *__to)
{
	__checked_call(__checked_fits(__count, sizeof(gid_t), __checked_object(__to)), __checked_getgroups(__count, __to),
		       __musl_getgroups_chk(__count, __to, __checked_object(__to)));
}

int __musl_ttyname_r_chk(int, char *, size_t, size_t);
__checked_real(ttyname_r);
__checked_inline int ttyname_r(int __fd, char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_ttyname_r(__fd, __to, __count),
		       __musl_ttyname_r_chk(__fd, __to, __count, __checked_member(__to)));
}

int __musl_getlogin_r_chk(char *, size_t, size_t);
__checked_real(getlogin_r);
__checked_inline int getlogin_r(char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_getlogin_r(__to, __count),
		       __musl_getlogin_r_chk(__to, __count, __checked_member(__to)));
}

int __musl_gethostname_chk(char *, size_t, size_t);
__checked_real(gethostname);
__checked_inline int gethostname(char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_gethostname(__to, __count),
		       __musl_gethostname_chk(__to, __count, __checked_member(__to)));
}

#if defined _GNU_SOURCE || defined _BSD_SOURCE
int __musl_getdomainname_chk(char *, size_t, size_t);
__checked_real(getdomainname);
__checked_inline int getdomainname(char *__to, size_t __count)
{
	__checked_call(__checked_fits(__count, 1, __checked_member(__to)), __checked_getdomainname(__to, __count),
		       __musl_getdomainname_chk(__to, __count, __checked_member(__to)));
}
#endif

#ifdef __cplusplus
}
#endif
#endif

#endif

/* Functions that read something into memory, and check its size. */

#include "checked.h"
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t __musl_read_chk(int fd, void *to, size_t count, size_t room)
{
	must_fit(count, room);
	return read(fd, to, count);
}

ssize_t __musl_pread_chk(int fd, void *to, size_t count, off_t at, size_t room)
{
	must_fit(count, room);
	return pread(fd, to, count, at);
}

ssize_t __musl_readlink_chk(const char *restrict path, char *restrict to, size_t count, size_t room)
{
	must_fit(count, room);
	return readlink(path, to, count);
}

ssize_t __musl_readlinkat_chk(int fd, const char *restrict path, char *restrict to, size_t count, size_t room)
{
	must_fit(count, room);
	return readlinkat(fd, path, to, count);
}

char *__musl_getcwd_chk(char *to, size_t count, size_t room)
{
	if (to)
		must_fit(count, room);
	return getcwd(to, count);
}

size_t __musl_confstr_chk(int name, char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return confstr(name, to, count);
}

int __musl_ttyname_r_chk(int fd, char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return ttyname_r(fd, to, count);
}

int __musl_getlogin_r_chk(char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return getlogin_r(to, count);
}

int __musl_gethostname_chk(char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return gethostname(to, count);
}

int __musl_getdomainname_chk(char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return getdomainname(to, count);
}

int __musl_ptsname_r_chk(int fd, char *to, size_t count, size_t room)
{
	must_fit(count, room);
	return ptsname_r(fd, to, count);
}

ssize_t __musl_recv_chk(int fd, void *to, size_t count, int flags, size_t room)
{
	must_fit(count, room);
	return recv(fd, to, count, flags);
}

ssize_t __musl_recvfrom_chk(int fd, void *restrict to, size_t count, int flags, struct sockaddr *restrict from, socklen_t *restrict length, size_t room)
{
	must_fit(count, room);
	return recvfrom(fd, to, count, flags, from, length);
}

size_t __musl_wcstombs_chk(char *restrict to, const wchar_t *restrict from, size_t count, size_t room)
{
	if (to)
		must_fit(count, room);
	return wcstombs(to, from, count);
}

int __musl_getgroups_chk(int count, gid_t *to, size_t room)
{
	if (count > 0)
		must_fit(count, room / sizeof *to);
	return getgroups(count, to);
}

int __musl_poll_chk(struct pollfd *to, nfds_t count, int time, size_t room)
{
	must_fit(count, room / sizeof *to);
	return poll(to, count, time);
}

int __musl_ppoll_chk(struct pollfd *to, nfds_t count, const struct timespec *time, const sigset_t *mask, size_t room)
{
	must_fit(count, room / sizeof *to);
	return ppoll(to, count, time, mask);
}

long __musl_fdelt_chk(long fd)
{
	if (fd < 0 || fd >= FD_SETSIZE)
		__chk_end("*** bit out of range 0 - FD_SETSIZE on fd_set ***: terminated\n");
	return fd / (8 * (long)sizeof(long));
}

size_t __musl_mbstowcs_chk(wchar_t *restrict to, const char *restrict from, size_t count, size_t room)
{
	if (to)
		must_fit(count, room / sizeof *to);
	return mbstowcs(to, from, count);
}

int __musl_wctomb_chk(char *to, wchar_t from, size_t room)
{
	if (to)
		must_fit(MB_CUR_MAX, room);
	return wctomb(to, from);
}

char *__musl_realpath_chk(const char *restrict path, char *restrict to, size_t room)
{
	if (to)
		must_fit(PATH_MAX, room);
	return realpath(path, to);
}

char *__musl_fgets_chk(char *restrict to, size_t room, int count, FILE *restrict file)
{
	if (count > 0)
		must_fit(count, room);
	return fgets(to, count, file);
}

size_t __musl_fread_chk(void *restrict to, size_t room, size_t unit, size_t count, FILE *restrict file)
{
	size_t bytes;

	if (__builtin_mul_overflow(unit, count, &bytes) || bytes > room)
		__chk_fail();
	return fread(to, unit, count, file);
}

/* Functions of sys/socket.h that check sizes. */
#include_next <sys/socket.h>
#ifndef _LAYER_SYS_SOCKET_H
#define _LAYER_SYS_SOCKET_H 1
#include <bits/checked.h>

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

ssize_t __musl_recv_chk(int, void *, size_t, int, size_t);
__checked_real(recv);
__checked_inline ssize_t recv(int __fd, void *__to, size_t __count, int __flags)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __checked_recv(__fd, __to, __count, __flags),
		       __musl_recv_chk(__fd, __to, __count, __flags, __checked_object(__to)));
}

ssize_t __musl_recvfrom_chk(int, void *__restrict, size_t, int, struct sockaddr *__restrict, socklen_t *__restrict, size_t);
__checked_real(recvfrom);
__checked_inline ssize_t recvfrom(int __fd, void *__restrict __to, size_t __count, int __flags, struct sockaddr *__restrict __from, socklen_t *__restrict __length)
{
	__checked_call(__checked_fits(__count, 1, __checked_object(__to)), __checked_recvfrom(__fd, __to, __count, __flags, __from, __length),
		       __musl_recvfrom_chk(__fd, __to, __count, __flags, __from, __length, __checked_object(__to)));
}

#ifdef __cplusplus
}
#endif
#endif

#endif

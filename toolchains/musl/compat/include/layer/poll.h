/* Functions of poll.h that check sizes. */
#include_next <poll.h>
#ifndef _LAYER_POLL_H
#define _LAYER_POLL_H 1
#include <bits/checked.h>

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

int __musl_poll_chk(struct pollfd *, nfds_t, int, __SIZE_TYPE__);
__checked_real(poll);
__checked_inline int poll(struct pollfd *__to, nfds_t __count, int __time)
{
	__checked_call(__checked_fits(__count, sizeof(struct pollfd), __checked_object(__to)), __checked_poll(__to, __count, __time),
		       __musl_poll_chk(__to, __count, __time, __checked_object(__to)));
}

#if !_REDIR_TIME64
#if defined _GNU_SOURCE
int __musl_ppoll_chk(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, __SIZE_TYPE__);
__checked_real(ppoll);
__checked_inline int ppoll(struct pollfd *__to, nfds_t __count, const struct timespec *__time, const sigset_t *__mask)
{
	__checked_call(__checked_fits(__count, sizeof(struct pollfd), __checked_object(__to)), __checked_ppoll(__to, __count, __time, __mask),
		       __musl_ppoll_chk(__to, __count, __time, __mask, __checked_object(__to)));
}
#endif
#endif

#ifdef __cplusplus
}
#endif
#endif

#endif

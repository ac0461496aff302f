/* Sets of file descriptors that check which one is put into them. */
#include_next <sys/select.h>
#ifndef _LAYER_SYS_SELECT_H
#define _LAYER_SYS_SELECT_H 1
#include <bits/checked.h>

#ifdef __checked
#ifdef __cplusplus
extern "C" {
#endif

/* The word that a descriptor is in. */
long __musl_fdelt_chk(long);
#undef FD_SET
#undef FD_CLR
#undef FD_ISSET
#define __checked_word(fd) \
	(__builtin_constant_p(fd) && (fd) >= 0 && (fd) < FD_SETSIZE ? (long)(fd) / (8 * (long)sizeof(long)) : __musl_fdelt_chk(fd))
#define FD_SET(fd, set) ((void)((set)->fds_bits[__checked_word(fd)] |= 1UL << ((fd) % (8 * sizeof(long)))))
#define FD_CLR(fd, set) ((void)((set)->fds_bits[__checked_word(fd)] &= ~(1UL << ((fd) % (8 * sizeof(long))))))
#define FD_ISSET(fd, set) (!!((set)->fds_bits[__checked_word(fd)] & 1UL << ((fd) % (8 * sizeof(long)))))

#ifdef __cplusplus
}
#endif
#endif

#endif

/* Before glibc 2.34 libc.so.6 has these functions of libpthread too. In a program without libpthread they do nothing
   (nptl/forward.c), and libraries that may be used in either kind of program call them. libc.a lacks them. Weak, so that
   a program may define some of them itself. */
#include <stdlib.h>

#define ONE_THREAD(name, result) \
    __attribute__((weak)) int name(void) { return result; }

ONE_THREAD(pthread_attr_getschedpolicy, 0)
ONE_THREAD(pthread_attr_getscope, 0)
ONE_THREAD(pthread_attr_setschedpolicy, 0)
ONE_THREAD(pthread_attr_setscope, 0)
ONE_THREAD(pthread_cond_broadcast, 0)
ONE_THREAD(pthread_cond_destroy, 0)
ONE_THREAD(pthread_cond_init, 0)
ONE_THREAD(pthread_cond_signal, 0)
ONE_THREAD(pthread_cond_timedwait, 0)
ONE_THREAD(pthread_cond_wait, 0)
ONE_THREAD(pthread_condattr_destroy, 0)
ONE_THREAD(pthread_condattr_init, 0)
ONE_THREAD(pthread_getschedparam, 0)
ONE_THREAD(pthread_mutex_destroy, 0)
ONE_THREAD(pthread_mutex_init, 0)
ONE_THREAD(pthread_mutex_lock, 0)
ONE_THREAD(pthread_mutex_unlock, 0)
ONE_THREAD(pthread_setcancelstate, 0)
ONE_THREAD(pthread_setcanceltype, 0)
ONE_THREAD(pthread_setschedparam, 0)
ONE_THREAD(pthread_equal, 1)

__attribute__((weak)) void pthread_exit(void) { exit(0); }

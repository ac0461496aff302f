/* What glibc's shared objects keep for old libraries and its archives lack. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#if __GLIBC_PREREQ(2, 32)
enum { SIGNALS = 65, ERRORS = 134 };

const char *sys_siglist[SIGNALS], *_sys_siglist[SIGNALS], *sys_sigabbrev[SIGNALS];
const char *sys_errlist[ERRORS], *_sys_errlist[ERRORS];
int sys_nerr = ERRORS, _sys_nerr = ERRORS;

/* Before the constructors of every library. */
__attribute__((constructor(101))) static void fill(void)
{
    int k;
    for (k = 1; k < SIGNALS; k++) {
        sys_siglist[k] = _sys_siglist[k] = sigdescr_np(k);
        sys_sigabbrev[k] = sigabbrev_np(k);
    }
    for (k = 0; k < ERRORS; k++)
        sys_errlist[k] = _sys_errlist[k] = strerrordesc_np(k);
}

int sysctl(void)
{
    errno = ENOSYS;
    return -1;
}

int __sysctl(void)
{
    errno = ENOSYS;
    return -1;
}

#ifdef __x86_64__
/* Clang before 20 knows the type by this name only. */
typedef __float128 quad;
#else
typedef long double quad;
#endif

int __isnanf128(quad x)
{
    return x != x;
}
#endif

/* No glibc since 2.24 calls it, and none since 2.34 the others. */
void *__malloc_initialize_hook;
#if __GLIBC_PREREQ(2, 34)
void *__malloc_hook, *__free_hook, *__realloc_hook, *__memalign_hook, *__after_morecore_hook, *__morecore;
#endif

/* _POSIX_ */
int _LIB_VERSION = 2;
int re_max_failures = 2000;

int stime(const time_t *t)
{
    struct timespec now = {*t, 0};
    return clock_settime(CLOCK_REALTIME, &now);
}

/* Tables that glibc's shared objects keep for old libraries and its archives lack from 2.32 on. */
#include <signal.h>
#include <string.h>

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
#else
/* An archive has members with names. */
const char staticcxx_no_old_names;
#endif

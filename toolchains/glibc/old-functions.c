/* What glibc's shared objects keep for old libraries and programs, and its archives lack. Weak, so that an archive that
   has a name provides it. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define WEAK __attribute__((weak))

/* No glibc since 2.24 calls it, and none since 2.34 the others. */
WEAK void *__malloc_initialize_hook;
#if __GLIBC_PREREQ(2, 34)
WEAK void *__malloc_hook, *__free_hook, *__realloc_hook, *__memalign_hook, *__after_morecore_hook, *__morecore;
#endif

/* _POSIX_ */
WEAK int _LIB_VERSION = 2;
WEAK int re_max_failures = 2000;

WEAK int stime(const time_t *t)
{
    struct timespec now = {*t, 0};
    return clock_settime(CLOCK_REALTIME, &now);
}

WEAK int sysctl(void)
{
    errno = ENOSYS;
    return -1;
}

WEAK int __sysctl(void)
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

WEAK int __isnanf128(quad x)
{
    return x != x;
}

/* Macros of <sys/stat.h> before glibc 2.33 called them, with the number of a layout. */
WEAK int __xmknod(int layout, const char *path, mode_t mode, dev_t *device)
{
    (void)layout;
    return mknod(path, mode, *device);
}

WEAK int __xmknodat(int layout, int directory, const char *path, mode_t mode, dev_t *device)
{
    (void)layout;
    return mknodat(directory, path, mode, *device);
}

/* In glibc 2.43 only its shared object has it. */
WEAK unsigned long uimaxabs(long x) { return x < 0 ? 0ul - (unsigned long)x : (unsigned long)x; }

/* Macros of <string.h> before glibc 2.24 called them for sets of up to three characters. */
WEAK size_t __strspn_c1(const char *t, int a) { return (strspn)(t, (char[]){(char)a, 0}); }
WEAK size_t __strspn_c2(const char *t, int a, int b) { return (strspn)(t, (char[]){(char)a, (char)b, 0}); }
WEAK size_t __strspn_c3(const char *t, int a, int b, int c) { return (strspn)(t, (char[]){(char)a, (char)b, (char)c, 0}); }
WEAK size_t __strcspn_c1(const char *t, int a) { return (strcspn)(t, (char[]){(char)a, 0}); }
WEAK size_t __strcspn_c2(const char *t, int a, int b) { return (strcspn)(t, (char[]){(char)a, (char)b, 0}); }
WEAK size_t __strcspn_c3(const char *t, int a, int b, int c) { return (strcspn)(t, (char[]){(char)a, (char)b, (char)c, 0}); }
WEAK char *__strpbrk_c2(const char *t, int a, int b) { return (strpbrk)(t, (char[]){(char)a, (char)b, 0}); }
WEAK char *__strpbrk_c3(const char *t, int a, int b, int c) { return (strpbrk)(t, (char[]){(char)a, (char)b, (char)c, 0}); }
WEAK char *__strsep_1c(char **t, char a) { return (strsep)(t, (char[]){a, 0}); }
WEAK char *__strsep_2c(char **t, char a, char b) { return (strsep)(t, (char[]){a, b, 0}); }
WEAK char *__strsep_3c(char **t, char a, char b, char c) { return (strsep)(t, (char[]){a, b, c, 0}); }
WEAK char *__strtok_r_1c(char *t, char a, char **rest) { return (strtok_r)(t, (char[]){a, 0}, rest); }

/* LinuxThreads had several processes; it does nothing since. */
WEAK void pthread_kill_other_threads_np(void) {}

/* Calls that Linux no longer has, or never had. */
#define MISSING(name) \
    WEAK int name(void) { errno = ENOSYS; return -1; }
MISSING(bdflush)
MISSING(create_module)
MISSING(fattach)
MISSING(fdetach)
MISSING(get_kernel_syms)
MISSING(getmsg)
MISSING(getpmsg)
MISSING(nfsservctl)
MISSING(putmsg)
MISSING(putpmsg)
MISSING(query_module)
MISSING(uselib)

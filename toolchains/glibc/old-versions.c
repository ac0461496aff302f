/* Old versions of libc's functions (src/convert/old_versions.rs), for libraries and programs that were linked with an
   older glibc. Each calls the present function. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The affinity of threads, before sizes: cpu_set_t was and is 128 bytes. */
#define SET (sizeof(cpu_set_t))
int staticcxx_old_sched_getaffinity(pid_t p, cpu_set_t *s) { return sched_getaffinity(p, SET, s); }
int staticcxx_old_sched_setaffinity(pid_t p, const cpu_set_t *s) { return sched_setaffinity(p, SET, s); }
#if __GLIBC_PREREQ(2, 34)
int staticcxx_old_pthread_getaffinity_np(pthread_t t, cpu_set_t *s) { return pthread_getaffinity_np(t, SET, s); }
int staticcxx_old_pthread_setaffinity_np(pthread_t t, cpu_set_t *s) { return pthread_setaffinity_np(t, SET, s); }
int staticcxx_old_pthread_attr_getaffinity_np(pthread_attr_t *a, cpu_set_t *s)
{
    return pthread_attr_getaffinity_np(a, SET, s);
}
int staticcxx_old_pthread_attr_setaffinity_np(pthread_attr_t *a, cpu_set_t *s)
{
    return pthread_attr_setaffinity_np(a, SET, s);
}
#endif

/* Files that the kernel can't run are scripts for the shell. */
static int by_shell(pid_t *pid, const char *script, const posix_spawn_file_actions_t *actions,
                    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    size_t count = 0;
    int error = ENOMEM;
    char **words;
    while (argv[count])
        count++;
    words = malloc((count + 3) * sizeof *words);
    if (!words)
        return error;
    words[0] = (char *)"/bin/sh";
    words[1] = (char *)script;
    memcpy(words + 2, count ? argv + 1 : argv, (count ? count : 1) * sizeof *words);
    error = posix_spawn(pid, words[0], actions, attributes, words, envp);
    free(words);
    return error;
}

int staticcxx_old_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                              const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    int error = posix_spawn(pid, path, actions, attributes, argv, envp);
    return error == ENOEXEC ? by_shell(pid, path, actions, attributes, argv, envp) : error;
}

int staticcxx_old_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                               const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    int error = posix_spawnp(pid, file, actions, attributes, argv, envp);
    const char *dir = getenv("PATH");
    char path[4096];
    if (error != ENOEXEC || strchr(file, '/'))
        return error == ENOEXEC ? by_shell(pid, file, actions, attributes, argv, envp) : error;
    for (dir = dir ? dir : "/bin:/usr/bin"; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : 0) {
        int length = (int)strcspn(dir, ":");
        int whole = snprintf(path, sizeof path, "%.*s%s%s", length, dir, length ? "/" : "", file);
        if (whole > 0 && (size_t)whole < sizeof path && access(path, X_OK) == 0)
            return by_shell(pid, path, actions, attributes, argv, envp);
    }
    return error;
}

#if __GLIBC_PREREQ(2, 42)
/* The kernel's numbers for speeds: 0 to 15, then from 0x1001; 0x1000 stands for any other. */
enum { EXTENDED = 0x1000, FIRST = 16 };
static const unsigned speeds[] = {
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
    57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000,
    3500000, 4000000,
};
enum { SPEEDS = sizeof speeds / sizeof *speeds };

static unsigned number(unsigned index) { return index < FIRST ? index : EXTENDED + 1 + (index - FIRST); }

static unsigned number_of(unsigned bits)
{
    unsigned k;
    for (k = 0; k < SPEEDS; k++)
        if (speeds[k] == bits)
            return number(k);
    return EXTENDED;
}

static int set(int (*present)(struct termios *, speed_t), struct termios *t, unsigned speed)
{
    unsigned k;
    for (k = 0; k < SPEEDS; k++)
        if (number(k) == speed)
            return present(t, speeds[k]);
    errno = EINVAL;
    return -1;
}

unsigned staticcxx_old_cfgetispeed(const struct termios *t) { return number_of(cfgetispeed(t)); }
unsigned staticcxx_old_cfgetospeed(const struct termios *t) { return number_of(cfgetospeed(t)); }
int staticcxx_old_cfsetispeed(struct termios *t, unsigned speed) { return set(cfsetispeed, t, speed); }
int staticcxx_old_cfsetospeed(struct termios *t, unsigned speed) { return set(cfsetospeed, t, speed); }
int staticcxx_old_cfsetspeed(struct termios *t, unsigned speed) { return set(cfsetspeed, t, speed); }
#endif

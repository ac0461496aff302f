#!/bin/sh
# Old versions of glibc's functions, called by a shared object: the program that is linked with it says what its dynamic
# twin says. Versions that this release does not have are left out.
cat >old.c <<'X'
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define OLD(result, name, version, parameters) \
    result old_##name parameters; \
    __asm__(".symver old_" #name ", " #name "@" version);
#ifdef HAS_fmod
OLD(double, fmod, "GLIBC_2.2.5", (double, double))
#endif
#ifdef HAS_remainder
OLD(double, remainder, "GLIBC_2.2.5", (double, double))
OLD(float, sqrtf, "GLIBC_2.2.5", (float))
#endif
#ifdef HAS_exp
OLD(double, exp, "GLIBC_2.2.5", (double))
OLD(double, lgamma, "GLIBC_2.2.5", (double))
#endif
#ifdef HAS_totalorder
OLD(int, totalorder, "GLIBC_2.25", (double, double))
OLD(int, totalordermagl, "GLIBC_2.25", (long double, long double))
#endif
#ifdef HAS_fromfp
OLD(intmax_t, fromfp, "GLIBC_2.25", (double, int, unsigned))
OLD(uintmax_t, ufromfpxf, "GLIBC_2.25", (float, int, unsigned))
#endif
#ifdef HAS_cfsetospeed
OLD(int, cfsetospeed, "GLIBC_2.2.5", (struct termios *, unsigned))
OLD(int, cfsetispeed, "GLIBC_2.2.5", (struct termios *, unsigned))
OLD(int, cfsetspeed, "GLIBC_2.2.5", (struct termios *, unsigned))
OLD(unsigned, cfgetospeed, "GLIBC_2.2.5", (const struct termios *))
OLD(unsigned, cfgetispeed, "GLIBC_2.2.5", (const struct termios *))
#endif
OLD(int, posix_spawn, "GLIBC_2.2.5", (pid_t *, const char *, const void *, const void *, char *const[], char *const[]))
OLD(int, posix_spawnp, "GLIBC_2.2.5", (pid_t *, const char *, const void *, const void *, char *const[], char *const[]))
OLD(int, sched_getaffinity, "GLIBC_2.3.3", (pid_t, cpu_set_t *))
OLD(void *, memcpy, "GLIBC_2.2.5", (void *, const void *, size_t))

#define SHOW(format, expression) (errno = 0, printf("%s " format " ", #expression, expression), printf("%d\n", errno))

int library(void)
{
    volatile double zero = 0, one = 1, none = NAN, many = 300.7;
    char *const words[] = {(char *)"script", (char *)"one", 0}, *const none_set[] = {0};
    char text[] = "abcdef";
    cpu_set_t set;
    pid_t child;
    int error, status;
#ifdef HAS_fmod
    SHOW("%a", old_fmod(7.5, 2));
    SHOW("%d", isnan(old_fmod(one, zero)) != 0);
#endif
#ifdef HAS_remainder
    SHOW("%a", old_remainder(7.5, 2));
    SHOW("%d", isnan(old_remainder(one, zero)) != 0);
    SHOW("%d", isnan(old_sqrtf(-(float)one)) != 0);
#endif
#ifdef HAS_exp
    SHOW("%a", old_exp(one));
    SHOW("%a", old_exp(one * 1000));
    SHOW("%a", old_lgamma(-one / 2));
    SHOW("%d", signgam);
#endif
#ifdef HAS_totalorder
    SHOW("%d", old_totalorder(-zero, zero) != 0);
    SHOW("%d", old_totalorder(one, zero) != 0);
    SHOW("%d", old_totalordermagl(-one, none) != 0);
#endif
#ifdef HAS_fromfp
    SHOW("%jd", old_fromfp(many, 1, 16));
    SHOW("%jd", old_fromfp(many, 1, 8));
    SHOW("%jd", old_fromfp(-many, 1, 8));
    SHOW("%jd", old_fromfp(many * 1e30, 0, 64));
    SHOW("%jd", old_fromfp(-many * 1e30, 0, 64));
    SHOW("%ju", old_ufromfpxf((float)many, 0, 64));
    SHOW("%ju", old_ufromfpxf((float)many * 1e30f, 0, 64));
    SHOW("%ju", old_ufromfpxf((float)many, 0, 8));
    SHOW("%ju", old_ufromfpxf(-(float)many, 0, 0));
#endif
#ifdef HAS_cfsetospeed
    {
        struct termios t;
        unsigned k, speeds[] = {0, 13, 15, 0x1001, 0x1002, 0x100f, 9600, 115200, 16, 0x1000};
        memset(&t, 0, sizeof t);
        for (k = 0; k < sizeof speeds / sizeof *speeds; k++) {
            SHOW("%d", old_cfsetospeed(&t, speeds[k]));
            SHOW("%u", old_cfgetospeed(&t));
            SHOW("%d", old_cfsetspeed(&t, speeds[k]));
            SHOW("%u", old_cfgetospeed(&t));
            SHOW("%u", old_cfgetispeed(&t));
            SHOW("%x", t.c_cflag);
        }
        SHOW("%d", old_cfsetispeed(&t, 13));
        SHOW("%u", old_cfgetispeed(&t));
    }
#endif
    fflush(stdout);
    error = old_posix_spawn(&child, "./script", 0, 0, words, none_set);
    status = -1;
    if (error == 0)
        waitpid(child, &status, 0);
    printf("%d %d\n", error, status);
    fflush(stdout);
    error = old_posix_spawnp(&child, "script", 0, 0, words, none_set);
    status = -1;
    if (error == 0)
        waitpid(child, &status, 0);
    printf("%d %d\n", error, status);
    SHOW("%d", old_sched_getaffinity(0, &set));
    SHOW("%d", CPU_COUNT(&set) > 0);
    old_memcpy(text + 1, text, 4);
    return puts(text) < 0;
}
X
echo 'int library(void); int main(void) { return library(); }' >main.c
echo 'echo by the shell: "$@"' >script
chmod +x script
has=
libm=$(gcc -print-file-name=libm.so.6) libc=$(gcc -print-file-name=libc.so.6)
for symbol in fmod@GLIBC_2.2.5 remainder@GLIBC_2.2.5 exp@GLIBC_2.2.5 totalorder@GLIBC_2.25 fromfp@GLIBC_2.25 \
    cfsetospeed@GLIBC_2.2.5; do
    readelf -W --dyn-syms "$libm" "$libc" | grep -q " $symbol\$" && has="$has -DHAS_${symbol%@*}"
done
gcc -D_GNU_SOURCE -O1 -w $has -fno-builtin -shared -fPIC old.c -o libold.so -lm || exit 1
gcc main.c -L. -lold -o dynamic || exit 1
staticcc main.c -L. -lold -o static 2>said || cat said
PATH=$PWD:$PATH LD_LIBRARY_PATH=$PWD ./dynamic >expected
PATH=$PWD:$PATH ./static >result 2>&1
diff expected result

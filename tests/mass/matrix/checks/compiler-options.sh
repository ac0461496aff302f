#!/bin/sh
# LTO, OpenMP, atomics of any size, thread-locals, sections that go, sanitizer-free hardening: C programs beside their
# dynamic twins.
. "$(dirname "$0")/../functions"

both() { # NAME OPTIONS…
    name=$1
    shift
    cat >"$name.c"
    gcc "$name.c" -o "$name.dynamic" "$@" >said 2>&1 || { echo "$name: the dynamic program: $(head -n 3 said)"; return; }
    staticcc "$name.c" -o "$name.static" "$@" 2>said || { echo "$name $*: $(grep -m 3 -i 'error\|undefined' said)"; return; }
    [ ! -s said ] || { echo "$name $*: $(head -n 3 said)"; }
    same_twins "$name" "$@"
}
cat >lto.text <<'X'
#include <stdio.h>
#include <math.h>
#include <string.h>
static int square(int n) { return n * n; }
int main(int n, char **v) { printf("%d %.3f %zu\n", square(n + 4), fmod(n * 7.5, 2), strlen(v[0]) > 0 ? (size_t)1 : 0); return 0; }
X
for options in '-flto -O2' '-flto=auto -O2 -ffat-lto-objects' '-flto -O2 -fno-pie -no-pie' '-flto -O2 -Wl,--gc-sections -ffunction-sections'; do
    both lto $options -lm <lto.text
done
both omp -fopenmp -O2 <<'X'
#include <omp.h>
#include <stdio.h>
int main(void)
{
    int i, sum = 0, threads = 0;
    omp_set_num_threads(4);
#pragma omp parallel for reduction(+ : sum)
    for (i = 0; i < 1000; i++)
        sum += i;
#pragma omp parallel
#pragma omp single
    threads = omp_get_num_threads();
#pragma omp parallel
#pragma omp single
    {
#pragma omp task shared(sum)
        sum++;
#pragma omp taskwait
    }
    printf("%d %d\n", sum, threads);
    return 0;
}
X
for options in '-latomic' '-latomic -flto' '-Wl,--as-needed -latomic -pthread'; do
    both atomic -O1 $options <<'X'
#include <stdatomic.h>
#include <stdio.h>
struct large { long a, b, c; };
int main(void)
{
    static _Atomic struct large shared;
    static _Atomic __int128 wide;
    struct large l = {1, 2, 3};
    atomic_store(&shared, l);
    wide += 5;
    l = atomic_load(&shared);
    printf("%ld %d\n", l.a + l.b + l.c, (int)wide);
    return 0;
}
X
done
# GCC 16's specs take libatomic by themselves where a call needs it.
echo 'int main(void) { static _Atomic __int128 wide; wide += 5; return (int)wide; }' >needed.c
if gcc -O1 needed.c -o needed 2>/dev/null; then
    cp needed.c needed.text
    both needed -O1 <needed.text
fi
for options in '-O2' '-ftls-model=initial-exec' '-mtls-dialect=gnu2'; do
    both tls -O1 -fPIE -pthread $options <<'X'
#include <pthread.h>
#include <stdio.h>
static __thread int mine = 7;
__thread char large[70000];
static void *run(void *p) { mine++; large[69999] = 1; return *(int *)p == 3 ? (void *)&"thread" : p; }
int main(void) { pthread_t t; int three = 3; void *r; pthread_create(&t, 0, run, &three); pthread_join(t, &r); printf("%s %d %d\n", (char *)r, mine, large[69999]); return 0; }
X
done
both hard -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -Wl,-z,relro,-z,now <<'X'
#include <stdio.h>
#include <string.h>
int main(int n, char **v) { char b[32]; snprintf(b, sizeof b, "%s", n > 1 ? v[1] : "hard"); memcpy(b + 10, b, strlen(b) + 1); return puts(b + 10) < 0; }
X
both quad -O1 -lm <<'X'
#include <stdio.h>
#include <math.h>
#include <complex.h>
int main(int n, char **v) { (void)v; printf("%.6f %.6Lf %d\n", creal(csqrt(n * -4.0 + 0 * I)) + cimag(cexp(n * I)), lgammal(n + 0.5L), (int)((__float128)n / 3 * 9)); return 0; }
X

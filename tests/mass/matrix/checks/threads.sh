#!/bin/sh
# Threads, however they are asked for; functions of a program's own with the names of libpthread's; OpenMP; and mutexes
# in a program without threads.

cat > c.c <<'X'
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
static pthread_key_t key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t ready;
static int cleaned;
/* Of four threads at once. */
static void clean(void *value) { __atomic_fetch_add(&cleaned, *(int *)value, __ATOMIC_SEQ_CST); }
static void *work(void *value)
{
    pthread_setspecific(key, value);
    pthread_mutex_lock(&lock);
    sem_post(&ready);
    pthread_mutex_unlock(&lock);
    pthread_testcancel();
    return value;
}
/* Names that libpthread has too. */
int mtx_lock(int n) { return n + 1; }
int fsync(int n) { return n + 2; }
int main(void)
{
    pthread_t threads[4];
    int n, five = 5;
    sem_init(&ready, 0, 0);
    pthread_key_create(&key, clean);
    for (n = 0; n < 4; n++)
        if (pthread_create(&threads[n], 0, work, &five))
            return 1;
    for (n = 0; n < 4; n++)
        sem_wait(&ready), pthread_join(threads[n], 0);
    printf("%d %d %d\n", cleaned, mtx_lock(1), fsync(1));
    return 0;
}
X
cat > cxx.cc <<'X'
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>
int main()
{
    int n = 0;
    std::mutex m;
    std::condition_variable changed;
    std::once_flag once;
    std::thread t([&] {
        std::call_once(once, [&] { n++; });
        try { throw 1; } catch (int) { std::lock_guard<std::mutex> l(m); n += 20; }
        changed.notify_all();
    });
    { std::unique_lock<std::mutex> l(m); changed.wait(l, [&] { return n == 21; }); }
    t.join();
    auto later = std::async(std::launch::async, [] { return 21; });
    std::cout << n + later.get() << "\n";
}
X
cat > omp.c <<'X'
#include <stdio.h>
int main(void)
{
    int n, sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (n = 0; n < 1000; n++)
        sum += n;
    printf("%d\n", sum);
    return 0;
}
X
cat > none.c <<'X'
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int main(void) { return pthread_mutex_lock(&lock) || pthread_mutex_unlock(&lock) || puts("one") < 0; }
X
gcc -c c.c -pthread && g++ -c cxx.cc -pthread && gcc -c omp.c -fopenmp && gcc -c none.c || exit 1

# LINKER EXPECTED COMMAND...
try() {
    linker=$1 expected=$2
    shift 2
    rm -f program
    STATICCXX_LINKER=$linker "$@" -o program > said 2>&1 || { echo "$linker: $*: $(tail -n 1 said)"; failed=1; return; }
    out=$(timeout 20 ./program); status=$?
    [ "$out" = "$expected" ] && [ $status = 0 ] || { echo "$linker: $*: prints \`$out\`, status $status"; failed=1; }
}
for linker in wild bfd; do
    for words in "c.o -lpthread" "c.o -pthread" "-lpthread c.o -lpthread -lc" "c.o -lrt -lpthread -ldl -pthread" "-static c.o -pthread"; do
        # shellcheck disable=SC2086
        try $linker "20 2 3" staticcc $words
    done
    try $linker "20 2 3" staticcc c.o -Wl,--whole-archive -lpthread -Wl,--no-whole-archive
    try $linker 42 staticcxx cxx.o -pthread
    try $linker 42 staticcxx cxx.o -lpthread -static
    try $linker one staticcc none.o
    try $linker 499500 staticcc -fopenmp omp.o
    try $linker 499500 staticcc -fopenmp omp.c
    try $linker 499500 staticcc omp.o -lgomp
done
exit ${failed:-0}

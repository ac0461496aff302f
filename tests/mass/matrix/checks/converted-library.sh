#!/bin/sh
# Shared objects without an archive, converted at link time: exceptions through them, thread-locals, constructors,
# functions chosen at start, old names of glibc, threads in them, with the built-in linker and the compiler's.

cat > lib.cc <<'X'
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <mutex>
#include "lib.h"
static thread_local std::string local = "local";
thread_local int counter = 40;
static std::map<std::string, int> *made;
struct Made { Made() { made = new std::map<std::string, int>{{"a", 1}}; } ~Made() { std::puts("destructed"); } };
static Made once;
void thrower(int n) { if (n) throw std::out_of_range("out " + std::to_string(n)); }
int caught(void (*f)()) { try { f(); } catch (const Error &e) { return e.number; } return -1; }
int next() { local += "!"; return ++counter + int(local.size()) + made->at("a"); }
int threads() { int sum = 0; std::mutex m; std::thread t([&] { std::lock_guard<std::mutex> l(m); sum = counter + int(local.size()); }); t.join(); return sum; }
Error::~Error() {}
X
cat > lib.h <<'X'
struct Error { int number; Error(int n) : number(n) {} virtual ~Error(); };
void thrower(int);
int caught(void (*)());
int next();
int threads();
extern thread_local int counter;
X
cat > main.cc <<'X'
#include "lib.h"
#include <iostream>
#include <stdexcept>
static void throws() { throw Error(7); }
int main()
{
    try { thrower(0); thrower(3); } catch (const std::exception &e) { std::cout << e.what() << "\n"; }
    std::cout << caught(throws) << " " << next() << " " << next() << " " << counter << " " << threads() << std::endl;
}
X
cat > c.c <<'X'
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
static int plain(void) { return 5; }
static int (*choose(void))(void) { return plain; }
int chosen(void) __attribute__((ifunc("choose")));
static __thread int own = 9;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int locked(void) { pthread_mutex_lock(&lock); own++; pthread_mutex_unlock(&lock); return own; }
const char *told(int number) { errno = number; return strerror(errno); }
FILE *where(void) { return stderr; }
X
cat > d.c <<'X'
#include <stdio.h>
int chosen(void); int locked(void); const char *told(int); FILE *where(void);
int main(void) { printf("%d %d %d %s %d\n", chosen(), locked(), locked(), told(2), where() == stderr); return 0; }
X
g++ -O1 -fPIC -shared lib.cc -o libown.so -pthread && gcc -O1 -fPIC -shared c.c -o libplain.so || exit 1
g++ -fPIE -c main.cc && gcc -fPIE -c d.c || exit 1
g++ main.o -L. -lown -Wl,-rpath,"$PWD" -o dynamic -pthread && gcc d.o -L. -lplain -Wl,-rpath,"$PWD" -o d.dynamic || exit 1
./dynamic > expected && ./d.dynamic > d.expected || exit 1
mkdir hidden
for linker in wild bfd; do
    for kind in -static-pie -static; do
        STATICCXX_LINKER=$linker staticcxx $kind main.o -L. -lown -o static -pthread 2> said || { echo "$linker $kind: C++: $(tail -n 1 said)"; failed=1; continue; }
        STATICCXX_LINKER=$linker staticcc $kind d.o -L. -lplain -o d.static 2> said || { echo "$linker $kind: C: $(tail -n 1 said)"; failed=1; continue; }
        mv ./*.so hidden
        ./static > out 2>&1; status=$?
        cmp -s expected out || { echo "$linker $kind: C++ prints $(tr '\n' ' ' < out) (status $status)"; failed=1; }
        ./d.static > out 2>&1; status=$?
        cmp -s d.expected out || { echo "$linker $kind: C prints $(tr '\n' ' ' < out) (status $status)"; failed=1; }
        mv hidden/*.so .
    done
done
exit ${failed:-0}

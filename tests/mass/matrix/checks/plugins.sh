#!/bin/sh
# Plugins linked in: opened, called, closed; with thread-locals, exceptions and threads; and dlopen without plugins.

cat > plug.cc <<'X'
#include <stdexcept>
#include <thread>
#include <cstdio>
static thread_local int t = 7;
extern "C" int plug(int a) { int n = 0; std::thread([&] { n = t++; }).join(); return a + n + t++; }
extern "C" int throws(int a) { try { throw std::runtime_error("x"); } catch (const std::exception &) { return a; } }
X
cat > open.c <<'X'
#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
    int (*f)(int), round;
    for (round = 0; round < 2; round++) {
        void *opened = dlopen("./libplug.so", RTLD_NOW);
        if (!opened)
            return puts("not there"), 0;
        f = (int (*)(int))dlsym(opened, "plug");
        printf("%d ", f(3));
        printf("%d ", f(3));
        f = (int (*)(int))dlsym(opened, "throws");
        printf("%d %d\n", f(5), dlsym(opened, "none") != 0);
    }
    return !dlsym(dlopen(0, RTLD_NOW), "puts");
}
X
g++ -shared -fPIC plug.cc -o libplug.so -pthread && gcc -c open.c && gcc -rdynamic open.o -o dynamic -ldl || exit 1
./dynamic > expected
mkdir hidden
for linker in wild bfd; do
    export STATICCXX_LINKER=$linker
    STATICCXX_PLUGINS=$PWD/libplug.so staticcc open.o -ldl -o static 2> said || { echo "$linker: $(tail -n 1 said)"; failed=1; continue; }
    mv libplug.so hidden
    ./static > out 2>&1; status=$?
    cmp -s expected out || { echo "$linker: prints $(tr '\n' ' ' < out) (status $status)"; failed=1; }
    staticcc open.o -ldl -o static 2> said || { echo "$linker: without plugins: $(tail -n 1 said)"; failed=1; }
    [ "$(./static)" = "not there" ] || { echo "$linker: without plugins: prints $(./static)"; failed=1; }
    mv hidden/libplug.so .
done
exit ${failed:-0}

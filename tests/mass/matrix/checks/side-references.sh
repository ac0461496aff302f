#!/bin/sh
# What only a side reference brings: streams in a converted library or plugin of a C program, stdio's tables in a
# converted program, old versions of functions in a plugin.

cat > streams.cc <<'X'
#include <iostream>
#include <cmath>
extern "C" double old_exp(double);
__asm__(".symver old_exp, exp@GLIBC_2.2.5");
extern "C" int streams(int n) { std::cout << "streams " << n << " " << old_exp(n) << std::endl; std::wcerr << L"wide" << std::endl; return int(std::cout.good()); }
X
cat > library.c <<'X'
int streams(int);
int main(void) { return streams(1) != 1; }
X
cat > plugin.c <<'X'
#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
    void *opened = dlopen("./libstreams.so", RTLD_NOW);
    int (*f)(int) = opened ? (int (*)(int))dlsym(opened, "streams") : 0;
    if (!f)
        return puts(dlerror()), 1;
    return f(2) != 1;
}
X
cat > stdio.c <<'X'
#include <stdio.h>
#include <wchar.h>
int main(int n, char **v)
{
    char line[64] = "";
    FILE *f = fopen(v[0], "rb");
    fprintf(stderr, "to stderr %d\n", n);
    fwrite("to stdout\n", 1, 10, stdout);
    ungetc('x', stdin);
    printf("%c %d %zu\n", getc(stdin), getc(stdin), f ? fread(line, 1, 4, f) : 0);
    fprintf(f ? stdout : stderr, "%s\n", line + 1);
    f = fmemopen(line, sizeof line, "w");
    fprintf(f, "%s", "in memory");
    fclose(f);
    f = open_wmemstream(&(wchar_t *){0}, &(size_t){0});
    fputws(L"wide", f);
    fclose(f);
    return puts(line) < 0;
}
X
cat > iostream.cc <<'X'
#include <iostream>
#include <fstream>
#include <iomanip>
int main(int n, char **v) { std::string word; std::cin >> word; std::cout << word << std::setw(5) << n << std::endl; std::clog << "log" << std::endl; std::ifstream f(v[0]); return !f; }
X
g++ -shared -fPIC -fno-builtin streams.cc -o libstreams.so || exit 1
gcc -c library.c plugin.c && gcc library.o -L. -lstreams -o library.dynamic && gcc plugin.o -ldl -o plugin.dynamic || exit 1
gcc -O1 -w stdio.c -o stdio.dynamic && g++ -O1 iostream.cc -o iostream.dynamic || exit 1
gcc -O1 -w -no-pie -fno-pie stdio.c -o stdio-no-pie.dynamic && g++ -O1 -no-pie -fno-pie iostream.cc -o iostream-no-pie.dynamic || exit 1

# NAME
compare() {
    { echo word | LD_LIBRARY_PATH=. "./$1.dynamic"; echo "status $?"; } > expected 2>&1
    { echo word | "./$1.static"; echo "status $?"; } > result 2>&1
    cmp -s expected result || { echo "$STATICCXX_LINKER $1 prints $(tr '\n' ' ' < result)"; failed=1; }
}
for STATICCXX_LINKER in wild bfd; do
    export STATICCXX_LINKER
    staticcc library.o -L. -lstreams -o library.static 2> said && compare library || { cat said; failed=1; }
    STATICCXX_PLUGINS=$PWD/libstreams.so staticcc plugin.o -o plugin.static 2> said && compare plugin || { cat said; failed=1; }
done
unset STATICCXX_LINKER
for program in stdio iostream stdio-no-pie iostream-no-pie; do
    for from in "" "--from-so all"; do
        # shellcheck disable=SC2086
        staticctl convert "$program.dynamic" -o "$program.static" $from > said 2>&1 && compare $program || { grep -m 1 error: said; failed=1; }
    done
done
exit ${failed:-0}

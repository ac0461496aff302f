#!/bin/sh
# Compilers by their path, under run: their linker is ours; a program that calls __tls_get_addr.
. "$(dirname "$0")/../functions"

cat > main.c <<'X'
#include <stdio.h>
int main(void) { return puts("by path") < 0; }
X
by_path() { # SAYS COMMAND…
    says=$1
    shift
    rm -f program
    staticctl run -- "$@" -o program > said 2>&1 || { echo "$*: $(tail -n 3 said)"; return; }
    readelf -lW program | grep -q INTERP && { echo "$*: dynamic: $(grep -m 1 'program' said)"; return; }
    grep -q 'without staticcxx\|is dynamic' said && echo "$*: $(cat said)"
    [ "$(./program 2>&1 | head -n 1)" = "$says" ] || echo "$*: it says $(./program 2>&1 | head -n 1)"
}
for compiler in /usr/bin/gcc /usr/bin/cc /usr/bin/g++; do
    by_path "by path" $compiler -x c main.c
    by_path "by path" $compiler -x c -O2 -flto main.c
    by_path "by path" $compiler -x c -no-pie main.c
done
by_path "Hello, world!" /usr/bin/g++ /opt/staticcxx/hello.cpp -pthread

# What is no program is the compiler's own linker's.
gcc -c -fPIC main.c
for words in "-shared main.o -o one.so" "-r main.o -o one.so"; do
    /usr/bin/gcc $words && cp one.so plain.so
    staticctl run -- /usr/bin/gcc $words > said 2>&1 || echo "$words: $(cat said)"
    cmp -s one.so plain.so || echo "$words: other bytes"
done

cat > tls.c <<'X'
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
struct index { unsigned long module, offset; };
void *__tls_get_addr(struct index *);
static __thread int variable = 42;
static struct index start;
static int first(struct dl_phdr_info *info, size_t size, void *data)
{
    start.module = info->dlpi_tls_modid;
    *(char **)data = info->dlpi_tls_data;
    return 1;
}
int main(void)
{
    char *block = 0;
    dl_iterate_phdr(first, &block);
    printf("%d %d\n", variable, (char *)__tls_get_addr(&start) == block && block);
    return 0;
}
X
by_path "42 1" /usr/bin/gcc tls.c

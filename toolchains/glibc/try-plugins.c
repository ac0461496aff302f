/* A minimal plugin, written like a converted one: opened, called, closed and opened again. */
#define _GNU_SOURCE
#include "modules.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int constructed, destructed;
static struct { int counter; } data;
static int answer(void) { return ++data.counter; }
static void start(int count, char **words, char **environment)
{
    (void)count;
    (void)words;
    (void)environment;
    constructed++;
}
static void stop(void) { destructed++; }

static void (*const starts[])(int, char **, char **) = {start};
static void (*const ends[])(void) = {stop};
static struct range ranges[] = {{(char *)&data, sizeof data}};
static struct symbol symbols[1] = {{1, 0, 0, 0, PLAIN}};
static struct content content = {
    .strings = "\0answer", .symbols = symbols, .symbol_count = 1, .data = ranges, .data_count = 1,
    .start = starts, .start_count = 1, .end = ends, .end_count = 1, .size = 1};
static struct module modules[1] __attribute__((section("staticcxx_modules"), used)) = {
    {.content = &content, .path = "/there/libtry.so", .names = "libtry.so.1\0"}};

HIDDEN const char staticcxx_plugin_table[] = "";
HIDDEN const struct name staticcxx_names[] = {{"puts", (void *)puts, 0, 0, 0, 1}};
HIDDEN const size_t staticcxx_name_count = 1;
static const unsigned short none[] = {0}, libc[] = {1, 0};
HIDDEN struct library staticcxx_libraries[] = {{"/l/libc.so.6", "libc.so.6\0", 0, 0, none, 1, 1},
                                               {"/l/liby.so.1", "liby.so.1\0", 0, 0, libc, 0, 0}};
HIDDEN const size_t staticcxx_library_count = 2;

int main(void)
{
    void *opened, *inside, *self = dlopen(0, RTLD_NOW);
    Dl_info info;
    int (*ask)(void);
    content.base = (char *)answer;
    if (dlopen("libnone.so", RTLD_NOW) || !strstr(dlerror(), "libnone.so: cannot open shared object file"))
        return 1;
    opened = dlopen("libtry.so.1", RTLD_NOW);
    if (!opened || opened != dlopen("/else/libtry.so", RTLD_LAZY) || constructed != 1 || modules[0].opened != 2)
        return 2;
    ask = (int (*)(void))dlsym(opened, "answer");
    if (!ask || ask() != 1 || ask() != 2 || dlsym(opened, "nothing") || !strstr(dlerror(), "undefined symbol: nothing"))
        return 3;
    if (dlclose(opened) || destructed || dlclose(opened) || destructed != 1 || dlclose(opened) == 0)
        return 4;
    opened = dlopen("libtry.so.1", RTLD_NOW);
    if (!opened || ask() != 1 || constructed != 2)
        return 5;
    if (dlsym(RTLD_DEFAULT, "puts") != (void *)puts || dlsym(self, "gets"))
        return 6;
    inside = dlopen("/l/libc.so.6", RTLD_LAZY);
    if (!inside || inside == self || dlsym(inside, "puts") != (void *)puts || dlsym(inside, "gets") || dlclose(inside))
        return 7;
    if (dlopen("liby.so.1", RTLD_LAZY | RTLD_NOLOAD) || !(inside = dlopen("liby.so.1", RTLD_LAZY)))
        return 9;
    if (dlsym(inside, "puts") != (void *)puts)
        return 10;
    if (!dladdr((void *)puts, &info) || strcmp(info.dli_fname, "/l/libc.so.6") || strcmp(info.dli_sname, "puts"))
        return 8;
    puts("42");
    return 0;
}

/* Linked-in shared objects, opened and closed as by ld.so: at the first opening they are checked, made executable and
   constructed after their dependencies; at the last closing they are destructed. They are reopened with their initial
   data. */
#include "modules.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern struct module __start_staticcxx_modules[] __attribute__((weak)) HIDDEN;
extern struct module __stop_staticcxx_modules[] __attribute__((weak)) HIDDEN;
#define EACH(m) for (struct module *m = __start_staticcxx_modules; m < __stop_staticcxx_modules; m++)

extern char **environ;
extern int __libc_argc HIDDEN;
extern char **__libc_argv HIDDEN;

/* Recursive, since constructors may open modules; a fork in another thread must not leave it locked. */
#if !__GLIBC_PREREQ(2, 34)
/* libpthread is an archive of its own, and not in a program without threads. */
#pragma weak pthread_mutex_lock
#pragma weak pthread_mutex_unlock
#endif
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
void staticcxx_module_lock(void)
{
    if (pthread_mutex_lock)
        pthread_mutex_lock(&lock);
}
void staticcxx_module_unlock(void)
{
    if (pthread_mutex_unlock)
        pthread_mutex_unlock(&lock);
}

/* Open modules, the last constructed first. */
static struct module *last;

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The number of last components that two paths have in common. */
static unsigned common(const char *a, const char *b)
{
    const char *p = a + strlen(a), *q = b + strlen(b);
    unsigned count = 0;
    for (;;) {
        if (p == a || q == b)
            return count + ((p == a && (q == b || q[-1] == '/')) || (q == b && p[-1] == '/'));
        if (*--p != *--q)
            return count;
        count += *p == '/';
    }
}

static unsigned likeness(const struct module *m, const char *name)
{
    const char *n;
    unsigned best = 0, now;
    if (strcmp(name, m->path) == 0)
        return ~0u;
    for (n = m->names; *n; n += strlen(n) + 1) {
        if (strcmp(name, n) == 0)
            return ~0u;
        if (strcmp(base_of(name), base_of(n)) == 0)
            best = best ? best : 1;
    }
    now = common(name, m->path);
    return now > best ? now : best;
}

struct module *staticcxx_module_find(const char *name, int for_libc)
{
    struct module *found = 0;
    unsigned best = 0;
    EACH(m) {
        unsigned now = (m->kind >= CONVERTER) == !!for_libc ? likeness(m, name) : 0;
        if (now > best) {
            best = now;
            found = m;
        }
    }
    return found;
}

struct module *staticcxx_module_next(struct module *m)
{
    m = m ? m + 1 : __start_staticcxx_modules;
    return m < __stop_staticcxx_modules ? m : 0;
}

struct module *staticcxx_module_at(const void *address)
{
    EACH(m)
        if ((const char *)address >= m->content->base && (const char *)address < m->content->base + m->content->size)
            return m;
    return 0;
}

static void nowhere(void)
{
    static const char said[] = "staticcxx: symbol lookup error: a function was called that no linked plugin or library "
                               "has; opening with RTLD_NOW names it\n";
    ssize_t written = write(2, said, sizeof said - 1);
    _exit(written < 0 ? 126 : 127);
}

/* Saves the data of a module, or restores it; thread-local data is the calling thread's. */
static void copy(struct module *m, int keep)
{
    const struct content *c = m->content;
    char *kept = m->saved, *data;
    size_t i, length;
    for (i = 0; i <= c->data_count; i++, kept += length) {
        data = i < c->data_count ? c->data[i].start : thread_pointer() + c->thread_offset;
        length = i < c->data_count ? c->data[i].length : c->thread_size;
        memcpy(keep ? kept : data, keep ? data : kept, length);
    }
}

/* Makes code executable, fills slots, saves the data before constructors run. */
static int prepare(struct module *m, int mode, char *why, size_t room)
{
    const struct content *c = m->content;
    size_t i, size = 0;
    if (m->prepared)
        return 1;
    for (i = 0; i < c->wanted_count; i++)
        if (!c->wanted[i].address && !(c->wanted[i].lazy && !(mode & RTLD_NOW))) {
            snprintf(why, room, "%s: undefined symbol: %s", name_of(m), c->strings + c->wanted[i].name);
            return 0;
        }
    m->prepared = 1;
    for (i = 0; m->needs && m->needs[i]; i++)
        if (!prepare(m->needs[i], mode, why, room)) {
            m->prepared = 0;
            return 0;
        }
    if (m->was_closed) {
        copy(m, 0);
        return 1;
    }
    for (i = 0; i < c->protect_count; i++)
        if (c->protect[i].access != PROT_READ
            && mprotect(c->protect[i].start, c->protect[i].length, (int)c->protect[i].access) != 0) {
            snprintf(why, room, "%s: cannot make segment executable: the system forbids it (SELinux, seccomp)", name_of(m));
            m->prepared = 0;
            return 0;
        }
    for (i = 0; i < c->wanted_count; i++)
        if (!c->wanted[i].address)
            *c->wanted[i].slot = (void *)nowhere;
    for (i = 0; i < c->select_count; i++)
        *c->select[i].slot = c->select[i].choose();
    for (i = 0; i < c->protect_count; i++)
        if (c->protect[i].access == PROT_READ)
            mprotect(c->protect[i].start, c->protect[i].length, PROT_READ);
    for (i = 0; i < c->data_count; i++)
        size += c->data[i].length;
    if (!(c->flags & NEVER_CLOSED) && (m->saved = malloc(size + c->thread_size + 1)) != 0)
        copy(m, 1);
    return 1;
}

static void construct(struct module *m)
{
    size_t i;
    m->opened++;
    if (m->constructed)
        return;
    m->constructed = 1;
    for (i = 0; m->needs && m->needs[i]; i++)
        construct(m->needs[i]);
    for (i = 0; i < m->content->start_count; i++)
        m->content->start[i](__libc_argc, __libc_argv, environ);
    m->before = last;
    last = m;
}

static void destruct(struct module *m)
{
    struct module **at = &last;
    size_t i = m->content->end_count;
    while (*at && *at != m)
        at = &(*at)->before;
    if (*at)
        *at = m->before;
    while (i-- > 0)
        m->content->end[i]();
}

static void make_global(struct module *m)
{
    size_t i;
    if (m->global)
        return;
    m->global = 1;
    for (i = 0; m->needs && m->needs[i]; i++)
        make_global(m->needs[i]);
}

int staticcxx_module_open(struct module *m, int mode, char *why, size_t room)
{
    if (!prepare(m, mode, why, room))
        return 0;
    if (mode & RTLD_GLOBAL)
        make_global(m);
    if (mode & RTLD_NODELETE)
        m->opened++;
    construct(m);
    return 1;
}

int staticcxx_module_close(struct module *m)
{
    size_t i;
    if (m->opened <= 0)
        return -1;
    if (m->opened == 1 && (m->content->flags & NEVER_CLOSED || !m->saved))
        return 0;
    if (--m->opened > 0)
        return 0;
    destruct(m);
    m->constructed = m->prepared = m->global = 0;
    m->was_closed = 1;
    for (i = 0; m->needs && m->needs[i]; i++)
        staticcxx_module_close(m->needs[i]);
    return 0;
}

/* After the destructors of the program, before those of its libraries. */
static void end(void)
{
    while (last) {
        struct module *m = last;
        last = m->before;
        destruct(m);
    }
}
__attribute__((section(".fini_array.65534"), used)) static void (*const at_end)(void) = end;

static void *address_of(const struct content *c, const struct symbol *s)
{
    switch (s->kind) {
    case CHOSEN:
        return ((void *(*)(void))(uintptr_t)(c->base + s->value))();
    case THREAD_LOCAL:
        return thread_pointer() + c->thread_offset + s->value;
    default:
        return c->base + s->value;
    }
}

void *staticcxx_module_own_symbol(struct module *m, const char *name, const char *version)
{
    const struct content *c = m->content;
    size_t low = 0, high = c->symbol_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(c->strings + c->symbols[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < c->symbol_count && strcmp(c->strings + c->symbols[low].name, name) == 0; low++) {
        const char *has = c->strings + c->symbols[low].version;
        if (!version || !*has || strcmp(has, version) == 0)
            return address_of(c, &c->symbols[low]);
    }
    return 0;
}

static void *own_or_needed(struct module *m, const char *name, const char *version, unsigned depth)
{
    void *found = 0;
    size_t i;
    if (depth == 0)
        return m->mark ? 0 : (m->mark = 1, staticcxx_module_own_symbol(m, name, version));
    for (i = 0; !found && m->needs && m->needs[i]; i++)
        found = own_or_needed(m->needs[i], name, version, depth - 1);
    return found;
}

/* In the module, then in its dependencies, nearest first. */
void *staticcxx_module_symbol(struct module *m, const char *name, const char *version)
{
    void *found = 0;
    unsigned depth;
    EACH(each)
        each->mark = 0;
    for (depth = 0; !found && depth < 16; depth++)
        found = own_or_needed(m, name, version, depth);
    return found;
}

void *staticcxx_module_global(const char *name, const char *version)
{
    void *found = 0;
    EACH(m)
        if (!found && m->global)
            found = staticcxx_module_own_symbol(m, name, version);
    return found;
}

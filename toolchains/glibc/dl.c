/* dlopen and the like in a static program: they find what was linked in, which is the program itself, the libraries
   that it contains, and plugins (STATICCXX_PLUGINS, `staticctl convert --plugin`). Error texts are ld.so's. */
#include "modules.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in libc.a, so that a program may define one of them itself. The other name is for RTLD_NEXT. */
#define OURS(name) \
    extern __typeof__(name) staticcxx_##name HIDDEN; \
    extern __typeof__(name) name __attribute__((weak, alias("staticcxx_" #name)))

/* Written for each link. */
extern const struct name staticcxx_names[] HIDDEN;
extern const size_t staticcxx_name_count HIDDEN;
extern struct library staticcxx_libraries[] HIDDEN;
extern const size_t staticcxx_library_count HIDDEN;

/* The table of modules, which nothing else links in. */
extern const char staticcxx_plugin_table[] HIDDEN;

extern const ElfW(Ehdr) __ehdr_start HIDDEN;
extern char _end[] HIDDEN;
extern char **__libc_argv HIDDEN;

static __thread char said[1024];
static __thread int has_said;

/* The program itself, with all libraries that it contains. */
HIDDEN struct link_map staticcxx_program = {0, "", 0, 0, 0};
#define program staticcxx_program

static void say(const char *format, ...)
{
    va_list with;
    va_start(with, format);
    vsnprintf(said, sizeof said, format, with);
    va_end(with);
    has_said = 1;
}

static const char *self(void) { return __libc_argv && __libc_argv[0] ? __libc_argv[0] : ""; }

OURS(dlerror);
char *staticcxx_dlerror(void)
{
    if (!has_said)
        return 0;
    has_said = 0;
    return said;
}

/* link_maps of open modules, in the order of opening. */
static void chain(struct module *m)
{
    struct link_map *at = &program;
    size_t i;
    for (i = 0; m->needs && m->needs[i]; i++)
        if (!m->needs[i]->chained)
            chain(m->needs[i]);
    if (m->chained)
        return;
    m->chained = 1;
    m->map.l_addr = (ElfW(Addr))m->content->base;
    if (!m->map.l_name)
        m->map.l_name = (char *)m->path;
    m->map.l_ld = 0;
    while (at->l_next)
        at = at->l_next;
    at->l_next = &m->map;
    m->map.l_prev = at;
}

static void *handle_of(struct module *m) { return &m->map; }

static struct module *module_of(void *handle)
{
    struct module *m = 0;
    while ((m = staticcxx_module_next(m)) != 0)
        if (handle == &m->map && m->opened > 0)
            return m;
    return 0;
}

#define EACH_LIBRARY(l) \
    for (struct library *l = staticcxx_libraries; l < staticcxx_libraries + staticcxx_library_count; l++)

static void *handle_of_library(struct library *l)
{
    l->map.l_addr = (ElfW(Addr))l->start;
    l->map.l_name = (char *)l->path;
    return &l->map;
}

static struct library *library_of(const void *handle)
{
    EACH_LIBRARY(l)
        if (handle == &l->map)
            return l;
    return 0;
}

static struct library *inside(const char *name)
{
    const char *n, *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    EACH_LIBRARY(l)
        for (n = l->names; *n; n += strlen(n) + 1)
            if (strcmp(n, name) == 0)
                return l;
    return 0;
}

/* Its names, and those of what it needs, are found without a handle from now on. */
static void make_global(struct library *l, int mode)
{
    const unsigned short *need;
    if (!(mode & RTLD_GLOBAL))
        return;
    l->global = 1;
    for (need = l->needs; *need; need++)
        staticcxx_libraries[*need - 1].global = 1;
}

OURS(dlopen);
void *staticcxx_dlopen(const char *name, int mode)
{
    struct module *m;
    struct library *l;
    void *handle = 0;
    int binding = mode & (RTLD_LAZY | RTLD_NOW);
    __asm__ volatile("" : : "r"(staticcxx_plugin_table));
    has_said = 0;
    if (!binding) {
        say("%s: invalid mode for dlopen(): Invalid argument", name ? name : self());
        return 0;
    }
    if (!name || !*name || strcmp(name, self()) == 0)
        return &program;
    staticcxx_module_lock();
    m = staticcxx_module_find(name, 0);
    if (m && mode & RTLD_NOLOAD && m->opened <= 0)
        ;
    else if (m) {
        if (m->opened <= 0 && strchr(name, '/') && (!m->map.l_name || strcmp(m->map.l_name, name) != 0))
            m->map.l_name = strdup(name);
        if (staticcxx_module_open(m, mode, said, sizeof said)) {
            chain(m);
            handle = handle_of(m);
        } else
            has_said = 1;
    } else if ((l = inside(name)) != 0) {
        if (l->loaded || !(mode & RTLD_NOLOAD)) {
            l->loaded = 1;
            make_global(l, mode);
            handle = handle_of_library(l);
        }
    } else if (!(mode & RTLD_NOLOAD))
        say("%s: cannot open shared object file: No such file or directory in this static program "
            "(link with STATICCXX_PLUGINS=%s, or convert with --plugin, to include it)", name, name);
    staticcxx_module_unlock();
    return handle;
}

OURS(dlmopen);
void *staticcxx_dlmopen(Lmid_t space, const char *name, int mode)
{
    if (space == LM_ID_BASE)
        return staticcxx_dlopen(name, mode);
    say("%s: cannot create a namespace of its own: plugins of a static program share one", name ? name : self());
    return 0;
}

OURS(dlclose);
int staticcxx_dlclose(void *handle)
{
    struct module *m;
    int result = 0;
    has_said = 0;
    if (handle == &program || library_of(handle))
        return 0;
    staticcxx_module_lock();
    m = module_of(handle);
    if (!m) {
        say("%s: shared object not open", self());
        result = -1;
    } else
        staticcxx_module_close(m);
    staticcxx_module_unlock();
    return result;
}

static int compare(const void *name, const void *entry)
{
    return strcmp(name, ((const struct name *)entry)->name);
}

static const struct name *named(const char *name)
{
    return bsearch(name, staticcxx_names, staticcxx_name_count, sizeof *staticcxx_names, compare);
}

static struct library *library_of_name(const struct name *n)
{
    return n->library ? &staticcxx_libraries[n->library - 1] : 0;
}

/* A definition that is found without a handle. */
static void *of_program(const char *name)
{
    const struct name *n = named(name);
    struct library *l = n ? library_of_name(n) : 0;
    return !n || (l && !l->global) ? 0 : n->address ? n->address : n->next;
}

/* A definition in a library or what it needs. */
static void *of_library(const struct library *l, const char *name)
{
    const struct name *n = named(name);
    const unsigned short *need = l->needs;
    if (!n || n->own)
        return n ? n->next : 0;
    if (library_of_name(n) == l)
        return n->address;
    while (*need && *need != n->library)
        need++;
    return *need ? n->address : 0;
}

static struct library *library_at(const char *at)
{
    EACH_LIBRARY(l)
        if (l->start && at >= l->start && at < l->start + l->size)
            return l;
    return 0;
}

/* A definition in the program's libraries, not in the program itself. Behind a library's own allocator is libc's. */
static void *of_libraries(const char *name, const void *caller)
{
    const struct name *n = named(name);
    const struct library *l = n ? library_of_name(n) : 0;
    if (l && l->start && !n->own && l != library_at(caller))
        return n->address;
    /* A source on the command line may define it too: libc's alias is certainly libc's. */
    return !n ? 0 : n->next ? n->next : n->own ? 0 : n->address;
}

static void *look_up(void *handle, const char *name, const char *version, const void *caller)
{
    struct module *from = staticcxx_module_at(caller), *m;
    struct library *inside = library_of(handle);
    void *found = 0;
    size_t i;
    has_said = 0;
    staticcxx_module_lock();
    if (handle == RTLD_NEXT) {
        for (i = 0; from && from->needs && from->needs[i] && !found; i++)
            found = staticcxx_module_symbol(from->needs[i], name, version);
        if (!found)
            found = of_libraries(name, from ? 0 : caller);
        if (!found && !from)
            found = staticcxx_module_global(name, version);
    } else if (handle == RTLD_DEFAULT || handle == &program) {
        found = of_program(name);
        if (!found)
            found = staticcxx_module_global(name, version);
        if (!found && from && handle == RTLD_DEFAULT)
            found = staticcxx_module_symbol(from, name, version);
    } else if (inside)
        found = of_library(inside, name);
    else if ((m = module_of(handle)) != 0) {
        found = staticcxx_module_symbol(m, name, version);
        if (!found)
            found = of_libraries(name, 0);
        from = m;
    } else {
        staticcxx_module_unlock();
        say("%s: invalid handle", self());
        return 0;
    }
    staticcxx_module_unlock();
    if (!found) {
        const char *who = inside ? inside->path : self();
        if (from && handle != RTLD_NEXT && handle != RTLD_DEFAULT && handle != &program && !inside)
            who = name_of(from);
        if (version)
            say("%s: undefined symbol: %s, version %s", who, name, version);
        else
            say("%s: undefined symbol: %s", who, name);
    }
    return found;
}

OURS(dlsym);
void *staticcxx_dlsym(void *restrict handle, const char *restrict name)
{
    return look_up(handle, name, 0, __builtin_return_address(0));
}

OURS(dlvsym);
void *staticcxx_dlvsym(void *restrict handle, const char *restrict name, const char *restrict version)
{
    return look_up(handle, name, version, __builtin_return_address(0));
}

/* The symbol that contains an address, or the last one before it if sizes are unknown. */
static const struct symbol *symbol_at(const struct content *c, unsigned long at)
{
    const struct symbol *best = 0;
    size_t i;
    for (i = 0; i < c->symbol_count; i++) {
        const struct symbol *s = &c->symbols[i];
        if (s->kind == THREAD_LOCAL || s->value > at || (s->size ? at - s->value >= s->size : at != s->value))
            continue;
        if (!best || s->value > best->value)
            best = s;
    }
    return best;
}

/* The name that contains an address in the program. */
static const struct name *name_at(const char *at)
{
    const struct name *best = 0;
    size_t i;
    for (i = 0; i < staticcxx_name_count; i++) {
        const struct name *n = &staticcxx_names[i];
        const char *start = n->address;
        if (!start || start > at || (n->size ? at - start >= n->size : at != start))
            continue;
        if (!best || start > (const char *)best->address)
            best = n;
    }
    return best;
}

static int describe(const void *address, Dl_info *info, const struct symbol **symbol, struct link_map **map)
{
    struct module *m = staticcxx_module_at(address);
    const char *at = address;
    memset(info, 0, sizeof *info);
    *symbol = 0;
    if (m) {
        info->dli_fname = name_of(m);
        info->dli_fbase = m->content->base;
        *map = &m->map;
        *symbol = symbol_at(m->content, (unsigned long)(at - m->content->base));
        if (*symbol) {
            info->dli_sname = m->content->strings + (*symbol)->name;
            info->dli_saddr = m->content->base + (*symbol)->value;
        }
        return 1;
    }
    if (at < (const char *)&__ehdr_start || at >= _end)
        return 0;
    const struct name *n = name_at(at);
    struct library *l = n && n->own ? 0 : n && n->library ? library_of_name(n) : library_at(at);
    info->dli_fname = l ? l->path : self();
    info->dli_fbase = l && l->start ? l->start : (void *)&__ehdr_start;
    *map = l ? handle_of_library(l) : &program;
    if (n) {
        info->dli_sname = n->name;
        info->dli_saddr = n->address;
    }
    return 1;
}

OURS(dladdr);
int staticcxx_dladdr(const void *address, Dl_info *info)
{
    const struct symbol *symbol;
    struct link_map *map;
    return describe(address, info, &symbol, &map);
}

OURS(dladdr1);
int staticcxx_dladdr1(const void *address, Dl_info *info, void **extra, int flags)
{
    /* Bytes, since a linker of ours misplaces the thread-local storage of a program if more than a word is aligned. */
    static __thread char room[sizeof(ElfW(Sym)) + sizeof(long)];
    ElfW(Sym) *made = (ElfW(Sym) *)(((uintptr_t)room + sizeof(long) - 1) & -sizeof(long));
    const struct symbol *symbol;
    struct link_map *map;
    if (!describe(address, info, &symbol, &map))
        return 0;
    if (flags == RTLD_DL_LINKMAP)
        *extra = map;
    else if (flags == RTLD_DL_SYMENT) {
        *extra = 0;
        if (symbol) {
            memset(made, 0, sizeof *made);
            made->st_value = symbol->value;
            made->st_size = symbol->size;
            *extra = made;
        }
    }
    return 1;
}

static size_t directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

OURS(dlinfo);
int staticcxx_dlinfo(void *restrict handle, int request, void *restrict result)
{
    struct module *m = module_of(handle);
    struct library *l = library_of(handle);
    const char *path;
    size_t length;
    has_said = 0;
    if (!m && !l && handle != &program) {
        say("%s: invalid handle", self());
        return -1;
    }
    path = m ? name_of(m) : l ? l->path : self();
    switch (request) {
    case RTLD_DI_LMID:
        *(Lmid_t *)result = LM_ID_BASE;
        return 0;
    case RTLD_DI_LINKMAP:
        *(struct link_map **)result = m ? &m->map : l ? &l->map : &program;
        return 0;
    case RTLD_DI_ORIGIN:
        length = directory(path);
        memcpy(result, length ? path : ".", length ? length : 1);
        ((char *)result)[length ? length : 1] = 0;
        return 0;
    case RTLD_DI_SERINFOSIZE:
        ((Dl_serinfo *)result)->dls_cnt = 0;
        ((Dl_serinfo *)result)->dls_size = offsetof(Dl_serinfo, dls_serpath);
        return 0;
    case RTLD_DI_SERINFO:
        return 0;
    case RTLD_DI_TLS_MODID:
        *(size_t *)result = m && m->content->thread_size != 0;
        return 0;
    case RTLD_DI_TLS_DATA:
        *(void **)result =
            m && m->content->thread_size ? thread_pointer() + m->content->thread_offset : 0;
        return 0;
    default:
        say("unsupported dlinfo request");
        return -1;
    }
}

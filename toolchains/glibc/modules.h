/* Tables of shared objects that are linked into a program and opened at run time (src/convert/module.rs writes `struct
   content`, src/supply/plugins/module_tables.rs the rest). Offsets are relative to `base`. */
#include <link.h>
#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* GCC has __builtin_thread_pointer for x86 since version 11. */
static inline char *thread_pointer(void)
{
#ifdef __x86_64__
    char *self;
    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
#else
    return __builtin_thread_pointer();
#endif
}

struct protection { char *start; size_t length; size_t access; };
struct selection { void **slot; void *(*choose)(void); };
struct range { char *start; size_t length; };

enum { PLAIN, CHOSEN, THREAD_LOCAL };
/* Sorted by name; the default version of a name comes first. An empty version is none. */
struct symbol { unsigned name, version; unsigned long value; unsigned size, kind; };

/* A symbol that nothing in the link defined when it was planned. */
struct wanted { unsigned name, lazy; void **slot, *address; };

enum { NEVER_CLOSED = 1 };
struct content {
    char *base;
    size_t size;
    const char *strings;
    const struct symbol *symbols;
    size_t symbol_count;
    const struct protection *protect;
    size_t protect_count;
    const struct selection *select;
    size_t select_count;
    const struct range *data;
    size_t data_count;
    void (*const *start)(int, char **, char **);
    size_t start_count;
    void (*const *end)(void);
    size_t end_count;
    const struct wanted *wanted;
    size_t wanted_count;
    /* Thread-local data: offset from the thread pointer, and size. */
    long thread_offset;
    size_t thread_size, flags;
};

/* PLUGIN and NEEDED are found by dlopen, the others by libc itself. */
enum { PLUGIN, NEEDED, CONVERTER, NAME_SERVICE };
struct module {
    const struct content *content;
    const char *path;
    /* Other names, each NUL-terminated, then an empty one. */
    const char *names;
    struct module *const *needs;
    size_t kind;
    /* Initially zero. */
    struct link_map map;
    long opened;
    char *saved;
    struct module *before;
    unsigned char prepared, constructed, global, was_closed, mark, chained;
};
_Static_assert(sizeof(struct module) == 14 * 8, "src/supply/plugins/module_tables.rs knows the size");

/* Names for dlsym and dladdr: `next` is for RTLD_NEXT from the program; `library` counts from 1, 0 is none. A size of 0
   is unknown. */
struct name { const char *name; void *address, *next; unsigned size; unsigned short own, library; };
_Static_assert(sizeof(struct name) == 4 * 8, "src/supply/plugins/module_tables.rs knows the size");

/* A library that the program contains. */
struct library {
    /* Where ld.so found it when the program was linked. */
    const char *path;
    /* Sonames and file names, each NUL-terminated, then an empty one. */
    const char *names;
    /* The memory of a converted one. */
    char *start;
    size_t size;
    /* What it needs, directly or not, counted from 1 as in names, then a 0. */
    const unsigned short *needs;
    /* Whether a dynamic program would have loaded it at its start, and whether its names are found without a handle. */
    unsigned loaded, global;
    /* Initially zero. */
    struct link_map map;
};
_Static_assert(sizeof(struct library) == 11 * 8, "src/supply/plugins/module_tables.rs knows the size");

/* The name under which it was opened, or its path. */
static inline const char *name_of(const struct module *m) { return m->map.l_name ? m->map.l_name : m->path; }

HIDDEN struct module *staticcxx_module_find(const char *name, int for_libc);
/* Opens a module, or sets `why` to the error. */
HIDDEN int staticcxx_module_open(struct module *, int mode, char *why, size_t room);
HIDDEN int staticcxx_module_close(struct module *);
HIDDEN void *staticcxx_module_symbol(struct module *, const char *name, const char *version);
HIDDEN void *staticcxx_module_own_symbol(struct module *, const char *name, const char *version);
HIDDEN struct module *staticcxx_module_at(const void *);
HIDDEN void *staticcxx_module_global(const char *name, const char *version);
HIDDEN struct module *staticcxx_module_next(struct module *);
HIDDEN void staticcxx_module_lock(void), staticcxx_module_unlock(void);

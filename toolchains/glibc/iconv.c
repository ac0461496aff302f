/* iconv converters in a static glibc program, without any file: libc's own iconv finds the tables of linked-in
   converters, and nothing on the machine.

   This object is merged with a copy of libc's gconv_conf.o, in which __gconv_load_conf is renamed and the directory of
   converters does not exist: it builds the tables of built-in conversions. struct conversion is glibc's struct
   gconv_module (iconv/gconv_int.h), struct alias its struct gconv_alias, unchanged since 2000; each libc.a is tested by
   running a program. */
#include <gconv.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN __attribute__((visibility("hidden")))
/* Weak, so that libc's own take precedence if linked in earlier; a linker that prefers strong definitions in archives
   gets strong ones. */
#ifdef STATICCXX_STRONG
#define INSTEAD HIDDEN
#else
#define INSTEAD __attribute__((weak, visibility("hidden")))
#endif

struct conversion {
    const char *from, *to;
    int cost, order;
    const char *module;
    struct conversion *left, *same, *right;
};
struct alias { char *from, *to; };

extern struct conversion *__gconv_modules_db HIDDEN;
extern void *__gconv_alias_db HIDDEN;
extern int __gconv_alias_compare(const void *, const void *) HIDDEN;
extern void STATICCXX_CONF(void);

/* Written with the archive: words (src/repairs/iconv.rs), and the table of modules. */
extern const char staticcxx_conversions[] HIDDEN;
extern const char staticcxx_converter_table[] HIDDEN, staticcxx_loader[] HIDDEN;

/* Identifies finished programs that contain this, stripped or not. */
const char staticcxx_converters[] = "staticcxx: converters of iconv are linked in";

static const char *next(const char *word) { return word + strlen(word) + 1; }

/* A tree by source character set, with a list of targets. */
static void insert(struct conversion *new)
{
    struct conversion **at = &__gconv_modules_db;
    while (*at) {
        int order = strcmp(new->from, (*at)->from);
        if (order == 0)
            break;
        at = order < 0 ? &(*at)->left : &(*at)->right;
    }
    while (*at) {
        if (strcmp(new->to, (*at)->to) == 0) {
            free(new);
            return;
        }
        at = &(*at)->same;
    }
    *at = new;
}

static int converts(const char *name)
{
    struct conversion *at = __gconv_modules_db;
    while (at) {
        int order = strcmp(name, at->from);
        if (order == 0)
            return 1;
        at = order < 0 ? at->left : at->right;
    }
    return 0;
}

static void load(void)
{
    const char *word = staticcxx_conversions;
    int order = 1000;
    /* References keep them from --gc-sections. */
    __asm__ volatile("" : : "r"(staticcxx_converters), "r"(staticcxx_converter_table), "r"(staticcxx_loader));
    STATICCXX_CONF();
    while (*word) {
        /* glibc frees conversions that come from files. */
        struct conversion *new = calloc(1, sizeof *new);
        if (!new)
            return;
        new->from = word;
        new->to = word = next(word);
        new->module = word = next(word);
        new->cost = atoi(word = next(word));
        new->order = order++;
        word = next(word);
        insert(new);
    }
    word++;
    while (*word) {
        const char *to = next(word), *end = next(to);
        struct alias *new = converts(word) ? 0 : malloc(sizeof *new + (size_t)(end - word));
        if (new) {
            struct alias **there;
            new->from = memcpy(new + 1, word, (size_t)(end - word));
            new->to = new->from + (to - word);
            there = tsearch(new, &__gconv_alias_db, __gconv_alias_compare);
            if (there && *there != new)
                free(new);
        }
        word = end;
    }
}

#if !__GLIBC_PREREQ(2, 34)
/* libpthread is an archive of its own, and not in a program without threads. */
#pragma weak pthread_once
#endif

INSTEAD void __gconv_load_conf(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static int loaded;
    if (pthread_once) {
        pthread_once(&once, load);
    } else if (!loaded) {
        loaded = 1;
        load();
    }
}

/* The machine's gconv-modules.cache is never used. */
INSTEAD int __gconv_load_cache(void) { return -1; }
INSTEAD void *__gconv_get_cache(void) { return 0; }
INSTEAD int __gconv_lookup_cache(const char *to, const char *from, void **steps, size_t *count, int flags)
{
    (void)to;
    (void)from;
    (void)steps;
    (void)count;
    (void)flags;
    return __GCONV_NODB;
}
INSTEAD int __gconv_compare_alias_cache(const char *one, const char *other, int *result)
{
    (void)one;
    (void)other;
    (void)result;
    return __GCONV_NODB;
}
INSTEAD void __gconv_release_cache(void *steps, size_t count)
{
    (void)steps;
    (void)count;
}

/* Start-up code of programs with converted libraries (src/convert): runs after relocation and TLS set-up, before any
   constructor. First ranges of data become code or read-only, then words that no linker writes get offsets of thread-locals,
   IFUNCs are resolved, and what was writable only for that becomes read-only. Nothing is ever writable and executable. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

struct protection { char *start; size_t length; size_t access; };
struct selection { void **slot; void *(*choose)(void); };
/* Words for offsets of thread-locals that linkers of this machine do not write. */
struct thread_word { long *word; long (*offset)(void); };

#define TABLE(type, name) \
    extern const struct type __start_##name[] __attribute__((weak, visibility("hidden"))); \
    extern const struct type __stop_##name[] __attribute__((weak, visibility("hidden")))
TABLE(protection, staticcxx_protect);
TABLE(selection, staticcxx_select);
#ifdef __aarch64__
TABLE(thread_word, staticcxx_thread_words);
#endif

/* Converted libraries refer to it, which links this in. */
__attribute__((visibility("hidden"))) const char staticcxx_converted[] = "staticcxx: converted libraries";

/* The whole pages of a range: what shares a page with its ends stays writable. On failure the program is as safe as one
   without relro. */
static void make_read_only(char *start, size_t length, uintptr_t page)
{
    uintptr_t from = ((uintptr_t)start + page - 1) & ~(page - 1), to = ((uintptr_t)start + length) & ~(page - 1);
    if (from < to)
        mprotect((void *)from, to - from, PROT_READ);
}

#ifdef __aarch64__
static void write_thread_words(void)
{
    const struct thread_word *t;
    for (t = __start_staticcxx_thread_words; t < __stop_staticcxx_thread_words; t++)
        *t->word = t->offset();
}

/* An allocator in the place of libc's is called before anything in .preinit_array is. Resolvers of IFUNCs run before that,
   after all other relocations. */
static void nothing(void) {}

static void *write_early(void)
{
    write_thread_words();
    return (void *)nothing;
}

__attribute__((visibility("hidden"), ifunc("write_early"))) void staticcxx_thread_words(void);
#endif

static void start(void)
{
    const struct protection *p;
    const struct selection *s;
    uintptr_t page = getauxval(AT_PAGESZ);
    for (p = __start_staticcxx_protect; p < __stop_staticcxx_protect; p++)
        if (p->access != PROT_READ && mprotect(p->start, p->length, (int)p->access) != 0) {
            static const char said[] =
                "staticcxx: a converted library can't be made executable: the system forbids it (SELinux, seccomp)\n";
            ssize_t written = write(2, said, sizeof said - 1);
            _exit(written < 0 ? 126 : 127);
        }
#ifdef __aarch64__
    staticcxx_thread_words();
#endif
    for (s = __start_staticcxx_select; s < __stop_staticcxx_select; s++)
        *s->slot = s->choose();
    for (p = __start_staticcxx_protect; p < __stop_staticcxx_protect; p++)
        if (p->access == PROT_READ)
            make_read_only(p->start, p->length, page ? page : 4096);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = start;

/* Handlers that a library registers during construction run at its destruction, after all handlers registered later:
   ld.so's order. Converted libraries call these two functions instead of libc's. */
struct handler { void (*run)(void *); void *with, *library; struct handler *next; };
static struct handler *handlers;
static int constructed;

int __cxa_atexit(void (*)(void *), void *, void *);
void __cxa_finalize(void *);

__attribute__((visibility("hidden"))) int staticcxx_atexit(void (*run)(void *), void *with, void *library)
{
    struct handler *h = constructed ? 0 : malloc(sizeof *h);
    if (!h)
        return __cxa_atexit(run, with, library);
    h->run = run;
    h->with = with;
    h->library = library;
    h->next = handlers;
    handlers = h;
    return 0;
}

/* Runs the handlers of one library, or of all. A handler may register others. */
__attribute__((visibility("hidden"))) void staticcxx_finalize(void *library)
{
    struct handler **at = &handlers;
    if (library)
        __cxa_finalize(library);
    while (*at) {
        struct handler *h = *at;
        if (library && h->library != library) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        h->run(h->with);
        free(h);
        at = &handlers;
    }
}

static void end_of_construction(void) { constructed = 1; }
static void rest(void) { staticcxx_finalize(0); }

/* After the constructors of all libraries, before those of the program; destructors run in reverse order. */
__attribute__((section(".init_array.65535"), used)) static void (*const behind)(void) = end_of_construction;
__attribute__((section(".fini_array.00001"), used)) static void (*const last)(void) = rest;

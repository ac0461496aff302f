// A library with everything that a converter has to get right. Built twice: with the compiler's usual thread-locals,
// and with TLS descriptors and packed relative relocations (DT_RELR).
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <link.h>
#include <stdexcept>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

// Thread-locals of every model, one with a pointer in its initial image.
static int target = 5;
API thread_local int shared_counter;
thread_local int shared_counter = 22;
static thread_local int own = 11;
static thread_local char buffer[100];
static thread_local std::string text = "thread-local string";
__attribute__((tls_model("initial-exec"))) static thread_local int early = 33;
static thread_local int *pointer = &target;
alignas(64) static thread_local int aligned = 64;

// Symbols: weak ones that may be missing or defined by the program, protected, hidden, interposed.
API __attribute__((weak)) void program_hook(const char *);
API __attribute__((weak)) void nobody_has_this();
API __attribute__((weak)) const char *replaced() { return "library"; }
extern "C" __attribute__((visibility("protected"))) int guarded();
int guarded() { return 7; }
API int call_guarded() { return guarded(); }
extern "C" __attribute__((visibility("hidden"))) int secret() { return 77; }
API int numbers[4];
int numbers[4] = {1, 2, 3, 4};
API int *inside;
int *inside = &numbers[2];
API int zeros[5000];
int zeros[5000];
typedef int (*function)(int);
static int add(int x) { return x + 1; }
static int twice(int x) { return x * 2; }
API const function table[3];
const function table[3] = {add, twice, abs};

// Functions that are chosen at start: exported and hidden.
static int slow(int x) { return x + 100; }
static int fast(int x) { return x + 200; }
extern "C" {
static function choose()
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse2") ? slow : fast;
}
__attribute__((visibility("default"))) int chosen(int) __attribute__((ifunc("choose")));
__attribute__((visibility("hidden"))) int chosen_inside(int) __attribute__((ifunc("choose")));
}

// Two versions of one function.
extern "C" int versioned_old(int x) { return x; }
extern "C" int versioned_new(int x) { return x * 10; }
__asm__(".symver versioned_old, versioned@V1");
__asm__(".symver versioned_new, versioned@@V2");

// Constructors and destructors.
struct Life {
    std::string name;
    explicit Life(const char *n) : name(n) { printf("made %s\n", n); }
    ~Life() { printf("gone %s\n", name.c_str()); }
};
static Life global("library object");
__attribute__((constructor)) static void begin(int count, char **words, char **environment)
{
    printf("constructor %d %d %d\n", count, words != nullptr, environment != nullptr);
}
__attribute__((destructor)) static void finish() { puts("destructor"); }

struct Failure : std::runtime_error {
    int code;
    explicit Failure(int c) : std::runtime_error("failure of the library"), code(c) {}
};
API void fail(int n)
{
    Life guard("guard");
    if (n > 2)
        throw Failure(n);
    throw n;
}
API int protect(void (*call)(int), int n)
{
    try {
        Life unwound("frame");
        call(n);
    } catch (const std::logic_error &e) {
        printf("library caught %s\n", e.what());
        return 1;
    } catch (int i) {
        printf("library caught %d\n", i);
        return 2;
    }
    return 0;
}

API int ask(int what, const char *word)
{
    switch (what) {
    case 0: return (int)strlen(word);
    case 1: return secret();
    case 2: return ++own;
    case 3: return snprintf(buffer, sizeof buffer, "%s!", word);
    case 4: return (int)text.size();
    case 5: return early++;
    case 6: return *pointer;
    case 7: return shared_counter;
    case 8: return aligned + (int)((size_t)&aligned % 64);
    case 9: return chosen(1) + chosen_inside(2);
    case 10: return (int)(nobody_has_this != nullptr);
    default: return -1;
    }
}
API const char *which() { return replaced(); }
API void hook()
{
    if (program_hook)
        program_hook("called by the library");
}
API int sorted(int *a, int n)
{
    qsort(a, n, sizeof *a, [](const void *x, const void *y) { return *(const int *)x - *(const int *)y; });
    return a[0];
}
API void each(const std::function<void(const std::string &)> &f)
{
    for (const char *s : {"one", "two"})
        f(s);
}

// Whether the code of this library lies in a segment that the program's headers name: what unwinders look for.
API int found_in_headers()
{
    struct Found { size_t address; int yes; } found = {(size_t)&add, 0};
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *data) {
            auto *f = (Found *)data;
            for (int i = 0; i < info->dlpi_phnum; i++) {
                size_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
                if (info->dlpi_phdr[i].p_type == PT_LOAD && at <= f->address && f->address < at + info->dlpi_phdr[i].p_memsz)
                    f->yes = 1;
            }
            return 0;
        },
        &found);
    return found.yes;
}

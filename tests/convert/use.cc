// Uses all of the torture library, and says what it sees.
#include <cstdio>
#include <cstring>
#include <execinfo.h>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

typedef int (*function)(int);
extern "C" {
extern thread_local int shared_counter;
extern int numbers[4], *inside, zeros[5000];
extern const function table[3];
int guarded(), call_guarded(), chosen(int), versioned(int), ask(int, const char *), protect(void (*)(int), int);
int sorted(int *, int), found_in_headers();
void fail(int), hook();
const char *which();
void program_hook(const char *s) { printf("hook: %s\n", s); }
const char *replaced() { return "program"; }
__attribute__((weak)) int later() { return 0; }
}
void each(const std::function<void(const std::string &)> &f) __asm__("each");
function address_of_chosen = chosen;

struct Last {
    Last() { printf("program object made, %s\n", which()); }
    ~Last() { printf("program object gone, %s\n", which()); }
} last;
__attribute__((destructor)) static void finish() { puts("program destructor"); }

// Access rights of the mapping with an address, where the system shows them; and whether any is writable code.
static std::string access(const void *address)
{
    std::string found = "unknown";
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[600], rights[8];
    size_t from, to;
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%zx-%zx %7s", &from, &to, rights) != 3)
            continue;
        if (strchr(rights, 'w') && strchr(rights, 'x'))
            return "writable code: " + std::string(line);
        if (from <= (size_t)address && (size_t)address < to)
            found.assign(rights, 3);
    }
    if (maps)
        fclose(maps);
    return found;
}

int main()
{
    for (int i = 0; i <= 10; i++)
        printf("ask %d: %d\n", i, ask(i, "hello"));
    try {
        fail(5);
    } catch (const std::runtime_error &e) {
        printf("caught %s\n", e.what());
    }
    try {
        fail(1);
    } catch (int i) {
        printf("caught %d\n", i);
    }
    printf("%d\n", protect([](int n) { throw std::logic_error("logic " + std::to_string(n)); }, 4));
    printf("%d\n", protect([](int n) { throw n; }, 4));
    printf("%s %d %d %d\n", which(), guarded(), call_guarded(), versioned(4));
    hook();
    int a[] = {5, 3, 9};
    printf("%d %d %d\n", sorted(a, 3), numbers[1], *inside);
    printf("%d %d %d\n", table[0](4), table[1](4), table[2](-4));
    zeros[4999] = 1;
    printf("%d %d\n", zeros[4999], zeros[0]);
    printf("%d %d %d\n", chosen(1), address_of_chosen(2), address_of_chosen == chosen);
    each([](const std::string &s) { printf("each %s\n", s.c_str()); });
    shared_counter = 99;
    std::thread([] {
        printf("thread: %d", shared_counter);
        for (int i = 2; i <= 8; i++)
            printf(" %d", ask(i, "thread"));
        puts("");
        try {
            fail(7);
        } catch (const std::exception &e) {
            puts(e.what());
        }
    }).join();
    printf("after the thread: %d\n", shared_counter);
    static void *frames[30];
    static int depth;
    protect([](int) { depth = backtrace(frames, 30); }, 0);
    printf("frames %d, headers %d\n", depth >= 4, found_in_headers());
    printf("code %s, tables %s, data %s\n", access((void *)&sorted).c_str(), access(table).c_str(), access(numbers).c_str());
    return 0;
}

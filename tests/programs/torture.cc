// All that a program has and a library has not: variables of libraries that have their place in it, thread-locals at
// constant distances, functions that its libraries call, an order of start and end.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>

extern "C" {
extern int plain, zero, first_name, other_name, wide[64];
extern int *to_inner;
extern const char **to_words;
extern int (*to_function)(const char *, ...);
extern thread_local int of_library;
int touch(void), call_back(int), fast(int);
const char *whose(void);
void say(const char *);
void nowhere(void) __attribute__((weak));
int of_program(int n) { return n + 100; }
const char *twice(void) { return "the program's"; }
extern char **environ;
extern char *program_invocation_short_name;
}
struct Base {
    virtual ~Base();
    virtual int value() const;
};
extern Base instance;
struct Derived : Base {
    int value() const override { return 2 + Base::value(); }
};
void thrower(int n);

static thread_local int initialised = 42;
static thread_local char empty[100];
static thread_local long aligned __attribute__((aligned(128))) = 9;
thread_local int exported = 77;
static thread_local struct Counted { int n = 3; ~Counted() { printf("thread-local destructor %d\n", n); } } counted;

static void *thread(void *) {
    int sum = initialised + empty[99] + exported + of_library;
    initialised += 1000;
    counted.n++;
    aligned++;
    return reinterpret_cast<void *>(static_cast<long>(sum + (reinterpret_cast<unsigned long>(&aligned) % 128) + aligned));
}
static void early(int, char **, char **) { write(1, "before all constructors\n", 24); }
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = early;
static int multiply(int n) { return n * 5; }
extern "C" { static int (*choose(void))(int) { return multiply; } }
static int own_fast(int) __attribute__((ifunc("choose")));
struct Static { Static() { puts("constructor of the program"); } ~Static() { puts("destructor of the program"); } } statics;

int main(int argc, char **argv) {
    setvbuf(stdout, nullptr, _IOLBF, 0);
    printf("%d arguments, %s, %s\n", argc, argc > 1 ? argv[1] : "-", strrchr(program_invocation_short_name, '/') ? "path" : "name");
    printf("%d %d %d %d %d\n", plain, zero, first_name, *to_inner, touch());
    printf("%d %d %d %d\n", plain, zero, first_name == other_name, *to_inner);
    to_function("%s %s %d %lu\n", to_words[0], to_words[1], wide[2], reinterpret_cast<unsigned long>(wide) % 64);
    printf("%d %s %d %d\n", call_back(1), whose(), fast(4), own_fast(4));
    printf("%s %d\n", nowhere ? "somewhere" : "nowhere", environ != nullptr && getenv("PATH") != nullptr);
    Derived derived;
    Base *base = &derived;
    printf("%d %d\n", base->value(), instance.value());
    std::cout << "cout " << 1.5 << std::endl;
    for (int i = 0; i < 3; i++) {
        pthread_t one;
        void *result;
        pthread_create(&one, nullptr, thread, nullptr);
        pthread_join(one, &result);
        printf("thread %ld\n", reinterpret_cast<long>(result));
    }
    printf("%d %d %ld\n", initialised, counted.n, aligned);
    try { thrower(3); } catch (const std::exception &e) { std::cerr << e.what() << std::endl; }
    try { throw std::runtime_error("thrown by the program"); } catch (const std::exception &e) { puts(e.what()); }
    atexit([] { puts("at exit"); });
    return 3;
}

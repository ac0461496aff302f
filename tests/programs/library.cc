// A library whose variables have their place in the program, and that calls back into it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

extern "C" {
static int inner = 7;
static const char *words[] = {"one", "two"};
int plain = 5;
int zero;
int *to_inner = &inner;
const char **to_words = words;
int (*to_function)(const char *, ...) = printf;
// One variable under two names, as libc has `environ`.
int other_name = 11;
extern int first_name __attribute__((alias("other_name")));
int wide[64] __attribute__((aligned(64))) = {1, 2, 3};
thread_local int of_library = 21;

int of_program(int); // the program's, found by name
void say(const char *);

int touch(void) { plain++; zero++; other_name++; inner++; return plain + zero + other_name + inner; }
int call_back(int n) { return of_program(n) + of_library; }
const char *twice(void) __attribute__((weak));
const char *twice(void) { return "the library's"; }
const char *whose(void) { return twice(); }
int fast(int n);
static int chosen(int n) { return n * 3; }
static int (*choose(void))(int) { return chosen; }
int fast(int) __attribute__((ifunc("choose")));
__attribute__((constructor)) static void begin(void) { say("constructor of the library"); }
__attribute__((destructor)) static void end(void) { printf("destructor of the library\n"); }
void say(const char *text) { printf("%s\n", text); fflush(stdout); }
}

struct Base {
    virtual ~Base();
    virtual int value() const;
};
Base::~Base() {}
int Base::value() const { return 1; }
Base instance;
void thrower(int n) { if (n > 2) throw std::out_of_range("thrown by the library"); }

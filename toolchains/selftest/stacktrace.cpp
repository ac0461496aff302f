// C++23: who called whom, and formatted printing, which GCC has in libstdc++exp.
#include <cstdio>
#include <stacktrace>
#include <string>
#if __has_include(<print>)
#include <print>
#endif

std::stacktrace __attribute__((noinline)) here() {
    return std::stacktrace::current();
}

int main() {
    std::stacktrace trace = here();
    if (trace.size() < 2) {
        std::printf("%zu calls\n", trace.size());
        return 1;
    }
    // Without debugging information a name may be empty, but asking for it reads the program.
    std::string all = std::to_string(trace);
    if (all.empty()) {
        std::puts("no text");
        return 1;
    }
#ifdef __cpp_lib_print
    std::println("{}", "ok");
#else
    std::puts("ok");
#endif
}

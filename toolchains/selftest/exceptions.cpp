// Exceptions: through many frames, across threads, nested, with cleanup on the way.
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

static int cleaned = 0;
struct Cleaner {
    ~Cleaner() { cleaned++; }
};
struct Base {
    virtual ~Base() {}
};
struct Derived : Base {};

__attribute__((noinline)) int deep(int n) {
    Cleaner cleaner;
    if (n == 0)
        throw std::out_of_range("bottom");
    return deep(n - 1) + 1;
}

int main() {
    for (int round = 0; round < 100; round++) {
        try {
            deep(50);
            CHECK(false);
        } catch (const std::logic_error &e) {
            CHECK(std::string(e.what()) == "bottom");
        }
    }
    CHECK(cleaned == 5100);
    std::exception_ptr carried;
    std::thread([&] {
        try {
            std::vector<int>().at(1);
        } catch (...) {
            carried = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(carried);
    } catch (const std::out_of_range &) {
        cleaned = 0;
    }
    CHECK(cleaned == 0);
    try {
        try {
            throw std::runtime_error("inner");
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    } catch (const std::exception &e) {
        try {
            std::rethrow_if_nested(e);
            CHECK(false);
        } catch (const std::exception &inner) {
            CHECK(std::string(inner.what()) == "inner");
        }
    }
    try {
        std::function<void()>()();
        CHECK(false);
    } catch (const std::bad_function_call &) {
    }
    try {
        Base base;
        (void)dynamic_cast<Derived &>(base);
        CHECK(false);
    } catch (const std::bad_cast &) {
    }
    try {
        volatile std::size_t huge = static_cast<std::size_t>(-1) / 4;
        void *volatile never = ::operator new(huge);
        ::operator delete(never);
        CHECK(false);
    } catch (const std::bad_alloc &) {
    }
    std::puts("ok");
}

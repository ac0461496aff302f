// C++20: coroutines, ranges, and what needs code in the library. GCC 10 has coroutines by an option only, and no semaphores.
#ifdef __cpp_impl_coroutine
#include <coroutine>
#endif
#include <cstdio>
#include <exception>
#include <numeric>
#include <ranges>
#if __has_include(<semaphore>)
#include <semaphore>
#endif
#include <string>
#include <thread>
#include <vector>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

#ifdef __cpp_impl_coroutine
struct Numbers {
    struct promise_type {
        int value = 0;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) {
            value = v;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
    ~Numbers() { handle.destroy(); }
    bool next() {
        handle.resume();
        return !handle.done();
    }
};

Numbers squares(int n) {
    for (int i = 1; i <= n; i++)
        co_yield i * i;
}
#endif

int main() {
#ifdef __cpp_impl_coroutine
    int sum = 0;
    Numbers numbers = squares(10);
    while (numbers.next())
        sum += numbers.handle.promise().value;
    CHECK(sum == 385);
#endif
    std::vector<int> all(10);
    std::iota(all.begin(), all.end(), 0);
    int even = 0;
    for (int i : all | std::views::filter([](int i) { return i % 2 == 0; }))
        even += i;
    CHECK(even == 20);
#if __has_include(<semaphore>)
    std::counting_semaphore<2> semaphore(0);
    std::thread other([&] { semaphore.release(); });
    semaphore.acquire();
    other.join();
#endif
    std::puts("ok");
}

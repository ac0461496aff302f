#!/bin/sh
# Parts of the C++ library of the release's compiler: what each program prints is what its dynamic twin prints. A part
# that the compiler does not have is left out.
. "$(dirname "$0")/../functions"

both() { # NAME OPTIONS…
    name=$1
    shift
    printf '%s\n' '#include <cstdio>' "$(cat)" >"$name.cc"
    if ! g++ "$name.cc" -o "$name.dynamic" "$@" >said 2>&1; then
        # Not even a dynamic program can have it.
        [ "$name" != iostream ] || cat said
        return
    fi
    staticcxx "$name.cc" -o "$name.static" "$@" 2>said || { echo "$name: $(grep -m 3 -i 'error\|undefined' said)"; return; }
    [ ! -s said ] || { echo "$name: $(head -n 3 said)"; }
    same_twins "$name"
}
both iostream <<'X'
#include <iostream>
#include <sstream>
#include <iomanip>
#include <regex>
int main() { std::ostringstream s; s << std::setw(8) << 1.5 << std::hex << 255; std::cout << s.str() << std::endl; std::cerr << std::regex_replace("abc", std::regex("b"), "x") << "\n"; try { throw std::runtime_error("thrown"); } catch (std::exception &e) { std::cout << e.what() << "\n"; } }
X
both format -std=c++20 <<'X'
#include <format>
#include <string>
int main() { std::puts(std::format("{:>8.3f} {:#x} {} {:*^7}", 3.14159, 255, std::string("s"), "mid").c_str()); try { (void)std::vformat("{:d}", std::make_format_args("x")); } catch (std::format_error &) { std::puts("format_error"); } }
X
both ranges -std=c++20 <<'X'
#include <ranges>
#include <vector>
#include <algorithm>
int main() { std::vector<int> v{5, 3, 1, 4}; std::ranges::sort(v); for (int x : v | std::views::filter([](int i) { return i > 1; }) | std::views::transform([](int i) { return i * i; }) | std::views::reverse) std::printf("%d ", x); std::puts(""); }
X
both print -std=c++23 -lstdc++exp <<'X'
#include <print>
int main() { std::println("{} {:.2f} \u00e4", 42, 2.5); std::print(stderr, "{:#b}\n", 5); }
X
stacktrace='#include <stacktrace>
#include <string>
[[gnu::noinline]] static std::size_t deep(int n) { return n ? deep(n - 1) + (n > 100) : std::stacktrace::current().size() > 3; }
int main() { std::printf("%zu\n", deep(3)); auto t = std::stacktrace::current(); std::puts(t.empty() ? "empty" : t[0].description().c_str()); }'
for library in stdc++exp stdc++_libbacktrace; do
    echo "$stacktrace" | both "stacktrace-$library" -std=c++23 -g -l$library
done
both thread -std=c++20 -pthread <<'X'
#include <thread>
#include <future>
#include <mutex>
#include <condition_variable>
#include <atomic>
#include <vector>
thread_local int mine = 3;
int main() { std::atomic<int> n{0}; std::vector<std::thread> all; for (int i = 0; i < 4; i++) all.emplace_back([&] { mine += 1; n += mine; }); for (auto &t : all) t.join(); auto f = std::async(std::launch::async, [] { return mine; }); std::printf("%d %d\n", n.load(), f.get()); std::once_flag o; std::call_once(o, [] { std::puts("once"); }); n.notify_all(); }
X
both filesystem -std=c++17 <<'X'
#include <filesystem>
#include <charconv>
#include <memory_resource>
int main() { namespace fs = std::filesystem; char b[32]; auto r = std::to_chars(b, b + 32, 1.0 / 3); *r.ptr = 0; std::puts(b); std::pmr::monotonic_buffer_resource m; std::pmr::vector<int> *v = nullptr; (void)v; std::printf("%d %d\n", fs::exists("/"), fs::path("/a/../b").lexically_normal() == "/b"); }
X
both chrono -std=c++20 <<'X'
#include <chrono>
int main() { using namespace std::chrono; auto d = year{2024} / 2 / 29; std::printf("%d %u\n", d.ok(), weekday{sys_days{d}}.c_encoding());
#if __GNUC__ >= 14
    try { std::printf("%d\n", (int)locate_zone("UTC")->get_info(sys_days{d}).offset.count()); } catch (std::exception &e) { std::puts("no zone"); }
#endif
}
X
both parallel -std=c++17 -fopenmp -D_GLIBCXX_PARALLEL <<'X'
#include <algorithm>
#include <vector>
#include <numeric>
int main() { std::vector<int> v(10000); std::iota(v.rbegin(), v.rend(), 0); std::sort(v.begin(), v.end()); std::printf("%d %d\n", v[0], std::is_sorted(v.begin(), v.end())); }
X
both coroutine -std=c++20 <<'X'
#include <coroutine>
struct task { struct promise_type { task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; } std::suspend_always initial_suspend() noexcept { return {}; } std::suspend_always final_suspend() noexcept { return {}; } void return_void() {} void unhandled_exception() {} }; std::coroutine_handle<promise_type> h; };
static task run() { std::puts("inside"); co_return; }
int main() { auto t = run(); t.h.resume(); std::printf("%d\n", t.h.done()); t.h.destroy(); }
X
both generator -std=c++23 <<'X'
#include <generator>
#include <expected>
#include <flat_map>
static std::generator<int> count(int n) { for (int i = 0; i < n; i++) co_yield i; }
int main() { int s = 0; for (int i : count(5)) s += i; std::expected<int, int> e = std::unexpected(3); std::flat_map<int, int> m{{1, 2}}; std::printf("%d %d %d\n", s, e.error(), m[1]); }
X

// Atomic operations that no instruction does: a library's work.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

struct Wide {
    long a, b, c;
};

int main() {
    std::atomic<Wide> wide(Wide{0, 0, 0});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; i++) {
                Wide old = wide.load(), next;
                do {
                    next = Wide{old.a + 1, old.b + 2, old.c + 3};
                } while (!wide.compare_exchange_weak(old, next));
            }
        });
    for (auto &t : threads)
        t.join();
    Wide end = wide.load();
    if (end.a != 4000 || end.b != 8000 || end.c != 12000) {
        std::printf("%ld %ld %ld\n", end.a, end.b, end.c);
        return 1;
    }
    std::puts("ok");
}

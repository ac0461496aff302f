// Threads, locks, futures, thread-local objects with destructors.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

std::atomic<int> destroyed{0};
struct Counted {
    int n = 0;
    ~Counted() { destroyed += n; }
};
thread_local Counted counted;
std::once_flag once;
int initialised = 0;

int main() {
    CHECK(std::thread::hardware_concurrency() > 0);
    std::mutex mutex;
    std::condition_variable ready;
    int waiting = 0, sum = 0;
    bool go = false;
    std::vector<std::thread> threads;
    for (int i = 1; i <= 8; i++)
        threads.emplace_back([&, i] {
            counted.n = i;
            std::call_once(once, [] { initialised++; });
            std::unique_lock<std::mutex> lock(mutex);
            waiting++;
            ready.notify_all();
            ready.wait(lock, [&] { return go; });
            sum += i;
        });
    {
        std::unique_lock<std::mutex> lock(mutex);
        ready.wait(lock, [&] { return waiting == 8; });
        go = true;
        ready.notify_all();
    }
    for (auto &t : threads)
        t.join();
    CHECK(sum == 36 && destroyed == 36 && initialised == 1);
    auto later = std::async(std::launch::async, [] { return 42; });
    CHECK(later.get() == 42);
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread([&] { promise.set_value(7); }).join();
    CHECK(future.get() == 7);
    std::timed_mutex timed;
    CHECK(timed.try_lock_for(std::chrono::milliseconds(1)));
    std::puts("ok");
}

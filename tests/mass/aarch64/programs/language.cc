//
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>
static std::atomic<int> count{0};
static thread_local int own = 7;
struct Started {
    Started() { count += 1000; }
} started;
static int deep(int n) {
    if (n == 0)
        throw std::out_of_range("deep");
    return deep(n - 1) + 1;
}
int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([i] {
            own += i;
            for (int n = 0; n < 1000; n++)
                count++;
            count += own;
        });
    for (auto &thread : threads)
        thread.join();
    auto later = std::async(std::launch::async, [] { return deep(40); });
    std::ostringstream said;
    try {
        said << later.get();
    } catch (const std::exception &error) {
        said << error.what();
    }
    std::map<std::string, int> words;
    std::string text = "a quick brown a fox a b quick";
    const std::regex word("[a-z]+");
    for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at)
        words[at->str()]++;
    std::cout << count << ' ' << own << ' ' << said.str() << ' ' << words["a"] << words["quick"] << ' '
              << (0.1L + 0.2L) << std::endl;
}

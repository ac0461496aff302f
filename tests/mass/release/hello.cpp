#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

int main()
{
    std::map<std::string, int> counts;
    std::thread thread([&] {
        try {
            return static_cast<void>(counts.at("hello"));
        } catch (const std::out_of_range &) {
            std::cout << "hello from a handler in a thread\n";
        }
    });
    thread.join();
    return static_cast<int>(counts.size());
}

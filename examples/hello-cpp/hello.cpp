// A small program with the parts of C++ that make static linking interesting: streams, threads, exceptions.
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::string greeting(const std::string &name) {
    if (name.empty()) throw std::invalid_argument("nobody to greet");
    return "Hello, " + name + "!";
}

int main(int argc, char **argv) {
    std::string line;
    std::thread worker([&] { line = greeting(argc > 1 ? argv[1] : "world"); });
    worker.join();
    std::cout << line << '\n';
    try {
        greeting("");
    } catch (const std::exception &e) {
        std::cout << "caught: " << e.what() << '\n';
    }
    return 0;
}

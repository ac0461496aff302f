// Opens the plugins that it is told and says what it sees: the same, dynamic and static.
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>
#include "shape.h"

extern "C" int from_program(int x) { return x + 7; }
extern "C" int both(void) { return 1; }
int Shape::made = 0;
Shape::~Shape() {}

static const char *told(const char *text) { return text ? text : "nothing"; }

static int listed(struct dl_phdr_info *info, size_t, void *found)
{
    if (strstr(info->dlpi_name, "libshape"))
        *static_cast<int *>(found) += 1;
    return 0;
}

static void round(const std::string &dir)
{
    std::string path = dir + "/libshape_a.so";
    void *h = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!h) {
        std::cout << "no: " << told(dlerror()) << "\n";
        return;
    }
    auto make = reinterpret_cast<Shape *(*)(double)>(dlsym(h, "make"));
    Shape *shape = make(2);
    std::cout << shape->name() << " " << shape->area() << " " << Shape::made << "\n";
    try {
        shape->fail();
    } catch (const std::runtime_error &e) {
        std::cout << "caught " << e.what() << "\n";
    }
    std::cout << "typeid " << typeid(*shape).name() << "\n";
    delete shape;
    Dl_info info;
    std::cout << "dladdr " << dladdr(reinterpret_cast<void *>(make), &info) << " " << strrchr(info.dli_fname, '/') << " "
              << info.dli_sname << " " << (info.dli_saddr == reinterpret_cast<void *>(make)) << "\n";
    struct link_map *map = nullptr;
    char origin[4096];
    std::cout << "dlinfo " << dlinfo(h, RTLD_DI_LINKMAP, &map) << " " << strrchr(map->l_name, '/') << " "
              << dlinfo(h, RTLD_DI_ORIGIN, origin) << " " << (dir == origin) << " " << dlinfo(h, 999, origin) << "\n";
    int found = 0;
    dl_iterate_phdr(listed, &found);
    std::cout << "iterate " << found << "\n";
    std::cout << "same " << (dlopen(path.c_str(), RTLD_LAZY) == h) << " " << (dlopen("libshape_a.so", RTLD_NOW | RTLD_NOLOAD) == h)
              << " " << dlclose(h) << dlclose(h) << "\n";
    std::cout << "not found " << (dlsym(h, "no_such_thing") == nullptr) << " " << (strstr(told(dlerror()), "undefined symbol: no_such_thing") != nullptr)
              << " then " << told(dlerror()) << "\n";
    std::cout << "private " << (dlsym(RTLD_DEFAULT, "make") == nullptr) << " both " << both() << " "
              << reinterpret_cast<int (*)()>(dlsym(h, "both_seen"))() << "\n";
    std::cout << "default from a plugin " << reinterpret_cast<int (*)()>(dlsym(h, "default_seen"))() << "\n";
    std::cout << "close " << dlclose(h) << "\n";
    dlerror();
    std::cout << "no longer open " << (dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD) == nullptr) << " " << told(dlerror()) << "\n";
}

int main(int, char **argv)
{
    std::string dir = argv[1];
    round(dir);
    round(dir);
    void *self = dlopen(nullptr, RTLD_NOW);
    auto named = reinterpret_cast<int (*)(int)>(dlsym(self, "from_program"));
    std::cout << "own " << (named ? named(1) : -1) << " libc " << (dlsym(self, "strtol") != nullptr) << " "
              << (dlsym(RTLD_DEFAULT, "getpid") != nullptr) << "\n";
    auto next = reinterpret_cast<int (*)()>(dlsym(RTLD_NEXT, "getppid"));
    std::cout << "next " << (next && next() == getppid()) << "\n";
    std::cout << "libc itself " << (dlopen("libc.so.6", RTLD_LAZY) != nullptr) << (dlopen("libm.so.6", RTLD_NOW) != nullptr) << "\n";
    std::cout << "bad mode " << (dlopen("libc.so.6", 0) == nullptr) << " " << told(dlerror()) << "\n";
    // Whose symbols are another plugin's: opened with RTLD_GLOBAL before.
    std::cout << "global " << (dlopen((dir + "/libgiver.so").c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr);
    void *taker = dlopen((dir + "/libtaker.so").c_str(), RTLD_NOW);
    std::cout << " " << (taker ? reinterpret_cast<int (*)()>(dlsym(taker, "take"))() : -1) << " "
              << (dlsym(RTLD_DEFAULT, "give") != nullptr) << "\n";
    std::cout << "versions " << reinterpret_cast<int (*)()>(dlvsym(taker, "versioned", "V1"))() << " "
              << reinterpret_cast<int (*)()>(dlvsym(taker, "versioned", "V2"))() << " "
              << reinterpret_cast<int (*)()>(dlsym(taker, "versioned"))() << " " << (dlvsym(taker, "versioned", "V3") == nullptr) << "\n";
    auto chosen = reinterpret_cast<int (*)()>(dlsym(taker, "chosen"));
    std::cout << "chosen " << chosen() << "\n";
    auto counter = reinterpret_cast<int (*)()>(dlsym(taker, "count_in_thread"));
    std::vector<std::thread> threads;
    int sums[4] = {};
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            for (int k = 0; k < 1000; k++) {
                void *again = dlopen((dir + "/libtaker.so").c_str(), RTLD_NOW);
                sums[i] += counter();
                dlclose(again);
            }
        });
    for (auto &t : threads)
        t.join();
    std::cout << "threads " << sums[0] << " " << sums[1] << " " << sums[2] << " " << sums[3] << " " << counter() << " "
              << *static_cast<int *>(dlsym(taker, "in_thread")) << "\n";
    std::cout << "lacking " << (dlopen((dir + "/liblacking.so").c_str(), RTLD_NOW) == nullptr) << " " << told(dlerror()) << "\n";
    void *lazy = dlopen((dir + "/liblacking.so").c_str(), RTLD_LAZY);
    std::cout << "lazy " << (lazy ? reinterpret_cast<int (*)()>(dlsym(lazy, "fine"))() : -1) << "\n";
    std::cout.flush();
    return 0;
}

#include <dlfcn.h>
#include <iostream>
#include <stdexcept>
#include <string>
#include "shape.h"
extern "C" int from_program(int);
extern "C" int needed(int);
static struct Said {
    Said() { std::cout << "a up " << needed(1) << std::endl; }
    ~Said() { std::cout << "a down" << std::endl; }
} said;
static int called;
void Square::fail() const { throw std::runtime_error("no " + std::string(name()) + " " + std::to_string(from_program(++called))); }
extern "C" Shape *make(double side) { return new Square(side); }
extern "C" int both(void) { return 2; }
extern "C" int both_seen(void) { return from_program(0) + needed(2); }
extern "C" int default_seen(void)
{
    return (dlsym(RTLD_DEFAULT, "needed") != nullptr) + 2 * (dlsym(RTLD_NEXT, "needed") != nullptr) + 4 * (dlsym(RTLD_DEFAULT, "free") != nullptr);
}

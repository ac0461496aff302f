// Numbers and lists as text.
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

int main()
{
    if (fmt::format("{:>6.2f}|{:#x}|{}", 3.14159, 255, std::vector<int>{1, 2}) != "  3.14|0xff|[1, 2]")
        return 1;
    std::puts("ok");
}

// The program's own blocks come from it, which its statistics show.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <jemalloc/jemalloc.h>
#include <memory>
#include <thread>
#include <vector>

static std::size_t allocated()
{
    std::uint64_t epoch = 1;
    std::size_t bytes = 0, size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    size = sizeof bytes;
    return mallctl("stats.allocated", &bytes, &size, nullptr, 0) ? 0 : bytes;
}

int main()
{
    const std::size_t before = allocated();
    std::vector<std::unique_ptr<char[]>> blocks;
    std::thread([&] {
        for (int i = 0; i < 64; i++)
            blocks.emplace_back(new char[100000]);
    }).join();
    if (!before || allocated() < before + 64 * 100000)
        return 1;
    blocks.clear();
    if (allocated() > before + 64 * 50000)
        return 2;
    void *block = mallocx(1000, MALLOCX_ALIGN(4096));
    if (!block || reinterpret_cast<std::uintptr_t>(block) % 4096 || sallocx(block, 0) < 1000)
        return 3;
    dallocx(block, 0);
    std::puts("ok");
}

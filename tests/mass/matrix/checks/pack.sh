#!/bin/sh
# A packed GCC: it builds C++ in a root that holds nothing else.
staticctl toolchain pack -q --libc glibc -o tree || exit 1
mkdir tree/w
cat > tree/w/t.cpp <<'X'
#include <iostream>
#include <stdexcept>
#include <thread>
int main() {
    int sum = 0;
    std::thread t([&] { for (int i = 1; i < 9; i++) sum += i; });
    t.join();
    try { throw std::runtime_error("thrown"); } catch (const std::exception &e) { std::cout << sum << ' ' << e.what() << '\n'; }
}
X
for kind in '' -static-pie -flto; do
    # shellcheck disable=SC2086
    env -i "$(command -v chroot)" tree /bin/g++ -O2 -pthread $kind /w/t.cpp -o /w/t || exit 1
    said=$(env -i "$(command -v chroot)" tree /w/t)
    [ "$said" = '36 thrown' ] || echo "with '$kind' it says: $said"
done

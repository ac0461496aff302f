#!/bin/sh
# musl with the release's GCC: a toolchain is made from the release's packages and passes its own tests; the C++ hello
# has at most 170,000 bytes and runs in an empty root; <stacktrace> where g++ has it; Clang in front where there is one.
# Four to six minutes on two cores.
HOME=$PWD/home XDG_DATA_HOME=$PWD/home/data XDG_CACHE_HOME=$PWD/home/cache
export HOME XDG_DATA_HOME XDG_CACHE_HOME
mkdir -p "$XDG_DATA_HOME" root

# GCC 10 as a machine without the package has it: from a tarball that is named.
set -- toolchain install musl --yes -q
major=$(gcc -dumpversion | sed 's/\..*//')
if [ "$major" = 10 ]; then
    [ -d /usr/src/gcc-10 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc-10-source >said 2>&1 \
        || { tail -n 3 said; exit 1; }
    cp /usr/src/gcc-10/gcc-10*.tar.xz sources.tar.xz || exit 1
    set -- "$@" --gcc-source "$PWD/sources.tar.xz"
fi
staticctl "$@" >said 2>&1 || { tail -n 3 said; exit 1; }
staticctl toolchain show musl >said 2>&1
grep -i 'not split\|by use\|unpatched\|number conversion\|are musl' said
export STATICCXX_TOOLCHAIN=musl

cp "$(dirname "$0")/../hello.cpp" hello.cc || exit 1
printf 'Hello, you!\ncaught: nobody to greet\n' >expected
most=170000
for standard in 17 20; do
    staticcxx -std=gnu++$standard -O2 -s hello.cc -o root/hello >said 2>&1 || { head -n 3 said; continue; }
    [ ! -s said ] || head -n 3 said
    size=$(wc -c <root/hello)
    [ "$size" -le $most ] || echo "hello in C++$standard: $size bytes"
    chroot root /hello you >result 2>&1
    diff expected result >different || { echo "hello in C++$standard:"; cat different; }
done

cat >stack.cc <<'X'
#include <iostream>
#include <stacktrace>
int main() { std::cout << (std::stacktrace::current().size() > 0) << '\n'; }
X
if g++ -std=c++23 stack.cc -lstdc++exp -o dynamic 2>/dev/null; then
    if staticcxx -std=c++23 stack.cc -lstdc++exp -o root/stack >said 2>&1; then
        [ "$(chroot root /stack 2>&1)" = 1 ] || echo "stacktrace: $(chroot root /stack 2>&1)"
    else
        echo "stacktrace: $(grep -m 2 'error\|cannot find\|undefined' said)"
    fi
fi

cat >ranges.cc <<'X'
#include <cstdio>
#include <ranges>
#include <vector>
int main() {
    std::vector<int> all{1, 2, 3, 4};
    int even = 0;
    for (int i : all | std::views::filter([](int i) { return i % 2 == 0; })) even += i;
    std::printf("%d\n", even);
}
X
# A Clang that can't read this GCC's headers can't do it with glibc either.
if clang++ -std=c++20 ranges.cc -o dynamic 2>/dev/null; then
    if STATICCXX_TOOLCHAIN=musl-clang staticcxx -std=c++20 ranges.cc -o root/ranges >said 2>&1; then
        [ "$(chroot root /ranges 2>&1)" = 6 ] || echo "ranges, by Clang: $(chroot root /ranges 2>&1)"
    else
        echo "ranges, by Clang: $(grep -m 2 'error\|undefined' said)"
    fi
fi

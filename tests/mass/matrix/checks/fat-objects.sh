#!/bin/sh
# A project's own shared objects carry their objects, and its programs link with those.

cat > a.cc <<'X'
#include <iostream>
#include <stdexcept>
__thread int per_thread = 3;
struct Hello { Hello() { std::cout << "constructed\n"; } } hello;
int value(int n) { if (n > 2) throw std::length_error("long"); return n + per_thread; }
X
cat > b.cc <<'X'
int value(int);
int twice(int n) { return value(n) * 2; }
X
cat > main.cc <<'X'
#include <iostream>
#include <exception>
int twice(int);
int main() { try { std::cout << twice(1) << "\n"; twice(3); } catch (const std::exception &e) { std::cout << e.what() << "\n"; } }
X
staticcxx -fPIC -c a.cc && staticcxx -fPIC -c b.cc && staticcxx -c main.cc || exit 1
staticcxx -shared a.o -o liba.so && staticcxx -shared b.o -L. -la -o libb.so || exit 1
printf 'constructed\n8\nlong\n' > expected
for linker in wild bfd; do
    STATICCXX_LINKER=$linker staticcxx main.o -L. -lb -la -o main 2> said || { echo "$linker: $(tail -n 1 said)"; failed=1; continue; }
    ./main > out 2>&1; status=$?
    cmp -s expected out || { echo "$linker: prints $(tr '\n' ' ' < out) (status $status)"; failed=1; }
    readelf -lW main | grep -q INTERP && { echo "$linker: it is dynamic"; failed=1; }
done
exit ${failed:-0}

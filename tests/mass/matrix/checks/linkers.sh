#!/bin/sh
# Objects linked by the built-in linker and by the compiler's, into each kind of program.

printf '#include <stdio.h>\nint main(void) { return puts("hi") < 0; }\n' > c.c
cat > cxx.cc <<'X'
#include <iostream>
#include <stdexcept>
int main() { try { throw std::runtime_error("hi"); } catch (const std::exception &e) { std::cout << e.what() << "\n"; } }
X
# Clang 13 and older make code with fixed addresses unless they are told.
cc -fPIE -c c.c && c++ -fPIE -c cxx.cc || exit 1
for linker in wild bfd default; do
    [ $linker = default ] && unset STATICCXX_LINKER || export STATICCXX_LINKER=$linker
    for kind in "" -static-pie -static; do
        for language in c cxx; do
            driver=static${language}
            [ $language = c ] && driver=staticcc
            rm -f program
            # shellcheck disable=SC2086
            $driver $kind $language.o -o program 2> said || { echo "$linker $kind $language: $(tail -n 1 said)"; failed=1; continue; }
            [ -s said ] && { echo "$linker $kind $language: says: $(head -n 1 said)"; failed=1; }
            out=$(./program); status=$?
            [ "$out" = hi ] && [ $status = 0 ] || { echo "$linker $kind $language: prints \`$out\`, status $status"; failed=1; }
        done
    done
done
exit ${failed:-0}

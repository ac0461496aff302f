#!/bin/sh
# Every other GCC and Clang of the release, beside its default: the same checks with each as the compiler. A quarter of an
# hour or more; the compilers are installed for it and removed again.
checks=$(dirname "$0")
. "$checks/../functions"
versions() { apt-cache search --names-only "^$1-[0-9]+\$" | sed 's/ .*//; s/.*-//' | sort -n; }

# C CXX CHECKS…: with a directory in front of PATH in which every usual name is that compiler.
under() {
    compiler=$1 c=$1 cxx=$2
    shift 2
    mkdir -p "$here/$compiler/bin"
    ln -sf "/usr/bin/$c" "$here/$compiler/bin/cc" && ln -sf "/usr/bin/$c" "$here/$compiler/bin/gcc"
    ln -sf "/usr/bin/$cxx" "$here/$compiler/bin/c++" && ln -sf "/usr/bin/$cxx" "$here/$compiler/bin/g++"
    for check in "$@"; do
        mkdir "$here/$compiler/$check"
        cd "$here/$compiler/$check" || return
        PATH=$here/$compiler/bin:$PATH timeout 900 sh "$checks/$check.sh" > ../said 2>&1 < /dev/null
        status=$?
        sed "s/^/$compiler: $check: /" ../said
        [ $status = 0 ] || echo "$compiler: $check: status $status"
        cd "$here" && rm -rf "$compiler/$check"
    done
    off=$(PATH=$here/$compiler/bin:$PATH staticctl doctor 2>/dev/null | sed -n 's/^ *\(.*\): off, so that.*/\1/p' | sort -u)
    [ -z "$off" ] || echo "$compiler: off: $off"
    echo "$compiler" >> "$here/done"
}

apt update
default=$(gcc -dumpversion | sed 's/\..*//')
gccs=$(versions 'g[+][+]' | grep -vx "$default")
clangs=$(versions clang)
# All are there before the first is tried, so that each finds the others' files beside its own.
# shellcheck disable=SC2046
apt install $(for n in $gccs; do echo "g++-$n"; done; for n in $clangs; do echo "clang-$n"; done) || exit 1
for n in $gccs; do
    under "gcc-$n" "g++-$n" linkers converted-library convert-programs compiler-options cxx-library threads fat-objects plugins empty-root
done
for n in $clangs; do
    under "clang-$n" "clang++-$n" linkers converted-library fat-objects plugins empty-root side-references
done
# shellcheck disable=SC2046
apt purge --auto-remove $(for n in $gccs; do echo "g++-$n gcc-$n cpp-$n"; done; for n in $clangs; do echo "clang-$n"; done)
g++ --version > tried && "${CXX:-g++}" -x c++ -fsyntax-only - < /dev/null || echo "the release's own compiler is gone"
[ "$(wc -l < done)" -ge 1 ] || echo "no other compiler was tried"

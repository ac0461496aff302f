# Flags that distributions build their packages with, of Fedora, Arch, openSUSE, Ubuntu and Gentoo.
cat >s.cc <<'X'
#include <cstdio>
#include <string>
#include <vector>
#include <stdexcept>
int main(int n, char **)
{
    std::vector<std::string> all{"a", "b"};
    try { return all.at(n + 5).empty(); } catch (const std::out_of_range &) { std::puts("caught"); }
}
X
common='-O2 -g -pipe -Wall -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=2 -Wp,-D_GLIBCXX_ASSERTIONS -fexceptions'
fedora="$common -flto=auto -ffat-lto-objects -grecord-gcc-switches -fstack-protector-strong -m64 -march=x86-64
 -mtune=generic -fasynchronous-unwind-tables -fstack-clash-protection -fcf-protection -fno-omit-frame-pointer"
hardened=/usr/lib/rpm/redhat
[ -d $hardened ] && fedora="$fedora -specs=$hardened/redhat-hardened-cc1"
fedora_link='-Wl,-z,relro -Wl,--as-needed -Wl,-z,now -Wl,--build-id=sha1'
ld --help | grep -q pack-relative-relocs && fedora_link="$fedora_link -Wl,-z,pack-relative-relocs"
[ -d $hardened ] && fedora_link="$fedora_link -specs=$hardened/redhat-hardened-ld"
try() { # NAME COMPILE-FLAGS LINK-FLAGS
    # shellcheck disable=SC2086
    if staticcxx $2 -c s.cc -o s.o 2>said && staticcxx $2 $3 s.o -o s 2>>said; then
        [ ! -s said ] || echo "$1: $(head -n 2 said)"
        [ "$(./s)" = caught ] || echo "$1: prints \`$(./s 2>&1)\`"
        staticctl check s >/dev/null || echo "$1: it is not static"
    else
        echo "$1: $(grep -m 2 -i 'error\|undefined' said)"
    fi
}
try fedora "$fedora" "$fedora_link"
try arch "-march=x86-64 -mtune=generic -O2 -pipe -fno-plt -fexceptions -Wformat -fstack-clash-protection -fcf-protection -flto=auto" \
    '-Wl,-O1 -Wl,--sort-common -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -flto=auto'
try opensuse "$common -funwind-tables -fasynchronous-unwind-tables -fstack-clash-protection -flto=auto" '-Wl,--as-needed -Wl,-z,now -pie'
try ubuntu "$common -flto=auto -ffat-lto-objects -ffile-prefix-map=$PWD=. -fdebug-prefix-map=$PWD=/usr/src/s" \
    '-Wl,-Bsymbolic-functions -flto=auto -ffat-lto-objects -Wl,-z,relro -Wl,-z,now'
try gentoo '-O2 -march=x86-64 -pipe -fno-semantic-interposition' '-Wl,-O1 -Wl,--as-needed -Wl,--hash-style=gnu'

#!/bin/sh
# Real sources (lzip, xz, ninja, curl), built with CC and CXX and with `staticctl run`, at work in an empty root: those of
# bookworm on every release. Four minutes or more.
. "$(dirname "$0")/../functions"
sources=/etc/apt/sources.list.d/sources.list
trap 'rm -f "$sources"' EXIT
# Keys of a newer release may not be there; bookworm's own are, and apt refuses to hear two things of one release.
trusted='[trusted=yes] '
grep -q ' bookworm ' /etc/apt/sources.list && trusted=
sed -n "s/^deb \([^ ]*\) .*/deb-src $trusted\1 bookworm main/p" /etc/apt/sources.list | head -n 1 > "$sources"
apt update && apt install dpkg-dev autoconf automake libtool autopoint cmake || exit 1

# NAME SOURCE PROGRAM COMMAND…: unpacks, builds in both ways, and leaves the programs at root/NAME.WAY.
build() {
    name=$1 source=$2 program=$3
    shift 3
    for way in variables run; do
        mkdir -p "$here/$name.$way"
        cd "$here/$name.$way" || return
        apt source "$source" || continue
        cd "$source"-*/ || continue
        case $way in
            variables) CC=staticcc CXX=staticcxx sh -ec "$*" > ../said 2>&1 < /dev/null ;;
            run) staticctl run -- sh -ec "$*" > ../said 2>&1 < /dev/null ;;
        esac
        status=$?
        [ $status = 0 ] || { echo "$name by $way: status $status"; tail -n 3 ../said; continue; }
        # Where libtool made a script of it, the program itself.
        libtool=$(dirname "$program")/.libs/$(basename "$program")
        [ -e "$libtool" ] || libtool=$program
        staticctl check "$libtool" > ../checked 2>&1 || { echo "$name by $way: $(grep -m 1 . ../checked)"; continue; }
        cp "$libtool" "$here/root/$name.$way"
        cd "$here" && rm -rf "$name.$way"
    done
    cd "$here" || exit
}

# NAME EXPECTED ARGUMENTS…: both programs, with the text on stdin.
says() {
    name=$1 expected=$2
    shift 2
    for way in variables run; do
        [ -e "root/$name.$way" ] || continue
        out=$(chroot root "/$name.$way" "$@" < text 2>&1)
        status=$?
        case $status-$out in 0-$expected*) ;; *) echo "$name by $way: status $status, \`$out\` is not \`$expected\`" ;; esac
    done
}

mkdir root
echo 'static text' > text
cp text root/
build lzip lzip lzip './configure CC="${CC:-gcc}" CXX="${CXX:-g++}" && make -j2'
build xz xz-utils src/xz/xz '[ -x configure ] || ./autogen.sh --no-po4a --no-doxygen || autoreconf -fi; ./configure && make -j2'
build ninja ninja-build build/ninja 'cmake -B build -DBUILD_TESTING=OFF && cmake --build build -j2 --target ninja'
build curl curl src/curl '[ -x configure ] || autoreconf -fi; ./configure --with-openssl --without-libpsl && make -j2'
for name in lzip xz; do
    for way in variables run; do
        [ -e root/$name.$way ] || continue
        chroot root /$name.$way -c < text > packed && chroot root /$name.$way -dc < packed > unpacked && cmp text unpacked \
            || echo "$name by $way: another text comes back"
    done
done
says ninja 1. --version
says curl 'static text' -s file:///text
[ "$(ls root | wc -l)" -ge 9 ] || echo "built: $(ls root | tr '\n' ' ')"

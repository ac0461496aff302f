#!/bin/sh
# What glibc loads from files, in a root that has none of them: locales, converters, name services.

mkdir -p root/etc
printf 'root:x:0:0:root:/there:/bin/sh\n' > root/etc/passwd
printf '127.0.0.1 localhost\n192.0.2.7 seven.example\n' > root/etc/hosts
printf 'passwd: compat systemd\nhosts: files mdns4 dns\n' > root/etc/nsswitch.conf
printf 'domain 53/udp\n' > root/etc/services
cat > locale.c <<'X'
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>
#include <wctype.h>
int main(void)
{
    wchar_t w = 0;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") || mbrtowc(&w, "\xc3\xa4", 2, 0) != 2)
        return 1;
    return printf("%s %x\n", nl_langinfo(CODESET), (unsigned)towupper(w)) < 0;
}
X
cat > cxxlocale.cc <<'X'
#include <iostream>
#include <locale>
int main() { std::cout << std::locale("en_US.UTF-8").name() << "\n"; }
X
cat > iconv.c <<'X'
#include <iconv.h>
#include <stdio.h>
int main(void)
{
    char in[] = "\xa4\xa2", out[9] = "", *i = in, *o = out;
    size_t left = 2, room = 8;
    iconv_t c = iconv_open("UTF-8", "EUC-JP");
    if (c == (iconv_t)-1 || iconv(c, &i, &left, &o, &room) || iconv_open("UTF-8", "ISO-8859-15") == (iconv_t)-1)
        return 1;
    return puts(out) < 0;
}
X
cat > names.c <<'X'
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
int main(void)
{
    struct passwd *user = getpwnam("root");
    struct servent *service = getservbyname("domain", "udp");
    struct addrinfo *found = 0;
    int error = getaddrinfo("seven.example", 0, 0, &found);
    printf("%s %d %d %x\n", user ? user->pw_dir : "none", service ? ntohs(service->s_port) : -1, error,
           error ? 0 : ntohl(((struct sockaddr_in *)found->ai_addr)->sin_addr.s_addr));
    return 0;
}
X
gcc -c locale.c iconv.c names.c && g++ -c cxxlocale.cc || exit 1

# NAME EXPECTED DRIVER WORDS...
try() {
    name=$1 expected=$2 driver=$3
    shift 3
    "$driver" "$name.o" "$@" -o "root/$name" > said 2>&1 || { echo "$STATICCXX_LINKER: $name: $(tail -n 1 said)"; failed=1; return; }
    out=$(chroot root "/$name" 2>&1); status=$?
    [ "$out" = "$expected" ] && [ $status = 0 ] || { echo "$STATICCXX_LINKER: $name $*: prints \`$out\`, status $status"; failed=1; }
}
for STATICCXX_LINKER in wild bfd; do
    export STATICCXX_LINKER
    for words in "" -static -pthread; do
        # shellcheck disable=SC2086
        try locale "UTF-8 c4" staticcc $words
        # shellcheck disable=SC2086
        try iconv "$(printf '\343\201\202')" staticcc $words
        # shellcheck disable=SC2086
        try names "/there 53 0 c0000207" staticcc $words
    done
    try cxxlocale "en_US.UTF-8" staticcxx
done
exit ${failed:-0}

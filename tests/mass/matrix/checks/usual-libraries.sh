#!/bin/sh
# Programs with the libraries that most builds ask for. One without development files is left out.

# NAME WORDS EXPECTED, with the source on stdin.
try() {
    cat > "$1.c"
    # shellcheck disable=SC2086
    gcc $INCLUDE -c "$1.c" 2> /dev/null || return 0
    for linker in wild bfd; do
        # shellcheck disable=SC2086
        STATICCXX_LINKER=$linker staticcc "$1.o" $2 -o "$1" > said 2>&1 || { echo "$linker: $1: $(grep -v warning: said | tail -n 1)"; failed=1; continue; }
        out=$(timeout 20 "./$1" 2>&1); status=$?
        [ "$out" = "$3" ] && [ $status = 0 ] || { echo "$linker: $1: prints \`$out\`, status $status"; failed=1; }
    done
}
try curl -lcurl "file 0" <<'X'
#include <curl/curl.h>
#include <stdio.h>
int main(void)
{
    CURL *c;
    curl_global_init(CURL_GLOBAL_ALL);
    c = curl_easy_init();
    curl_easy_setopt(c, CURLOPT_URL, "file:///dev/null");
    printf("file %d\n", curl_easy_perform(c));
    return 0;
}
X
try ssl "-lssl -lcrypto" "1 ba7816bf" <<'X'
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdio.h>
int main(void)
{
    unsigned char d[32];
    SHA256((const unsigned char *)"abc", 3, d);
    printf("%d %02x%02x%02x%02x\n", SSL_CTX_new(TLS_method()) != 0, d[0], d[1], d[2], d[3]);
    return 0;
}
X
INCLUDE=-I/usr/include/postgresql
try pq -lpq "1 1" <<'X'
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    PGconn *c = PQconnectdb("host=/nonesuch");
    printf("%d %d\n", PQstatus(c) == CONNECTION_BAD, strstr(PQerrorMessage(c), "/nonesuch") != 0);
    return 0;
}
X
INCLUDE=-I/usr/include/libxml2
try xml2 -lxml2 "b" <<'X'
#include <libxml/parser.h>
#include <stdio.h>
int main(void)
{
    xmlDocPtr d = xmlReadMemory("<a>b</a>", 8, "x", "ISO-8859-2", 0);
    return puts((char *)xmlNodeGetContent(xmlDocGetRootElement(d))) < 0;
}
X
INCLUDE=
try sqlite3 -lsqlite3 "42" <<'X'
#include <sqlite3.h>
#include <stdio.h>
static int row(void *x, int n, char **v, char **names) { (void)x; (void)n; (void)names; return puts(v[0]) < 0; }
int main(void)
{
    sqlite3 *d;
    return sqlite3_open(":memory:", &d) || sqlite3_exec(d, "select 6*7", row, 0, 0);
}
X
try ncurses -lncurses "xterm" <<'X'
#include <curses.h>
#include <stdio.h>
#include <term.h>
int main(void)
{
    int error = 0;
    return setupterm("xterm", 1, &error) || puts("xterm") < 0;
}
X
exit ${failed:-0}

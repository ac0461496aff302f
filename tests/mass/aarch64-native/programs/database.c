// -lsqlite3 -lz
#include <sqlite3.h>
#include <stdio.h>
#include <zlib.h>

static int row(void *unused, int count, char **values, char **names)
{
    (void)unused;
    for (; count--; values++, names++)
        printf("%s=%s ", *names, *values ? *values : "null");
    return puts("") < 0;
}

int main(void)
{
    sqlite3 *base;
    int failed = sqlite3_open(":memory:", &base) ||
                 sqlite3_exec(base, "create table t(a, b); insert into t values (1, 2.5), (3, null); select sum(a) s, avg(b) m, sqrt(2) r from t", row, 0, 0);
    printf("%s %08lx\n", zlibVersion(), crc32(0, (const unsigned char *)"words", 5));
    sqlite3_close(base);
    return failed;
}

// -lsqlite3
#include <sqlite3.h>
#include <stdio.h>
static int show(void *unused, int n, char **values, char **names) {
    (void)unused;
    for (int i = 0; i < n; i++)
        printf("%s=%s ", names[i], values[i]);
    puts("");
    return 0;
}
int main(void) {
    sqlite3 *db = 0;
    if (sqlite3_open(":memory:", &db))
        return 1;
    const char *text = "create table t(a integer, b text); insert into t values (1, 'one'), (2, 'two');"
                       "select sum(a) as s, group_concat(b) as g, sqrt(16.0) as r from t;";
    return sqlite3_exec(db, text, show, 0, 0);
}

/* Rows are written to a file, found by their text, and read again. */
#include <sqlite3.h>
#include <stdio.h>

int main(void)
{
    sqlite3 *data;
    sqlite3_stmt *query;
    if (sqlite3_open("/tmp/static-library-test.db", &data) != SQLITE_OK)
        return 1;
    const char *make = "drop table if exists t; create virtual table t using fts5(x); insert into t values('one two'), ('two three');";
    if (sqlite3_exec(data, make, NULL, NULL, NULL) != SQLITE_OK)
        return 2;
    if (sqlite3_prepare_v2(data, "select count(*), sqrt(16) from t where t match 'two'", -1, &query, NULL) != SQLITE_OK)
        return 3;
    if (sqlite3_step(query) != SQLITE_ROW || sqlite3_column_int(query, 0) != 2 || sqlite3_column_double(query, 1) != 4)
        return 4;
    sqlite3_finalize(query);
    sqlite3_close(data);
    remove("/tmp/static-library-test.db");
    puts("ok");
    return 0;
}

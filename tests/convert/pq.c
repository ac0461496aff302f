/* libpq without a server: what it says of a refused connection, escapes and parses. */
#include <libpq-fe.h>
#include <stdio.h>

int main(void)
{
    char *wrong = NULL, escaped[40];
    PGconn *c = PQconnectdb("hostaddr=127.0.0.1 port=1 connect_timeout=2 user=x dbname=x");
    printf("status %d\n%s", PQstatus(c) == CONNECTION_BAD, PQerrorMessage(c));
    PQescapeString(escaped, "it's", 4);
    puts(escaped);
    printf("options %d\n", PQconninfoParse("host=x nonsense", &wrong) == NULL);
    puts(wrong);
    PQfinish(c);
    return 0;
}

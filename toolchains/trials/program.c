/* A program for conversion: it has copies of stdio's variables, and thread-locals of its own. */
#include <stdio.h>
#include <stdlib.h>

static __thread int counted = 40, zeroed;

int main(int count, char **words)
{
    char *end;
    counted += zeroed + count;
    fprintf(stderr, "%d\n", counted);
    if (count > 5)
        return getc(stdin);
    fprintf(stdout, "%ld\n", strtol(words[count] ? "0" : "41", &end, 10) + (counted == 41));
    return fflush(stdout);
}

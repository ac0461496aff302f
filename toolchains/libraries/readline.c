/* A line is read from a file, and remembered. */
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    FILE *in = tmpfile(), *out = tmpfile();
    if (!in || !out)
        return 1;
    fputs("hello there\n", in);
    rewind(in);
    rl_instream = in;
    rl_outstream = out;
    char *line = readline("> ");
    if (!line || strcmp(line, "hello there"))
        return 2;
    add_history(line);
    if (history_length != 1 || strcmp(history_get(history_base)->line, line))
        return 3;
    free(line);
    puts("ok");
    return 0;
}

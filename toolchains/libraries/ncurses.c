/* A screen of a terminal whose description is nowhere but in the program. */
#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <term.h>

int main(void)
{
    FILE *out = tmpfile(), *in = fopen("/dev/null", "r");
    if (!out || !in)
        return 1;
    SCREEN *screen = newterm("xterm-256color", out, in);
    if (!screen || tigetnum("colors") != 256)
        return 2;
    mvprintw(2, 3, "%s", "hello");
    refresh();
    chtype text[6];
    mvinchnstr(2, 3, text, 5);
    endwin();
    delscreen(screen);
    if ((text[0] & A_CHARTEXT) != 'h' || ftell(out) < 10)
        return 3;
    puts("ok");
    return 0;
}

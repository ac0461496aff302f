/* Tested with each libc.a: only linked-in converters work, not the machine's. Where some are lacking, one is enough. */
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#ifdef STATICCXX_SOME_LACK
enum { LACKING = 1 };
#else
enum { LACKING = 0 };
#endif

static int worked;

static int converts(const char *from, const char *text, const char *expected)
{
    char in[16], out[64] = "", *i = in, *o = out;
    size_t left = strlen(strcpy(in, text)), room = sizeof out - 1;
    iconv_t c = iconv_open("UTF-8", from);
    if (c == (iconv_t)-1)
        return LACKING;
    worked++;
    return iconv(c, &i, &left, &o, &room) == 0 && iconv(c, 0, 0, &o, &room) == 0 && iconv_close(c) == 0
        && strcmp(out, expected) == 0;
}

int main(void)
{
    if (!converts("ISO-8859-15", "\xa4", "\xe2\x82\xac") || !converts("latin2", "\xb1", "\xc4\x85"))
        return 1;
    if (!converts("EUC-JP", "\xa4\xa2", "\xe3\x81\x82") || !converts("UTF-7", "+IKw-", "\xe2\x82\xac"))
        return 2;
    if (iconv_open("UTF-8", "EBCDIC-IT") != (iconv_t)-1)
        return 3;
    if (!worked)
        return 4;
    puts("42");
    return 0;
}

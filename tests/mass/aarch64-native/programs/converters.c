// Character sets of glibc's converters, and a locale.
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static void shows(const char *from, const char *to, const char *text)
{
    char in[64], out[64] = "", *i = in, *o = out;
    size_t left, room = sizeof out - 1, done;
    iconv_t converter = iconv_open(to, from);
    strcpy(in, text);
    left = strlen(in);
    done = converter == (iconv_t)-1 ? 99 : iconv(converter, &i, &left, &o, &room);
    printf("%s %s %d %d", from, to, (int)done, (int)left);
    for (i = out; i < o; i++)
        printf(" %02x", (unsigned char)*i);
    puts("");
    if (converter != (iconv_t)-1)
        iconv_close(converter);
}

int main(void)
{
    wchar_t wide = 0;
    int found;
    shows("EUC-JP", "UTF-8", "\xa4\xa2x");
    shows("ISO-8859-15", "UTF-16LE", "\xa4");
    shows("UTF-8", "ISO-8859-1//TRANSLIT", "\xe2\x82\xac");
    shows("UTF-8", "KOI8-R", "\xd0\xb6");
    shows("GB18030", "UTF-8", "\xd6\xd0");
    shows("UTF-8", "NONE-SUCH", "x");
    found = setlocale(LC_ALL, "C.UTF-8") != 0 && mbrtowc(&wide, "\xc3\xa4", 2, 0) == 2;
    printf("%d %s %x\n", found, nl_langinfo(CODESET), (unsigned)towupper(wide));
    return 0;
}

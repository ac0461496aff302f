/* Tested with each libc.a: the repaired locale functions, for locales without files.  */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

int main(void) {
    wchar_t wide = 0;
    if (!setlocale(LC_ALL, "xx_XX.UTF-8") || strcmp(nl_langinfo(CODESET), "UTF-8"))
        return 1;
    if (mbrtowc(&wide, "\xe2\x82\xac", 3, NULL) != 3 || wide != 0x20ac || towupper(0xe4) != 0xc4)
        return 2;
    if (!setlocale(LC_ALL, "C") || !setlocale(LC_ALL, "C.UTF-8") || !setlocale(LC_ALL, "C"))
        return 3;
    if (setlocale(LC_ALL, "xx_XX.ISO-8859-1"))
        return 4;
    locale_t other = newlocale(LC_ALL_MASK, "yy_YY.utf8", (locale_t)0);
    if (!other || !uselocale(other) || mbrtowc(&wide, "\xe2\x82\xac", 3, NULL) != 3)
        return 5;
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(other);
    puts("42");
    return 0;
}

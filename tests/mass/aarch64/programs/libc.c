// -lm
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
int main(void) {
    wchar_t wide = 0;
    if (!setlocale(LC_ALL, "C.UTF-8"))
        return 1;
    mbrtowc(&wide, "\303\244", 2, 0);
    struct passwd *user = getpwnam("root");
    printf("%s %d %s %.17g %.6f\n", nl_langinfo(CODESET), (int)wide, user ? user->pw_name : "none", pow(2, 0.5), fma(1.5, 2.5, 3.5));
    char text[64];
    memset(text, 'x', sizeof text);
    memmove(text + 3, text, 20);
    text[40] = 0;
    printf("%zu %d\n", strlen(text), strcmp(text, "y") < 0);
    return 0;
}

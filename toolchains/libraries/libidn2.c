/* A name of a domain to ASCII and back. */
#include <idn2.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char *ascii = NULL, *back = NULL;
    if (idn2_to_ascii_8z("bücher.example", &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK || strcmp(ascii, "xn--bcher-kva.example"))
        return 1;
    if (idn2_to_unicode_8z8z(ascii, &back, 0) != IDN2_OK || strcmp(back, "bücher.example"))
        return 2;
    idn2_free(ascii);
    idn2_free(back);
    puts("ok");
    return 0;
}

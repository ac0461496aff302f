/* Letters are made small and composed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

int main(void)
{
    size_t length;
    const uint8_t *text = (const uint8_t *)"ÄΣ", *apart = (const uint8_t *)"a\xcc\x88";
    uint8_t *small = u8_tolower(text, 4, "de", NULL, NULL, &length);
    if (!small || length != 4 || memcmp(small, "ä", 2))
        return 1;
    uint8_t *composed = u8_normalize(UNINORM_NFC, apart, 3, NULL, &length);
    if (!composed || length != 2 || u8_mbsnlen(composed, length) != 1)
        return 2;
    free(small);
    free(composed);
    puts("ok");
    return 0;
}

/* Text that repeats itself becomes shorter, and itself again. */
#include <stdio.h>
#include <string.h>
#include <zstd.h>

int main(void)
{
    char text[8192], packed[8192], back[8192];
    memset(text, 'z', sizeof text);
    size_t size = ZSTD_compress(packed, sizeof packed, text, sizeof text, 19);
    if (ZSTD_isError(size) || size > 100)
        return 1;
    if (ZSTD_decompress(back, sizeof back, packed, size) != sizeof text || memcmp(text, back, sizeof text))
        return 2;
    puts("ok");
    return 0;
}

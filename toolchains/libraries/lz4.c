/* Text that repeats itself becomes shorter, and itself again. */
#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char text[8192], packed[9000], back[8192];
    memset(text, 'l', sizeof text);
    int size = LZ4_compress_HC(text, packed, sizeof text, sizeof packed, LZ4HC_CLEVEL_MAX);
    if (size <= 0 || size > 100 || LZ4_decompress_safe(packed, back, size, sizeof back) != sizeof text)
        return 1;
    if (memcmp(text, back, sizeof text))
        return 2;
    if (LZ4F_isError(LZ4F_compressFrame(packed, sizeof packed, text, sizeof text, NULL)))
        return 3;
    puts("ok");
    return 0;
}

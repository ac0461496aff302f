/* Text that repeats itself becomes shorter, and itself again. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

int main(void)
{
    unsigned char text[4096], packed[4096], back[4096];
    uLongf size = sizeof packed, length = sizeof back;
    memset(text, 'z', sizeof text);
    if (compress(packed, &size, text, sizeof text) != Z_OK || size > 100)
        return 1;
    if (uncompress(back, &length, packed, size) != Z_OK || length != sizeof text || memcmp(text, back, length))
        return 2;
    if (strcmp(zlibVersion(), ZLIB_VERSION))
        return 3;
    puts("ok");
    return 0;
}

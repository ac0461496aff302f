/* Text that repeats itself becomes shorter, and itself again. */
#include <bzlib.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char text[8192], packed[8192], back[8192];
    unsigned size = sizeof packed, length = sizeof back;
    memset(text, 'b', sizeof text);
    if (BZ2_bzBuffToBuffCompress(packed, &size, text, sizeof text, 9, 0, 0) != BZ_OK || size > 100)
        return 1;
    if (BZ2_bzBuffToBuffDecompress(back, &length, packed, size, 0, 0) != BZ_OK || length != sizeof text)
        return 2;
    if (memcmp(text, back, length))
        return 3;
    puts("ok");
    return 0;
}

/* A picture of one colour becomes smaller, and nearly itself again, by either interface. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <turbojpeg.h>

enum { SIDE = 64 };

static int is_near(const unsigned char *pixel)
{
    return abs(pixel[0] - 200) < 6 && abs(pixel[1] - 100) < 6 && abs(pixel[2] - 50) < 6;
}

int main(void)
{
    static unsigned char pixels[SIDE * SIDE * 3], back[sizeof pixels];
    unsigned char *file = NULL, line[SIDE * 3], *lines[] = { line };
    unsigned long size = 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        memcpy(pixels + 3 * i, "\xc8\x64\x32", 3);
    tjhandle writer = tjInitCompress(), reader = tjInitDecompress();
    if (tjCompress2(writer, pixels, SIDE, 0, SIDE, TJPF_RGB, &file, &size, TJSAMP_420, 90, 0) || size > sizeof pixels / 4)
        return 1;
    if (tjDecompress2(reader, file, size, back, SIDE, 0, SIDE, TJPF_RGB, 0) || !is_near(back) || !is_near(back + 3 * SIDE * 40))
        return 2;
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg = { .err = jpeg_std_error(&errors) };
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file, size);
    if (jpeg_read_header(&jpeg, TRUE) != JPEG_HEADER_OK || jpeg.image_width != SIDE)
        return 3;
    jpeg_start_decompress(&jpeg);
    if (jpeg_read_scanlines(&jpeg, lines, 1) != 1 || !is_near(line + 3 * 30))
        return 4;
    jpeg_destroy_decompress(&jpeg);
    tjFree(file);
    tjDestroy(writer);
    tjDestroy(reader);
    puts("ok");
    return 0;
}

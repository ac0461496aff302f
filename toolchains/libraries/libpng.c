/* A picture is written to memory and read again. */
#include <png.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .width = 16, .height = 16, .format = PNG_FORMAT_RGB };
    unsigned char pixels[16 * 16 * 3], back[sizeof pixels], file[4096];
    png_alloc_size_t size = sizeof file;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(i * 7);
    if (!png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL))
        return 1;
    png_image read = { .version = PNG_IMAGE_VERSION };
    if (!png_image_begin_read_from_memory(&read, file, size) || read.width != 16)
        return 2;
    read.format = PNG_FORMAT_RGB;
    if (!png_image_finish_read(&read, NULL, back, 0, NULL) || memcmp(pixels, back, sizeof pixels))
        return 3;
    puts("ok");
    return 0;
}

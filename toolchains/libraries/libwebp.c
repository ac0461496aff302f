/* A picture is written without loss to memory and read again. */
#include <stdio.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

enum { SIDE = 32 };

int main(void)
{
    uint8_t pixels[SIDE * SIDE * 3], *file = NULL;
    int width = 0, height = 0;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7);
    size_t size = WebPEncodeLosslessRGB(pixels, SIDE, SIDE, SIDE * 3, &file);
    if (!size)
        return 1;
    uint8_t *back = WebPDecodeRGB(file, size, &width, &height);
    if (!back || width != SIDE || height != SIDE || memcmp(back, pixels, sizeof pixels))
        return 2;
    WebPData data = { file, size };
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer || WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT) != 1)
        return 3;
    WebPDemuxDelete(demuxer);
    WebPFree(back);
    WebPFree(file);
    puts("ok");
    return 0;
}

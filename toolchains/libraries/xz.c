/* Text that repeats itself becomes shorter, and itself again, in two threads too. */
#include <lzma.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    static uint8_t text[1 << 20], packed[1 << 20], back[1 << 20];
    size_t size = 0, in = 0, length = 0;
    uint64_t memory = UINT64_MAX;
    memset(text, 'x', sizeof text);
    if (lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, text, sizeof text, packed, &size, sizeof packed) != LZMA_OK)
        return 1;
    if (size > 1000)
        return 2;
    if (lzma_stream_buffer_decode(&memory, 0, NULL, packed, &in, size, back, &length, sizeof back) != LZMA_OK)
        return 3;
    if (length != sizeof text || memcmp(text, back, length))
        return 4;
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_mt threads = { .threads = 2, .preset = 1, .check = LZMA_CHECK_CRC32 };
    if (lzma_stream_encoder_mt(&stream, &threads) != LZMA_OK)
        return 5;
    stream.next_in = text, stream.avail_in = sizeof text, stream.next_out = packed, stream.avail_out = sizeof packed;
    if (lzma_code(&stream, LZMA_FINISH) != LZMA_STREAM_END)
        return 6;
    lzma_end(&stream);
    puts("ok");
    return 0;
}

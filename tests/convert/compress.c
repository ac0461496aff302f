/* zlib, zstd, lzma, brotli and sqlite3, which all have archives: converted because it is asked for. */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <lzma.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static int row(void *unused, int n, char **values, char **names)
{
    (void)unused;
    for (int i = 0; i < n; i++)
        printf("%s=%s ", names[i], values[i]);
    puts("");
    return 0;
}

int main(void)
{
    static unsigned char in[10000], packed[20000], out[10000];
    size_t size, at = 0, to = 0;
    uint64_t memory = UINT64_MAX;
    uLongf length = sizeof packed, back = sizeof out;
    sqlite3 *db;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)(i * i >> 7);
    compress(packed, &length, in, sizeof in);
    uncompress(out, &back, packed, length);
    printf("zlib %d\n", memcmp(in, out, sizeof in) == 0);
    size = ZSTD_compress(packed, sizeof packed, in, sizeof in, 3);
    memset(out, 0, sizeof out);
    ZSTD_decompress(out, sizeof out, packed, size);
    printf("zstd %d\n", memcmp(in, out, sizeof in) == 0);
    lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, in, sizeof in, packed, &to, sizeof packed);
    size = to, to = 0;
    memset(out, 0, sizeof out);
    lzma_stream_buffer_decode(&memory, 0, NULL, packed, &at, size, out, &to, sizeof out);
    printf("lzma %d\n", memcmp(in, out, sizeof in) == 0);
    size = sizeof packed;
    BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, sizeof in, in, &size, packed);
    memset(out, 0, sizeof out);
    to = sizeof out;
    BrotliDecoderDecompress(size, packed, &to, out);
    printf("brotli %d\n", memcmp(in, out, sizeof in) == 0);
    sqlite3_open(":memory:", &db);
    sqlite3_exec(db, "create table t(a, b); insert into t values(1, 'x'), (2, 'y'); select sum(a) s, group_concat(b) g from t;", row, NULL, NULL);
    sqlite3_close(db);
    return 0;
}

/* Converts by each of the character sets that it is told, and says what came of it: a sum of all outputs, lengths and
   errors. The first word is how many code points and pairs of bytes are passed over for each that is tried. */
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum;

static void add(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size--)
        sum = (sum ^ *at++) * 1099511628211u;
}

static int converted;

static void one(iconv_t c, const char *text, size_t size)
{
    char in[8], out[256], *i = in, *o = out;
    size_t left = size, room = sizeof out, result;
    int error;
    memcpy(in, text, size);
    iconv(c, 0, 0, 0, 0);
    errno = 0;
    result = iconv(c, &i, &left, &o, &room);
    if (result != (size_t)-1)
        result = iconv(c, 0, 0, &o, &room), converted++;
    error = errno;
    add(out, (size_t)(o - out));
    add(&result, sizeof result);
    add(&left, sizeof left);
    add(&error, sizeof error);
}

static size_t utf8(unsigned c, char *to)
{
    if (c < 0x80)
        return to[0] = (char)c, 1;
    if (c < 0x800)
        return to[0] = (char)(0xc0 | c >> 6), to[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return to[0] = (char)(0xe0 | c >> 12), to[1] = (char)(0x80 | (c >> 6 & 63)), to[2] = (char)(0x80 | (c & 63)), 3;
    return to[0] = (char)(0xf0 | c >> 18), to[1] = (char)(0x80 | (c >> 12 & 63)), to[2] = (char)(0x80 | (c >> 6 & 63)),
           to[3] = (char)(0x80 | (c & 63)), 4;
}

int main(int count, char **words)
{
    unsigned stride = (unsigned)atoi(words[1]), c;
    int k;
    for (k = 2; k < count; k++) {
        char text[8], to[128];
        iconv_t from = iconv_open("UTF-8", words[k]), into = iconv_open(words[k], "UTF-8");
        sum = 14695981039346656037u;
        converted = 0;
        if (from == (iconv_t)-1 || into == (iconv_t)-1) {
            printf("%s: no %d %d\n", words[k], from == (iconv_t)-1, into == (iconv_t)-1);
            continue;
        }
        for (c = 0; c < 256; c++)
            text[0] = (char)c, one(from, text, 1);
        for (c = 0x8000; c < 0x10000; c += stride)
            text[0] = (char)(c >> 8), text[1] = (char)c, one(from, text, 2);
        for (c = 0x81308130; c < 0x81398130; c += 0x100)
            text[0] = (char)(c >> 24), text[1] = (char)(c >> 16), text[2] = (char)(c >> 8), text[3] = 0x30, one(from, text, 4);
        for (c = 1; c < 0x30000; c += c < 0x180 ? 1 : stride)
            if (c < 0xd800 || c > 0xdfff)
                one(into, text, utf8(c, text));
        iconv_close(from);
        iconv_close(into);
        snprintf(to, sizeof to, "%s//TRANSLIT", words[k]);
        into = iconv_open(to, "UTF-8");
        one(into, "a\xc3\xa4\xe2\x82\xac", 6);
        iconv_close(into);
        printf("%s: %d %016llx\n", words[k], converted, (unsigned long long)sum);
    }
    return 0;
}

/* A file is fetched by its URL, and what was asked for is in it. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static size_t take(char *bytes, size_t size, size_t count, void *text)
{
    strncat(text, bytes, size * count < 60 ? size * count : 60);
    return size * count;
}

int main(void)
{
    char text[64] = "";
    const char *path = "/tmp/static-library-test.txt";
    FILE *file = fopen(path, "w");
    if (!file || fputs("hello", file) < 0 || fclose(file))
        return 1;
    if (curl_global_init(CURL_GLOBAL_ALL))
        return 2;
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, "file:///tmp/static-library-test.txt");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    if (curl_easy_perform(curl) != CURLE_OK || strcmp(text, "hello"))
        return 3;
    curl_easy_cleanup(curl);
    remove(path);
    const curl_version_info_data *has = curl_version_info(CURLVERSION_NOW);
    int wanted = CURL_VERSION_SSL | CURL_VERSION_LIBZ | CURL_VERSION_HTTP2 | CURL_VERSION_IDN | CURL_VERSION_ZSTD;
    if ((has->features & wanted) != wanted || !has->libssh_version)
        return 4;
    curl_global_cleanup();
    puts("ok");
    return 0;
}

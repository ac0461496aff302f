/* Libraries of the distribution at work; what it prints must be what the dynamic program prints. */
#include <curl/curl.h>
#include <libxml/parser.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

static int row(void *unused, int count, char **values, char **names)
{
    (void)unused, (void)count;
    return printf("%s %s\n", names[0], values[0]) < 0;
}

int main(void)
{
    static const unsigned char plain[] = "the same words, the same words, the same words again";
    unsigned char packed[200], back[200], digest[64];
    unsigned long packed_size = sizeof packed, size = sizeof back;
    unsigned length, at;
    sqlite3 *database;
    SSL_CTX *context;
    CURL *handle;
    xmlDocPtr document;

    printf("compress %d %lu\n", compress(packed, &packed_size, plain, sizeof plain), packed_size);
    printf("uncompress %d %s %s\n", uncompress(back, &size, packed, packed_size), (char *)back, zlibVersion());
    sqlite3_open(":memory:", &database);
    sqlite3_exec(database, "create table t(a); insert into t values(3),(4); select sum(a) || round(exp(1), 5) as s from t", row, 0, 0);
    sqlite3_close(database);
    EVP_Digest("abc", 3, digest, &length, EVP_sha256(), 0);
    for (at = 0; at < length; at++)
        printf("%02x", digest[at]);
    context = SSL_CTX_new(TLS_client_method());
    printf("\nssl %d\n", context != 0);
    SSL_CTX_free(context);
    curl_global_init(CURL_GLOBAL_ALL);
    handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, "file:///proc/sys/kernel/ostype");
    printf("curl %d\n%s\n", curl_easy_perform(handle), curl_version());
    curl_easy_cleanup(handle);
    document = xmlReadMemory("<a><b>text</b></a>", 18, "x.xml", 0, 0);
    printf("xml %s\n", (char *)xmlNodeGetContent(xmlDocGetRootElement(document)));
    xmlFreeDoc(document);
    return 0;
}

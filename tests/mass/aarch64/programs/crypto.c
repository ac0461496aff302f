// -lssl -lcrypto
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
int main(void) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest("abc", 3, digest, &length, EVP_sha256(), 0);
    for (unsigned i = 0; i < length; i++)
        printf("%02x", digest[i]);
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    printf(" %d\n", context != 0);
    SSL_CTX_free(context);
    return 0;
}

// -lssl -lcrypto
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0, i;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || !EVP_Digest("words", 5, digest, &length, EVP_sha3_256(), NULL))
        return 1;
    for (i = 0; i < length; i++)
        printf("%02x", digest[i]);
    printf(" %s\n", OpenSSL_version(OPENSSL_VERSION));
    SSL_CTX_free(context);
    return 0;
}

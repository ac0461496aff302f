/* A digest, and a handshake of TLS 1.3 over memory with a key of its own. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

/* Moves what one side has written to the other side. */
static void carry(BIO *from, BIO *to)
{
    char buffer[16384];
    int length;
    while ((length = BIO_read(from, buffer, sizeof buffer)) > 0)
        BIO_write(to, buffer, length);
}

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!EVP_Digest("abc", 3, digest, &length, EVP_sha256(), NULL) || length != 32 || digest[0] != 0xba)
        return 1;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    SSL_CTX *serving = SSL_CTX_new(TLS_server_method()), *asking = SSL_CTX_new(TLS_client_method());
    if (!key || SSL_CTX_use_certificate(serving, certificate_of(key)) != 1 || SSL_CTX_use_PrivateKey(serving, key) != 1)
        return 2;
    SSL *server = SSL_new(serving), *client = SSL_new(asking);
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO *from_server = BIO_new(BIO_s_mem()), *from_client = BIO_new(BIO_s_mem());
    SSL_set_bio(server, to_server, from_server);
    SSL_set_bio(client, to_client, from_client);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int round = 0; round < 10; round++) {
        SSL_do_handshake(client);
        carry(from_client, to_server);
        SSL_do_handshake(server);
        carry(from_server, to_client);
    }
    if (!SSL_is_init_finished(client) || !SSL_is_init_finished(server) || strcmp(SSL_get_version(client), "TLSv1.3"))
        return 3;
    char text[8];
    SSL_write(client, "hello", 5);
    carry(from_client, to_server);
    if (SSL_read(server, text, sizeof text) != 5 || memcmp(text, "hello", 5))
        return 4;
    puts("ok");
    return 0;
}

/* openssl: a digest, an authenticated cipher, and a TLS handshake with itself in memory. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static X509 *certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"here", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, key, EVP_sha256());
    return x;
}

int main(void)
{
    unsigned char hash[32], out[64], back[64], tag[16], key[32] = {1}, nonce[12] = {2};
    unsigned length;
    int n, more, ok;
    char text[32] = "";
    EVP_Digest("abc", 3, hash, &length, EVP_sha256(), NULL);
    for (unsigned i = 0; i < length; i++)
        printf("%02x", hash[i]);
    puts("");
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce);
    EVP_EncryptUpdate(cipher, out, &n, (const unsigned char *)"secret words", 12);
    EVP_EncryptFinal_ex(cipher, out + n, &more);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce);
    EVP_DecryptUpdate(cipher, back, &more, out, n);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, tag);
    ok = EVP_DecryptFinal_ex(cipher, back + more, &n);
    printf("gcm %d %.12s %02x%02x\n", ok, (char *)back, tag[0], tag[1]);
    EVP_CIPHER_CTX_free(cipher);

    EVP_PKEY *pair = EVP_EC_gen("P-256");
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL_CTX_use_PrivateKey(context, pair);
    SSL_CTX_use_certificate(context, certificate(pair));
    SSL *client = SSL_new(context), *server = SSL_new(context);
    BIO *one, *other;
    BIO_new_bio_pair(&one, 0, &other, 0);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, other, other);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 20 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    printf("%s %s\n", SSL_get_version(client), SSL_get_cipher(client));
    SSL_write(client, "over the wire", 13);
    n = SSL_read(server, text, sizeof text - 1);
    printf("%d %s\n", n, text);
    SSL_read(server, text, sizeof text);
    BIO_write(SSL_get_wbio(client), "nonsense", 8);
    SSL_read(server, text, sizeof text);
    printf("%s\n", ERR_reason_error_string(ERR_get_error()));
    return n;
}

/* A hash and a cipher of known results, and a sum of large numbers by the library that it needs. */
#include <nettle/aes.h>
#include <nettle/bignum.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE], key[16], text[16], locked[16], back[16];
    sha256_init(&hash);
    sha256_update(&hash, 3, (const uint8_t *)"abc");
    sha256_digest(&hash, sizeof digest, digest);
    if (memcmp(digest, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8))
        return 1;
    /* The example of FIPS 197, appendix C.1. */
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)i, text[i] = (uint8_t)(i * 17);
    struct aes128_ctx cipher;
    aes128_set_encrypt_key(&cipher, key);
    aes128_encrypt(&cipher, 16, locked, text);
    if (memcmp(locked, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30", 8))
        return 2;
    aes128_set_decrypt_key(&cipher, key);
    aes128_decrypt(&cipher, 16, back, locked);
    if (memcmp(back, text, 16))
        return 3;
    mpz_t number;
    nettle_mpz_init_set_str_256_u(number, sizeof digest, digest);
    if (nettle_mpz_sizeinbase_256_u(number) != sizeof digest || mpz_tstbit(number, 255) != 1)
        return 4;
    mpz_clear(number);
    struct rsa_public_key public;
    rsa_public_key_init(&public);
    if (rsa_public_key_prepare(&public))
        return 5;
    rsa_public_key_clear(&public);
    puts("ok");
    return 0;
}

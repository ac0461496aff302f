/* A message is locked and opened again; one that was changed is refused. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    unsigned char key[crypto_secretbox_KEYBYTES], nonce[crypto_secretbox_NONCEBYTES];
    unsigned char text[] = "hello", locked[sizeof text + crypto_secretbox_MACBYTES], back[sizeof text];
    if (sodium_init() < 0)
        return 1;
    crypto_secretbox_keygen(key);
    randombytes_buf(nonce, sizeof nonce);
    if (crypto_secretbox_easy(locked, text, sizeof text, nonce, key))
        return 2;
    if (crypto_secretbox_open_easy(back, locked, sizeof locked, nonce, key) || memcmp(text, back, sizeof text))
        return 3;
    locked[3] ^= 1;
    if (!crypto_secretbox_open_easy(back, locked, sizeof locked, nonce, key))
        return 4;
    /* SHA-256 of "abc" begins with ba7816bf. */
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)"abc", 3);
    if (memcmp(hash, "\xba\x78\x16\xbf", 4))
        return 5;
    puts("ok");
    return 0;
}

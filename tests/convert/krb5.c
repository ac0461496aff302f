/* krb5 and gssapi: a key from a password, AES there and back, names, error texts. */
#include <gssapi/gssapi.h>
#include <krb5.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    OM_uint32 major, minor;
    gss_OID_set mechanisms;
    krb5_context context;
    krb5_principal name;
    krb5_keyblock key;
    krb5_data password = {0, 8, "password"}, salt = {0, 4, "salt"};
    krb5_data in = {0, 21, "hello kerberos world"}, out = {0};
    krb5_enc_data sealed = {0};
    char secret[200], plain[200], *shown;
    size_t length;
    major = gss_indicate_mechs(&minor, &mechanisms);
    printf("mechanisms %u %zu\n", major, mechanisms->count);
    printf("context %d\n", krb5_init_context(&context));
    printf("name %d\n", krb5_parse_name(context, "user/admin@REALM.ORG", &name));
    krb5_unparse_name(context, name, &shown);
    puts(shown);
    krb5_c_string_to_key(context, ENCTYPE_AES256_CTS_HMAC_SHA1_96, &password, &salt, &key);
    for (unsigned i = 0; i < key.length; i++)
        printf("%02x", key.contents[i]);
    puts("");
    krb5_c_encrypt_length(context, key.enctype, in.length, &length);
    sealed.ciphertext.data = secret;
    sealed.ciphertext.length = length;
    out.data = plain;
    out.length = sizeof plain;
    printf("encrypt %d\n", krb5_c_encrypt(context, &key, 5, NULL, &in, &sealed));
    printf("changed %d\n", memcmp(secret, in.data, in.length) != 0);
    printf("decrypt %d %s\n", krb5_c_decrypt(context, &key, 5, NULL, &sealed, &out), plain);
    puts(krb5_get_error_message(context, KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN));
    return 0;
}

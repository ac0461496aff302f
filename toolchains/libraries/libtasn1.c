/* Numbers and names of ASN.1 to bytes and back. */
#include <libtasn1.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    unsigned char bytes[400];
    unsigned long tag;
    unsigned char class;
    int length = sizeof bytes, used, size = sizeof bytes;
    char oid[32];
    /* 1.2.840.113549, as RSA's companies have it. */
    static const unsigned char known[] = { 6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d };
    asn1_length_der(300, bytes, &length);
    if (length != 3 || memcmp(bytes, "\202\001\054", 3) || asn1_get_length_der(bytes, sizeof bytes, &used) != 300 || used != 3
        || asn1_get_length_der(bytes, 302, &used) >= 0)
        return 1;
    if (asn1_get_tag_der(known, sizeof known, &class, &used, &tag) || class || used != 1 || tag != ASN1_TAG_OBJECT_ID)
        return 2;
    if (asn1_get_object_id_der(known + 1, sizeof known - 1, &used, oid, sizeof oid) || strcmp(oid, "1.2.840.113549"))
        return 3;
    if (asn1_object_id_der(oid, bytes, &size, 0) || size != sizeof known || memcmp(bytes, known, sizeof known))
        return 4;
    if (asn1_get_object_id_der(known + 1, 3, &used, oid, sizeof oid) == ASN1_SUCCESS)
        return 5;
    puts("ok");
    return 0;
}

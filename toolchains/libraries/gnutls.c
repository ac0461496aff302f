/* Two ends of a connection in one process: a certificate is made and verified by its name, and a word is sent. */
#define _GNU_SOURCE
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What one end has sent and the other one has not read yet. */
struct pipe {
    unsigned char bytes[65536];
    size_t from, to;
};

struct end {
    struct pipe *in, *out;
};

static ssize_t push(gnutls_transport_ptr_t end, const void *bytes, size_t size)
{
    struct pipe *out = ((struct end *)end)->out;
    if (size > sizeof out->bytes - out->to)
        return -1;
    memcpy(out->bytes + out->to, bytes, size);
    out->to += size;
    return (ssize_t)size;
}

static ssize_t pull(gnutls_transport_ptr_t end, void *bytes, size_t size)
{
    struct pipe *in = ((struct end *)end)->in;
    size_t there = in->to - in->from;
    if (!there) {
        errno = EAGAIN;
        return -1;
    }
    size = size < there ? size : there;
    memcpy(bytes, in->bytes + in->from, size);
    in->from += size;
    return (ssize_t)size;
}

static int wait(gnutls_transport_ptr_t end, unsigned milliseconds)
{
    (void)milliseconds;
    struct pipe *in = ((struct end *)end)->in;
    return in->to > in->from;
}

static gnutls_session_t session_of(unsigned role, struct end *end)
{
    gnutls_session_t session;
    if (gnutls_init(&session, role | GNUTLS_NONBLOCK) || gnutls_set_default_priority(session))
        return NULL;
    gnutls_transport_set_ptr(session, end);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, wait);
    return session;
}

/* A certificate for example.org that is signed by its own key. */
static int make(gnutls_x509_crt_t *crt, gnutls_x509_privkey_t *key)
{
    time_t now = time(NULL);
    return gnutls_x509_privkey_init(key) || gnutls_x509_crt_init(crt) ||
           gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) ||
           gnutls_x509_crt_set_key(*crt, *key) || gnutls_x509_crt_set_version(*crt, 3) ||
           gnutls_x509_crt_set_serial(*crt, "\1", 1) ||
           gnutls_x509_crt_set_activation_time(*crt, now - 60) ||
           gnutls_x509_crt_set_expiration_time(*crt, now + 3600) ||
           gnutls_x509_crt_set_dn_by_oid(*crt, GNUTLS_OID_X520_COMMON_NAME, 0, "example.org", 11) ||
           gnutls_x509_crt_set_subject_alt_name(*crt, GNUTLS_SAN_DNSNAME, "example.org", 11, GNUTLS_FSAN_SET) ||
           gnutls_x509_crt_set_basic_constraints(*crt, 1, -1) ||
           gnutls_x509_crt_sign2(*crt, *crt, *key, GNUTLS_DIG_SHA256, 0);
}

static int shake(gnutls_session_t client, gnutls_session_t server)
{
    int one = GNUTLS_E_AGAIN, two = GNUTLS_E_AGAIN;
    for (int turn = 0; turn < 50 && (one || two); turn++) {
        if (one)
            one = gnutls_handshake(client);
        if (two)
            two = gnutls_handshake(server);
        if ((one && gnutls_error_is_fatal(one)) || (two && gnutls_error_is_fatal(two)))
            return 1;
    }
    return one || two;
}

static int names(void)
{
    gnutls_datum_t name = { 0 }, word = { 0 };
    int wrong = gnutls_idna_map("b\xc3\xbc" "cher.example", 15, &name, 0) ||
                strcmp((char *)name.data, "xn--bcher-kva.example") ||
                gnutls_utf8_password_normalize((const unsigned char *)"u\xcc\x88", 3, &word, 0) ||
                strcmp((char *)word.data, "\xc3\xbc");
    gnutls_free(name.data);
    gnutls_free(word.data);
    return wrong;
}

int main(void)
{
    static struct pipe up, down;
    struct end here = { &down, &up }, there = { &up, &down };
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
    gnutls_certificate_credentials_t trusted, own;
    if (!gnutls_check_version("3.7.0") || names())
        return 1;
    if (make(&crt, &key) || gnutls_certificate_allocate_credentials(&trusted) ||
        gnutls_certificate_allocate_credentials(&own))
        return 2;
    if (gnutls_certificate_set_x509_trust(trusted, &crt, 1) != 1 || gnutls_certificate_set_x509_key(own, &crt, 1, key))
        return 3;
    gnutls_session_t client = session_of(GNUTLS_CLIENT, &here), server = session_of(GNUTLS_SERVER, &there);
    if (!client || !server || gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, trusted) ||
        gnutls_credentials_set(server, GNUTLS_CRD_CERTIFICATE, own))
        return 4;
    gnutls_session_set_verify_cert(client, "example.org", 0);
    if (shake(client, server) || gnutls_protocol_get_version(client) != GNUTLS_TLS1_3)
        return 5;
    char word[8] = "";
    if (gnutls_record_send(client, "hello", 5) != 5 || gnutls_record_recv(server, word, sizeof word) != 5 ||
        strcmp(word, "hello") || memmem(up.bytes, up.to, "hello", 5))
        return 6;
    gnutls_deinit(client);
    gnutls_deinit(server);
    gnutls_certificate_free_credentials(trusted);
    gnutls_certificate_free_credentials(own);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    puts("ok");
    return 0;
}

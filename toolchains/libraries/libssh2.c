/* A session that speaks to nobody, and the methods that it would offer. */
#include <libssh2.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    const char **methods = NULL;
    if (libssh2_init(0))
        return 1;
    LIBSSH2_SESSION *session = libssh2_session_init();
    if (!session || libssh2_session_supported_algs(session, LIBSSH2_METHOD_CRYPT_CS, &methods) < 3)
        return 2;
    if (libssh2_session_handshake(session, -1) == 0)
        return 3;
    libssh2_free(session, methods);
    libssh2_session_free(session);
    libssh2_exit();
    puts("ok");
    return 0;
}

/* A number is a name that needs no server. */
#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static void found(void *data, int status, int timeouts, struct hostent *host)
{
    (void)timeouts;
    *(int *)data = status == ARES_SUCCESS && host->h_addrtype == AF_INET && !memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4);
}

int main(void)
{
    ares_channel channel;
    int done = 0;
    if (ares_library_init(ARES_LIB_INIT_ALL) || ares_init(&channel))
        return 1;
    ares_gethostbyname(channel, "127.0.0.1", AF_INET, found, &done);
    ares_destroy(channel);
    if (!done)
        return 2;
    puts("ok");
    return 0;
}

/* Asks the name services for each word: the addresses of a host, or the number of a user or group. */
#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    int i;
    for (i = 1; i < count; i++) {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = 0, *at;
        struct passwd *user = strncmp(words[i], "user:", 5) ? 0 : getpwnam(words[i] + 5);
        int result = getaddrinfo(words[i], 0, &hints, &found);
        printf("%s:", words[i]);
        if (user)
            printf(" %d", (int)user->pw_uid);
        if (result)
            printf(" no");
        for (at = found; at; at = at->ai_next) {
            char text[64];
            getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, 0, 0, NI_NUMERICHOST);
            printf(" %s", text);
        }
        puts("");
    }
    return 0;
}

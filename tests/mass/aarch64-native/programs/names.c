// A user, a host, and a user that no service knows.
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>

int main(void)
{
    struct passwd *user = getpwnam("root"), *none = getpwnam("nobody-at-all");
    struct addrinfo *found = 0;
    int error = getaddrinfo("seven.example", 0, 0, &found);
    printf("%s %d %d %x\n", user ? user->pw_dir : "none", none != 0, error,
           error ? 0 : ntohl(((struct sockaddr_in *)found->ai_addr)->sin_addr.s_addr));
    return 0;
}

// A program that does what it is told, for the tests of empty roots and images.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int show(const char *path) {
    char line[200];
    FILE *f = fopen(path, "r");
    if (!f) return printf("no %s\n", path), 1;
    if (fgets(line, sizeof line, f)) fputs(line, stdout);
    fclose(f);
    return 0;
}

static void *look(void *path) {
    access(path, R_OK);
    return 0;
}

static int run(const char *path, char *const argv[]) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        execv(path, argv);
        _exit(errno == ENOENT ? 44 : 45);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void caught(int signal) {
    if (write(1, signal == SIGTERM ? "caught 15\n" : "?\n", signal == SIGTERM ? 10 : 2) < 0) _exit(6);
    _exit(5);
}

static volatile int interrupts;

static void count(int signal) {
    interrupts += signal == SIGINT;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "hello";
    const char *arg = argc > 2 ? argv[2] : "";
    if (!strcmp(what, "hello")) return puts("hello"), 0;
    if (!strcmp(what, "show")) return show(arg);
    if (!strcmp(what, "hosts")) return show("/etc/hosts");
    if (!strcmp(what, "id")) return printf("%d %d %d\n", getuid(), getgid(), getpid()), 0;
    if (!strcmp(what, "env")) return printf("%s\n", getenv(arg) ? getenv(arg) : "unset"), 0;
    if (!strcmp(what, "exit")) return atoi(arg);
    if (!strcmp(what, "raise")) return raise(atoi(arg));
    if (!strcmp(what, "write")) {
        int fd = open(arg, O_CREAT | O_WRONLY, 0644);
        printf("%s\n", fd < 0 ? strerror(errno) : "written");
        return fd < 0;
    }
    if (!strcmp(what, "cat")) {
        char line[200];
        while (fgets(line, sizeof line, stdin)) fputs(line, stdout);
        fputs("end\n", stderr);
        return 0;
    }
    if (!strcmp(what, "family")) { // fork, exec of itself, a thread, a missing program, a path below a directory
        char *again[] = {argv[0], "show", "/by/exec", 0}, *sh[] = {"sh", 0};
        pthread_t thread;
        int first = run(argv[0], again), second = run("/bin/sh", sh);
        pthread_create(&thread, 0, look, "/by/thread");
        pthread_join(thread, 0);
        if (chdir("/etc") == 0) access("below/here", R_OK);
        return printf("%d %d\n", first, second), 0;
    }
    if (!strcmp(what, "wait") || !strcmp(what, "catch")) {
        if (!strcmp(what, "catch")) signal(SIGTERM, caught);
        puts("ready");
        fflush(stdout);
        for (;;) pause();
    }
    if (!strcmp(what, "catch-int")) {
        signal(SIGINT, count);
        puts("ready");
        fflush(stdout);
        for (int i = 0; i < 10; i++) usleep(30000); // a second one would come within this time
        printf("interrupt %d\n", interrupts);
        return interrupts == 1 ? 6 : 7;
    }
    if (!strcmp(what, "orphan")) { // a grandchild that would outlive the program
        if (fork() == 0) {
            setsid();
            for (;;) pause();
        }
        return 0;
    }
    if (!strcmp(what, "connect")) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(arg)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        puts(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? "connected" : strerror(errno));
        return 0;
    }
    return 99;
}

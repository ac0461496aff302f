/* Starts `staticctl`, which lies beside this program, under the name by which this one was called: it is every driver, and
   packages that hold no links have it once. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char target[] = "staticctl";

/* This program's path: as the kernel knows it, or, without /proc, as it was called. */
static ssize_t own_path(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size);
    if (length > 0)
        return length;
    const char *called = (const char *)getauxval(AT_EXECFN);
    length = called ? (ssize_t)strlen(called) : 0;
    if ((size_t)length < size)
        memcpy(path, called, length);
    return length;
}

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

int main(int argc, char **argv, char **envp)
{
    static char path[PATH_MAX + sizeof target];
    ssize_t length = own_path(path, PATH_MAX);
    (void)argc;
    while (length > 0 && path[length - 1] != '/')
        length--;
    memcpy(path + length, target, sizeof target);
    execve(path, argv, envp);
    const char *why = strerror(errno);
    say("staticcxx: error: `");
    say(path);
    say("`, which this program starts, can't be run: ");
    say(why);
    say("\n");
    return 127;
}

// dlopen of what is in the program, and of what is nowhere.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    void *self = dlopen(0, RTLD_NOW), *libc = dlopen("libc.so.6", RTLD_NOW), *none = dlopen("libnone-such.so.9", RTLD_NOW);
    const char *why = dlerror();
    int (*prints)(const char *) = libc ? (int (*)(const char *))dlsym(libc, "puts") : 0;
    if (prints)
        prints("by dlsym");
    printf("%d %d %d %d\n", self != 0, libc != 0, none != 0, why != 0);
    return 0;
}

/* Prints 42 if the shared object of library.c can be opened. */
#include <dlfcn.h>
#include <stdio.h>

int main(void)
{
    void *library = dlopen("libtrial.so", RTLD_NOW);
    int (*count)(void) = library ? (int (*)(void))dlsym(library, "trial_count") : 0;
    int *exported = library ? (int *)dlsym(library, "trial_exported") : 0;
    if (!count || !exported) {
        puts(dlerror());
        return 1;
    }
    printf("%d\n", count() + *exported + 2);
    return dlclose(library);
}

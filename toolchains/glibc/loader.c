/* How libc itself opens shared objects, for converters of iconv and for name services: those that were linked in. */
#include "modules.h"
#include <dlfcn.h>

/* libc's own, if it got in before, stands; a linker that takes strong definitions out of archives first gets strong ones. */
#ifdef STATICCXX_STRONG
#define INSTEAD HIDDEN
#else
#define INSTEAD __attribute__((weak, visibility("hidden")))
#endif

/* What refers to it brings this in. */
HIDDEN const char staticcxx_loader[] = "staticcxx: libc opens what is linked in";

INSTEAD void *__libc_dlopen_mode(const char *name, int mode)
{
    char why[256];
    struct module *m;
    int opened;
    (void)mode;
    staticcxx_module_lock();
    m = staticcxx_module_find(name, 1);
    opened = m && staticcxx_module_open(m, RTLD_NOW, why, sizeof why);
    staticcxx_module_unlock();
    return opened ? m : 0;
}

INSTEAD void *__libc_dlsym(void *module, const char *name)
{
    void *found;
    staticcxx_module_lock();
    found = staticcxx_module_symbol(module, name, 0);
    staticcxx_module_unlock();
    return found;
}

INSTEAD void *__libc_dlvsym(void *module, const char *name, const char *version)
{
    (void)version;
    return __libc_dlsym(module, name);
}

INSTEAD void *__libc_dlsym_private(void *module, const char *name) { return __libc_dlsym(module, name); }

/* They stay open: libc asks for them again. */
INSTEAD int __libc_dlclose(void *module)
{
    (void)module;
    return 0;
}

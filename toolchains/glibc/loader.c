/* How libc itself opens iconv converters and name services: it finds the linked-in ones. */
#include "modules.h"
#include <dlfcn.h>

/* Weak, so that libc's own take precedence if linked in earlier; a linker that prefers strong definitions in archives
   gets strong ones. */
#ifdef STATICCXX_STRONG
#define INSTEAD HIDDEN
#else
#define INSTEAD __attribute__((weak, visibility("hidden")))
#endif

/* A reference to it links this in. */
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

/* They stay open: libc opens them again. */
INSTEAD int __libc_dlclose(void *module)
{
    (void)module;
    return 0;
}

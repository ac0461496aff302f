/* Name services of a static glibc program with linked-in services besides files and dns (STATICCXX_NSS). As in
   name-services.c, nsswitch.conf is ignored: its lines are part of the program. */
#include <string.h>

#define HIDDEN __attribute__((visibility("hidden")))
extern int __nss_configure_lookup(const char *database, const char *services);

/* Written with the archive: database and services in turn, each NUL-terminated, then an empty word. */
extern const char staticcxx_pins[] HIDDEN;
extern const char staticcxx_service_table[] HIDDEN, staticcxx_loader[] HIDDEN;

/* Identifies finished programs that contain this, stripped or not. */
const char staticcxx_name_services[] = "staticcxx: name services are files and dns, and some linked in";

__attribute__((constructor(101))) static void pin(void)
{
    const char *database, *services;
    __asm__ volatile("" : : "r"(staticcxx_name_services), "r"(staticcxx_service_table), "r"(staticcxx_loader));
    for (database = staticcxx_pins; *database; database = services + strlen(services) + 1) {
        services = database + strlen(database) + 1;
        __nss_configure_lookup(database, services);
    }
}

/* dl_iterate_phdr of a program with plugins: in a separate archive, since GCC's unwinder refers to it in programs
   without plugins too. */
#include "modules.h"

extern struct link_map staticcxx_program HIDDEN;
int __dl_iterate_phdr(int (*)(struct dl_phdr_info *, size_t, void *), void *) HIDDEN;

struct passing { int (*call)(struct dl_phdr_info *, size_t, void *); void *with; unsigned long long added; };

/* Passes the program's own entry, with the number of entries. */
static int pass(struct dl_phdr_info *info, size_t size, void *with)
{
    struct passing *p = with;
    info->dlpi_adds += p->added;
    return p->call(info, size, p->with);
}

/* The program first, whose unwind table covers everything; then open modules, with their memory. */
int dl_iterate_phdr(int (*call)(struct dl_phdr_info *, size_t, void *), void *with)
{
    struct passing p = {call, with, 0};
    struct link_map *at;
    int result;
    for (at = staticcxx_program.l_next; at; at = at->l_next)
        p.added++;
    result = __dl_iterate_phdr(pass, &p);
    for (at = staticcxx_program.l_next; at && result == 0; at = at->l_next) {
        struct module *m = (struct module *)((char *)at - offsetof(struct module, map));
        ElfW(Phdr) load = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_memsz = m->content->size, .p_align = 4096};
        struct dl_phdr_info info = {.dlpi_addr = at->l_addr, .dlpi_name = at->l_name, .dlpi_phdr = &load,
                                    .dlpi_phnum = 1, .dlpi_adds = 1 + p.added};
        if (m->opened > 0)
            result = call(&info, sizeof info, with);
    }
    return result;
}

/* As a garbage collector does that scans the thread's variables. */
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
#include <stdio.h>

struct index {
    unsigned long module, offset;
};
void *__tls_get_addr(struct index *);

static __thread int variable = 42;
static struct index start;
static char *block;

static int first(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    start.module = info->dlpi_tls_modid;
    block = info->dlpi_tls_data;
    return 1;
}

static void *same(void *offset)
{
    return (char *)__tls_get_addr(&start) + (long)offset == (char *)&variable && variable == 42 ? "" : 0;
}

int main(void)
{
    dl_iterate_phdr(first, 0);
    void *offset = (void *)((char *)&variable - block), *in_thread = 0;
    pthread_t thread;
    if (pthread_create(&thread, 0, same, offset) || pthread_join(thread, &in_thread))
        return 1;
    return !same(offset) || !in_thread || puts("42") < 0;
}

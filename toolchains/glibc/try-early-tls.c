#include <errno.h>
#include <stdio.h>

static __thread volatile int seen, zero = 5;
static int answer(void) { return 42; }

/* Before its thread-locals have their first values, as under ld.so. */
static void *choose(void)
{
    seen++;
    errno = 3;
    return seen == 1 && zero == 0 && errno == 3 ? (void *)answer : 0;
}

int chosen(void) __attribute__((ifunc("choose")));

int main(void)
{
    if (seen != 0 || zero != 5 || errno != 0)
        return 1;
    printf("%d\n", chosen());
    return 0;
}

#include <pthread.h>
#include <stdio.h>

static void *say(void *name)
{
    return printf("hello from a %s\n", (const char *)name) < 0 ? name : NULL;
}

int main(void)
{
    pthread_t thread;
    void *failed = NULL;
    if (pthread_create(&thread, NULL, say, "thread") || pthread_join(thread, &failed))
        return 1;
    return failed != NULL;
}

// A thread, and a thread-local of it.
#include <pthread.h>
#include <stdio.h>

static __thread int mine = 3;

static void *other(void *unused)
{
    mine += 4;
    return unused ? unused : (void *)(long)mine;
}

int main(int count, char **words)
{
    pthread_t thread;
    void *result;
    volatile double two = 2;
    if (pthread_create(&thread, NULL, other, NULL) != 0 || pthread_join(thread, &result) != 0)
        return 1;
    printf("%ld %d %.3f %s\n", (long)result, mine, two * 3.75, count > 1 ? words[1] : "none");
    return 0;
}

/* As a library does that may be used in programs with and without threads. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

int main(void)
{
    int failed = pthread_mutex_lock(&lock) || pthread_cond_broadcast(&changed) || pthread_mutex_unlock(&lock)
        || pthread_mutex_destroy(&lock);
    return puts("42") < 0 || failed;
}

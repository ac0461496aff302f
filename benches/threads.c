/* What threads cost, in nanoseconds an operation: one line for each kind of work, its name and the figure.
   Usage: threads [ROUNDS] */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long rounds = 1000000;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, recursive;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphores[2];
static long counter, turn;
static FILE *nowhere;
static __thread volatile long local;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void nothing(void)
{
}

static void *locks(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

/* With work outside the lock, as programs have it. */
static void *locks_and_works(void *arg)
{
	unsigned seed = 1;

	for (long i = 0; i < rounds; i++) {
		for (int work = 0; work < 40; work++)
			seed = seed * 1103515245 + 12345;
		pthread_mutex_lock(&mutex);
		counter += seed & 1;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void *locks_again(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		pthread_mutex_lock(&recursive);
		pthread_mutex_lock(&recursive);
		counter++;
		pthread_mutex_unlock(&recursive);
		pthread_mutex_unlock(&recursive);
	}
	return arg;
}

static void *reads(void *arg)
{
	for (long i = 0; i < rounds; i++) {
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
	}
	return arg;
}

/* Two threads wait for each other's turn. */
static void *takes_turns(void *arg)
{
	long own = (long)arg;

	for (long i = 0; i < rounds / 20; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != own)
			pthread_cond_wait(&cond, &mutex);
		turn = !own;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}

static void *posts(void *arg)
{
	long own = (long)arg;

	for (long i = 0; i < rounds / 20; i++) {
		sem_wait(&semaphores[own]);
		sem_post(&semaphores[!own]);
	}
	return 0;
}

static void *prints(void *arg)
{
	for (long i = 0; i < rounds; i++)
		putc('x', nowhere);
	return arg;
}

static void *formats(void *arg)
{
	for (long i = 0; i < rounds / 4; i++)
		fprintf(nowhere, "%ld %s\n", i, "text");
	return arg;
}

static void *stores_locally(void *arg)
{
	for (long i = 0; i < rounds; i++)
		local += i;
	return arg;
}

static void *asks_for_key(void *arg)
{
	for (long i = 0; i < rounds; i++)
		counter += pthread_getspecific(key) != 0;
	return arg;
}

static void *asks_once(void *arg)
{
	for (long i = 0; i < rounds; i++)
		pthread_once(&once, nothing);
	return arg;
}

static void *ends(void *arg)
{
	return arg;
}

static void *starts_others(void *arg)
{
	for (long i = 0; i < rounds / 100; i++) {
		pthread_t other;

		if (pthread_create(&other, 0, ends, 0))
			exit(1);
		pthread_join(other, 0);
	}
	return arg;
}

static const struct kind {
	const char *name;
	void *(*work)(void *);
	int threads;
	/* Rounds in one operation. */
	int divided;
} kinds[] = {
	{ "mutex, 1 thread", locks, 1, 1 },
	{ "mutex, 2 threads", locks, 2, 1 },
	{ "mutex and work, 2 threads", locks_and_works, 2, 1 },
	{ "recursive mutex, 1 thread", locks_again, 1, 1 },
	{ "recursive mutex, 2 threads", locks_again, 2, 1 },
	{ "read lock, 1 thread", reads, 1, 1 },
	{ "read lock, 2 threads", reads, 2, 1 },
	{ "condition, 2 threads", takes_turns, 2, 20 },
	{ "semaphores, 2 threads", posts, 2, 20 },
	{ "putc, 1 thread", prints, 1, 1 },
	{ "putc, 2 threads", prints, 2, 1 },
	{ "fprintf, 2 threads", formats, 2, 4 },
	{ "thread-local variable", stores_locally, 2, 1 },
	{ "pthread_getspecific", asks_for_key, 1, 1 },
	{ "pthread_once", asks_once, 1, 1 },
	{ "start and end of a thread", starts_others, 1, 100 },
};

int main(int count, char **words)
{
	pthread_mutexattr_t attributes;

	if (count > 1)
		rounds = atol(words[1]);
	nowhere = fopen("/dev/null", "w");
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attributes);
	pthread_key_create(&key, 0);
	pthread_setspecific(key, &key);
	sem_init(&semaphores[0], 0, 1);
	sem_init(&semaphores[1], 0, 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind *kind = &kinds[i];
		pthread_t threads[2];
		double start = now();

		/* There are threads in each case, so that no libc can do without locks. */
		for (long t = 0; t < kind->threads; t++)
			if (pthread_create(&threads[t], 0, kind->work, (void *)t))
				return 1;
		for (int t = 0; t < kind->threads; t++)
			pthread_join(threads[t], 0);
		printf("%s: %.2f\n", kind->name, (now() - start) / rounds / kind->threads * kind->divided);
	}
	return 0;
}

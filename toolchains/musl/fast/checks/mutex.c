/* Whether this musl has mutexes and threads as mutex.c expects them: ends with 0 if so.
   Each of the functions goes on with what the other's left. */

#include "../mutex.c"

#if defined __x86_64__

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "error: this musl has mutexes of another kind: %s\n", what);
	exit(1);
}

#define MUST(condition) must(condition, #condition)

static void *waits(void *mutex)
{
	MUST(!__pthread_mutex_timedlock(mutex, 0) && !pthread_mutex_unlock(mutex));
	return 0;
}

/* With a sleeper, whom ours wakes. */
static void wakes(pthread_mutex_t *mutex)
{
	struct mutex *m = (struct mutex *)mutex;
	pthread_t thread;

	MUST(!pthread_mutex_lock(mutex) && m->lock > 0 && !m->waiters);
	MUST(!pthread_create(&thread, 0, waits, mutex));
	while (!look(&m->waiters) || look(&m->lock) >= 0)
		usleep(100);
	MUST(m->waiters == 1 && !pthread_mutex_unlock(mutex) && !pthread_join(thread, 0));
	MUST(!m->lock && !m->waiters);
}

static void *in_thread(void *unused)
{
	MUST(same_layout());
	return unused;
}

int main(void)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };
	pthread_t thread;

	/* What waits in vain fails. */
	alarm(20);
	MUST(sizeof(struct mutex) == sizeof(pthread_mutex_t) && same_layout());
	MUST(!pthread_create(&thread, 0, in_thread, 0) && !pthread_join(thread, 0));
	for (int i = 0; i < 3; i++) {
		pthread_mutexattr_t attributes;
		pthread_mutex_t mutex;
		struct mutex *m = (struct mutex *)&mutex;

		MUST(!pthread_mutexattr_init(&attributes) && !pthread_mutexattr_settype(&attributes, types[i]));
		MUST(!pthread_mutex_init(&mutex, &attributes) && m->type == types[i] && !m->lock && !m->waiters);
		MUST(!pthread_mutex_lock(&mutex) && m->lock == (types[i] == PTHREAD_MUTEX_NORMAL ? EBUSY : own_id()));
		MUST(__pthread_mutex_trylock(&mutex) == (types[i] == PTHREAD_MUTEX_RECURSIVE ? 0 : EBUSY));
		if (types[i] == PTHREAD_MUTEX_RECURSIVE)
			MUST(m->count == 1 && !pthread_mutex_unlock(&mutex));
		MUST(!__pthread_mutex_unlock(&mutex) && !m->lock);
		MUST(!__pthread_mutex_timedlock(&mutex, 0) && !pthread_mutex_unlock(&mutex) && !m->lock);
		wakes(&mutex);
	}
	return 0;
}

#else

int main(void)
{
	return 0;
}

#endif

/* Locks of threads: what each function answers for each kind of lock, and what is
   counted under them. Prints the answers, which are the same with glibc.
   Usage: threads [ROUNDS] */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4 };

static long rounds = 20000;

static const char *answer(int error)
{
	switch (error) {
	case 0: return "ok";
	case EAGAIN: return "EAGAIN";
	case EBUSY: return "EBUSY";
	case EDEADLK: return "EDEADLK";
	case EINVAL: return "EINVAL";
	case ENOTRECOVERABLE: return "ENOTRECOVERABLE";
	case EOWNERDEAD: return "EOWNERDEAD";
	case EPERM: return "EPERM";
	case ETIMEDOUT: return "ETIMEDOUT";
	default: return "?";
	}
}

#define SHOW(call) printf(" %s", answer(call))

static void must(int holds, const char *what)
{
	if (holds)
		return;
	printf("\nwrong: %s\n", what);
	exit(1);
}

#define MUST(condition) must(condition, #condition)

static struct timespec after(long milliseconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += milliseconds / 1000;
	t.tv_nsec += milliseconds % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 200000 }, 0);
}

static void *in_thread(void *(*work)(void *), void *with)
{
	pthread_t thread;
	void *result;

	MUST(!pthread_create(&thread, 0, work, with) && !pthread_join(thread, &result));
	return result;
}

struct kind {
	const char *name;
	int type, robust, protocol, shared;
};

static const struct kind kinds[] = {
	{ "normal", PTHREAD_MUTEX_NORMAL, 0, 0, 0 },
	{ "checked", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0 },
	{ "recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 0 },
	{ "shared normal", PTHREAD_MUTEX_NORMAL, 0, 0, 1 },
	{ "shared checked", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 1 },
	{ "shared recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 1 },
	{ "robust normal", PTHREAD_MUTEX_NORMAL, 1, 0, 0 },
	{ "robust checked", PTHREAD_MUTEX_ERRORCHECK, 1, 0, 0 },
	{ "robust recursive", PTHREAD_MUTEX_RECURSIVE, 1, 0, 0 },
	{ "robust shared recursive", PTHREAD_MUTEX_RECURSIVE, 1, 0, 1 },
	{ "inheriting normal", PTHREAD_MUTEX_NORMAL, 0, 1, 0 },
	{ "inheriting checked", PTHREAD_MUTEX_ERRORCHECK, 0, 1, 0 },
	{ "inheriting recursive", PTHREAD_MUTEX_RECURSIVE, 0, 1, 0 },
	{ "inheriting robust recursive", PTHREAD_MUTEX_RECURSIVE, 1, 1, 0 },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static void begin(pthread_mutex_t *mutex, const struct kind *kind)
{
	pthread_mutexattr_t attributes;

	memset(mutex, 0x55, sizeof *mutex);
	MUST(!pthread_mutexattr_init(&attributes) && !pthread_mutexattr_settype(&attributes, kind->type));
	MUST(!pthread_mutexattr_setrobust(&attributes, kind->robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED));
	MUST(!pthread_mutexattr_setprotocol(&attributes, kind->protocol ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE));
	MUST(!pthread_mutexattr_setpshared(&attributes, kind->shared));
	MUST(!pthread_mutex_init(mutex, &attributes));
	pthread_mutexattr_destroy(&attributes);
}

/* Another thread's answers while the main one holds it. */
static void *from_outside(void *mutex)
{
	struct timespec past = { 0, 0 }, soon = after(3);

	SHOW(pthread_mutex_trylock(mutex));
	SHOW(pthread_mutex_timedlock(mutex, &past));
	SHOW(pthread_mutex_timedlock(mutex, &soon));
	return 0;
}

static void *unlocks(void *mutex)
{
	SHOW(pthread_mutex_unlock(mutex));
	return 0;
}

static void answers(const struct kind *kind)
{
	pthread_mutex_t mutex;
	int owned = kind->type != PTHREAD_MUTEX_NORMAL;

	begin(&mutex, kind);
	printf("%s:", kind->name);
	if (owned)
		SHOW(pthread_mutex_unlock(&mutex));
	for (int round = 0; round < 3; round++) {
		errno = 77;
		SHOW(pthread_mutex_lock(&mutex));
		/* glibc has EDEADLK for some that are checked, where POSIX has EBUSY. */
		SHOW(pthread_mutex_trylock(&mutex) ? EBUSY : 0);
		if (owned)
			SHOW(pthread_mutex_lock(&mutex));
		in_thread(from_outside, &mutex);
		if (owned)
			in_thread(unlocks, &mutex);
		SHOW(pthread_mutex_unlock(&mutex));
		if (kind->type == PTHREAD_MUTEX_RECURSIVE) {
			in_thread(from_outside, &mutex);
			SHOW(pthread_mutex_unlock(&mutex));
			SHOW(pthread_mutex_unlock(&mutex));
		}
		if (owned)
			SHOW(pthread_mutex_unlock(&mutex));
		MUST(errno == 77);
	}
	SHOW(pthread_mutex_trylock(&mutex));
	SHOW(pthread_mutex_unlock(&mutex));
	SHOW(pthread_mutex_destroy(&mutex));
	puts("");
}

static void *locks_and_ends(void *mutex)
{
	MUST(!pthread_mutex_lock(mutex));
	return 0;
}

/* Its owner ends without unlocking, as a thread and as a process. */
static void owner_dies(const struct kind *kind)
{
	pthread_mutex_t *mutex = mmap(0, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(mutex != MAP_FAILED);
	printf("%s, whose owner ended:", kind->name);
	begin(mutex, kind);
	in_thread(locks_and_ends, mutex);
	if (!kind->robust) {
		SHOW(pthread_mutex_trylock(mutex));
		puts("");
		return;
	}
	SHOW(pthread_mutex_lock(mutex));
	SHOW(pthread_mutex_consistent(mutex));
	SHOW(pthread_mutex_unlock(mutex));
	SHOW(pthread_mutex_lock(mutex));
	SHOW(pthread_mutex_unlock(mutex));
	in_thread(locks_and_ends, mutex);
	SHOW(pthread_mutex_trylock(mutex));
	SHOW(pthread_mutex_unlock(mutex));
	SHOW(pthread_mutex_lock(mutex));
	SHOW(pthread_mutex_trylock(mutex));
	if (kind->shared) {
		pid_t child;

		begin(mutex, kind);
		fflush(stdout);
		if (!(child = fork()))
			_exit(pthread_mutex_lock(mutex));
		MUST(waitpid(child, 0, 0) == child);
		SHOW(pthread_mutex_lock(mutex));
		SHOW(pthread_mutex_consistent(mutex));
		SHOW(pthread_mutex_unlock(mutex));
		SHOW(pthread_mutex_trylock(mutex));
	}
	puts("");
}

/* As many times as can be counted. */
static void overflow(void)
{
	pthread_mutex_t mutex;

	begin(&mutex, &kinds[2]);
	MUST(!pthread_mutex_lock(&mutex));
	for (long i = 0; i < 3 * rounds; i++)
		MUST(!pthread_mutex_lock(&mutex) && !pthread_mutex_trylock(&mutex));
	for (long i = 0; i < 6 * rounds; i++)
		MUST(!pthread_mutex_unlock(&mutex));
#ifdef __GLIBC__
	mutex.__data.__count = UINT_MAX;
#else
	((int *)&mutex)[5] = INT_MAX;
#endif
	printf("too often:");
	SHOW(pthread_mutex_lock(&mutex));
	SHOW(pthread_mutex_trylock(&mutex));
	SHOW(pthread_mutex_unlock(&mutex));
	SHOW(pthread_mutex_lock(&mutex));
	puts("");
}

static void *holds_some(void *mutexes)
{
	for (int i = 0; i < 5; i++)
		MUST(!pthread_mutex_lock((pthread_mutex_t *)mutexes + i));
	MUST(!pthread_mutex_unlock((pthread_mutex_t *)mutexes + 2) && !pthread_mutex_unlock(mutexes));
	return 0;
}

/* Several are held by one thread, given back in any order, by C11's functions too. */
static void many_at_once(void)
{
	static const int robust = 8;
	union { pthread_mutex_t posix; mtx_t c11; } all[8];
	pthread_mutex_t left[5];
	unsigned random = 1;

	for (int i = 0; i < 8; i++)
		begin(&all[i].posix, &kinds[i == 7 ? robust : 1 + i % 2]);
	for (long round = 0; round < rounds; round++) {
		int held[8], order[8];

		for (int i = 0; i < 8; i++) {
			int other = (random = random * 1103515245 + 12345) >> 16 & 7;

			held[i] = 0;
			order[i] = order[other % (i + 1)];
			order[other % (i + 1)] = i;
		}
		for (int i = 0; i < 8; i++) {
			int which = order[(i + round) & 7];

			held[which] = 1 + (which % 2 && which != 7);
			for (int n = 0; n < held[which]; n++)
				MUST(round & 1 << n ? mtx_lock(&all[which].c11) == thrd_success : !pthread_mutex_lock(&all[which].posix));
		}
		for (int i = 0; i < 8; i++)
			for (int n = 0; n < held[order[i]]; n++)
				MUST(round & 2 << n ? mtx_unlock(&all[order[i]].c11) == thrd_success : !pthread_mutex_unlock(&all[order[i]].posix));
	}
	printf("left behind:");
	for (int i = 0; i < 5; i++)
		begin(&left[i], &kinds[1 + i % 2]);
	in_thread(holds_some, left);
	for (int i = 0; i < 5; i++)
		SHOW(pthread_mutex_trylock(&left[i]));
	puts("");
}

/* A counter that loses rounds if two are inside. */
struct counted {
	pthread_mutex_t mutex;
	volatile long count;
	long each;
	int deep;
};

static void *counts(void *with)
{
	struct counted *counted = with;

	for (long i = 0; i < counted->each; i++) {
		struct timespec soon = { 0, 0 };
		long now;
		int error;

		if (i % 7 == 3)
			while (pthread_mutex_trylock(&counted->mutex))
				;
		else if (i % 7 == 5)
			/* Those who wait come and go. */
			while ((error = pthread_mutex_timedlock(&counted->mutex, &soon))) {
				MUST(error == ETIMEDOUT);
				soon = after(0);
				soon.tv_nsec += soon.tv_nsec < 999900000 ? (i & 15) * 5000 : 0;
			}
		else
			MUST(!pthread_mutex_lock(&counted->mutex));
		for (int n = 0; n < counted->deep; n++)
			MUST(!pthread_mutex_lock(&counted->mutex));
		now = counted->count;
		if (i % 1000 == 0)
			nap();
		counted->count = now + 1;
		for (int n = 0; n <= counted->deep; n++)
			MUST(!pthread_mutex_unlock(&counted->mutex));
	}
	return 0;
}

static void contended(const struct kind *kind)
{
	struct counted *counted = mmap(0, sizeof *counted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[WORKERS];
	long expected;

	MUST(counted != MAP_FAILED);
	begin(&counted->mutex, kind);
	counted->each = kind->protocol ? rounds / 4 : rounds;
	counted->deep = kind->type == PTHREAD_MUTEX_RECURSIVE ? 2 : 0;
	expected = WORKERS * counted->each;
	for (int i = 0; i < WORKERS; i++)
		MUST(!pthread_create(&threads[i], 0, counts, counted));
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], 0);
	MUST(counted->count == expected);
	if (kind->shared) {
		pid_t child = fork();

		if (!child) {
			counts(counted);
			_exit(0);
		}
		counts(counted);
		MUST(waitpid(child, 0, 0) == child);
		expected += 2 * counted->each;
	}
	printf("%s: %ld, expected %ld\n", kind->name, counted->count, expected);
	MUST(counted->count == expected);
}

/* Threads hand a turn around, with a condition and with mutexes of each kind. */
struct ring {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int turn, together;
	long each;
};

static struct ring ring;

static void *turns(void *with)
{
	int own = *(int *)with;

	for (long i = 0; i < ring.each; i++) {
		struct timespec late = after(60000);

		MUST(!pthread_mutex_lock(&ring.mutex));
		while (ring.turn != own)
			MUST(!(i & 1 ? pthread_cond_wait(&ring.cond, &ring.mutex) : pthread_cond_timedwait(&ring.cond, &ring.mutex, &late)));
		ring.turn = (own + 1) % WORKERS;
		ring.together++;
		MUST(!pthread_cond_broadcast(&ring.cond) && !pthread_mutex_unlock(&ring.mutex));
	}
	return 0;
}

static void cleans_up(void *mutex)
{
	SHOW(pthread_mutex_unlock(mutex));
}

static void *is_cancelled(void *mutex)
{
	MUST(!pthread_mutex_lock(mutex));
	pthread_cleanup_push(cleans_up, mutex);
	ring.together = -1;
	for (;;)
		pthread_cond_wait(&ring.cond, mutex);
	pthread_cleanup_pop(1);
	return 0;
}

static void conditions(const struct kind *kind)
{
	struct timespec soon = after(3);
	pthread_t threads[WORKERS];
	int numbers[WORKERS], waits = 0;
	void *result;

	begin(&ring.mutex, kind);
	ring.cond = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	ring.turn = ring.together = 0;
	ring.each = rounds / 40;
	for (int i = 0; i < WORKERS; i++) {
		numbers[i] = i;
		MUST(!pthread_create(&threads[i], 0, turns, &numbers[i]));
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], 0);
	MUST(ring.together == WORKERS * ring.each);
	printf("%s, conditions:", kind->name);
	SHOW(pthread_mutex_lock(&ring.mutex));
	SHOW(pthread_cond_timedwait(&ring.cond, &ring.mutex, &soon));
	SHOW(pthread_mutex_unlock(&ring.mutex));
	MUST(!pthread_create(&threads[0], 0, is_cancelled, &ring.mutex));
	while (!waits) {
		MUST(!pthread_mutex_lock(&ring.mutex));
		waits = ring.together == -1;
		MUST(!pthread_mutex_unlock(&ring.mutex));
	}
	pthread_cancel(threads[0]);
	pthread_join(threads[0], &result);
	MUST(result == PTHREAD_CANCELED);
	SHOW(pthread_mutex_trylock(&ring.mutex));
	SHOW(pthread_mutex_unlock(&ring.mutex));
	puts("");
}

/* A child has another identifier than the thread that made it. */
static void children(void)
{
	pthread_mutex_t mutex;

	for (int i = 1; i < 3; i++) {
		int status;
		pid_t child;

		begin(&mutex, &kinds[i]);
		MUST(!pthread_mutex_lock(&mutex) && !pthread_mutex_unlock(&mutex));
		printf("%s, in a child:", kinds[i].name);
		fflush(stdout);
		if (!(child = fork())) {
			SHOW(pthread_mutex_lock(&mutex));
			SHOW(pthread_mutex_lock(&mutex));
			in_thread(from_outside, &mutex);
			SHOW(pthread_mutex_unlock(&mutex));
			in_thread(unlocks, &mutex);
			fflush(stdout);
			_exit(0);
		}
		MUST(waitpid(child, &status, 0) == child && !status);
		puts("");
	}
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static volatile int inside, stop;
static volatile long written[2];

static void *asks_outside(void *unused)
{
	struct timespec past = { 0, 0 }, soon = after(3);

	SHOW(pthread_rwlock_tryrdlock(&rwlock) ? EBUSY : pthread_rwlock_unlock(&rwlock));
	SHOW(pthread_rwlock_timedrdlock(&rwlock, &past) ? ETIMEDOUT : pthread_rwlock_unlock(&rwlock));
	SHOW(pthread_rwlock_trywrlock(&rwlock) ? EBUSY : pthread_rwlock_unlock(&rwlock));
	SHOW(pthread_rwlock_timedwrlock(&rwlock, &soon) ? ETIMEDOUT : pthread_rwlock_unlock(&rwlock));
	return unused;
}

static void *reads_and_writes(void *with)
{
	int own = *(int *)with;

	for (long i = 0; i < rounds; i++) {
		if ((i + own) % 8 == 0) {
			MUST(!pthread_rwlock_wrlock(&rwlock));
			written[0]++;
			MUST(!inside);
			if (i % 512 == 0)
				nap();
			written[1]++;
		} else {
			MUST((i & 1 && !pthread_rwlock_tryrdlock(&rwlock)) || !pthread_rwlock_rdlock(&rwlock));
			__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
			MUST(written[0] == written[1]);
			if (i % 511 == 0)
				nap();
			__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		}
		MUST(!pthread_rwlock_unlock(&rwlock));
	}
	return 0;
}

static void *keeps_reading(void *unused)
{
	while (!stop) {
		MUST(!pthread_rwlock_rdlock(&rwlock) && !pthread_rwlock_unlock(&rwlock));
		nap();
	}
	return unused;
}

static void read_and_write(void)
{
	pthread_t threads[WORKERS];
	int numbers[WORKERS];

	printf("read and write:");
	for (int readers = 0; readers <= 3; readers++) {
		for (int i = 0; i < readers; i++)
			SHOW(pthread_rwlock_rdlock(&rwlock));
		in_thread(asks_outside, 0);
		for (int i = 0; i < readers; i++)
			SHOW(pthread_rwlock_unlock(&rwlock));
	}
	SHOW(pthread_rwlock_wrlock(&rwlock));
	in_thread(asks_outside, 0);
	SHOW(pthread_rwlock_unlock(&rwlock));
	for (int i = 0; i < WORKERS; i++) {
		numbers[i] = i;
		MUST(!pthread_create(&threads[i], 0, reads_and_writes, &numbers[i]));
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], 0);
	MUST(written[0] == written[1] && written[0] == WORKERS * rounds / 8);
	for (int i = 0; i < WORKERS; i++)
		MUST(!pthread_create(&threads[i], 0, keeps_reading, 0));
	for (int i = 0; i < 50; i++) {
		struct timespec late = after(60000);

		MUST(!(i & 1 ? pthread_rwlock_wrlock(&rwlock) : pthread_rwlock_timedwrlock(&rwlock, &late)));
		MUST(!pthread_rwlock_unlock(&rwlock));
	}
	stop = 1;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], 0);
#ifndef __GLIBC__
	*(int *)&rwlock = INT_MAX - 1;
	MUST(pthread_rwlock_rdlock(&rwlock) == EAGAIN && pthread_rwlock_tryrdlock(&rwlock) == EAGAIN);
	MUST(!pthread_rwlock_unlock(&rwlock) && !pthread_rwlock_tryrdlock(&rwlock) && *(int *)&rwlock == INT_MAX - 1);
#endif
	puts(" done");
}

int main(int count, char **words)
{
	if (count > 1)
		rounds = atol(words[1]);
	for (int i = 0; i < KINDS; i++)
		answers(&kinds[i]);
	for (int i = 0; i < KINDS; i++)
		if (kinds[i].robust || !kinds[i].protocol)
			owner_dies(&kinds[i]);
	overflow();
	many_at_once();
	children();
	for (int i = 0; i < KINDS; i++)
		contended(&kinds[i]);
	for (int i = 0; i < KINDS; i++)
		if (!kinds[i].robust)
			conditions(&kinds[i]);
	read_and_write();
	return 0;
}

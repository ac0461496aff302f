/* pthread_mutex_lock, _trylock and _unlock for mutexes that are free, that their owner
   takes again, and that are held for a moment. All else (waiting, waking, robust,
   priority-inheriting and shared ones with an owner) is musl's own functions' to do.

   A mutex is in the state in which musl's functions would leave it, after each of
   these: both may be called for the same mutex, as conditions and C11's functions do.

   musl takes mutexes with an owner through three functions, and looks at a mutex that
   is held a hundred times in a row, which takes the cache line from the owner each
   time. Here the owner is compared first, and the looks become rarer. */

#if defined __x86_64__

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>

#include "threads.h"

/* How musl lays a mutex out where pointers have 64 bits. */
struct mutex {
	int type, lock, waiters, unused[2], count;
	/* The owner's list of mutexes; prev is the address of what points to next. */
	void *volatile *prev;
	void *volatile next;
};

/* LONGEST is in instructions that pause. */
enum { KIND = 15, OWNER = 0x3fffffff, LONGEST = 128 };

int __pthread_mutex_timedlock(pthread_mutex_t *, const struct timespec *);
int __pthread_mutex_trylock(pthread_mutex_t *);
int __pthread_mutex_unlock(pthread_mutex_t *);

/* Whether a thread's identifier and list are where they are expected: 0 is not known. */
static signed char thread_fits;

static int same_layout(void)
{
	pthread_mutex_t one = { 0 };
	struct mutex *m = (struct mutex *)&one;
	int fits;

	m->type = PTHREAD_MUTEX_RECURSIVE;
	if (__pthread_mutex_timedlock(&one, 0))
		return 0;
	fits = m->lock == own_id() && m->prev == own_list() && *own_list() == &m->next && !m->count
		&& !__pthread_mutex_timedlock(&one, 0) && m->count == 1 && !__pthread_mutex_unlock(&one);
	__pthread_mutex_unlock(&one);
	return fits && !m->lock;
}

static int find_fit(void)
{
	int fits = same_layout() ? 1 : -1;

	__atomic_store_n(&thread_fits, fits, __ATOMIC_RELAXED);
	return fits > 0;
}

static inline int fits_here(void)
{
	signed char fits = __atomic_load_n(&thread_fits, __ATOMIC_RELAXED);

	return LIKELY(fits > 0) || (!fits && find_fit());
}

static inline int swapped(int *at, int old, int new)
{
	return __atomic_compare_exchange_n(at, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline int look(int *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/* Of mutexes whose owner is known: those that are private, and neither robust nor
   priority-inheriting. */
static inline int plain_with_owner(const struct mutex *m)
{
	return m->type == PTHREAD_MUTEX_RECURSIVE || m->type == PTHREAD_MUTEX_ERRORCHECK;
}

/* Notes a mutex in its owner's list, in the order in which a list that ends here is whole. */
static inline void note(struct mutex *m)
{
	void *volatile *list = own_list();
	void *first = *list;

	m->next = first;
	m->prev = list;
	if (first != (void *)list)
		((void *volatile *)first)[-1] = (void *)&m->next;
	*list = (void *)&m->next;
}

/* Doing it twice is as doing it once. */
static inline void forget(struct mutex *m)
{
	void *next = m->next;

	*m->prev = next;
	if (next != (void *)own_list())
		((void *volatile *)next)[-1] = (void *)m->prev;
}

static inline int take_free(struct mutex *m, int as)
{
	if (look(&m->lock) || !swapped(&m->lock, 0, as))
		return 0;
	if (as != EBUSY)
		note(m);
	return 1;
}

/* Looks rarer and rarer, as long as nobody sleeps; then waits as musl does. */
static __attribute__((noinline)) int wait_for(struct mutex *m, int as)
{
	for (int pauses = 2; pauses <= LONGEST && !look(&m->waiters); pauses *= 2) {
		if (take_free(m, as))
			return 0;
		for (int i = 0; i < pauses; i++)
			__builtin_ia32_pause();
	}
	return __pthread_mutex_timedlock((pthread_mutex_t *)m, 0);
}

static inline int taken_again(struct mutex *m)
{
	if (m->count == INT_MAX)
		return EAGAIN;
	m->count++;
	return 0;
}

static __attribute__((noinline)) int lock_with_owner(struct mutex *m)
{
	int self;

	if (!plain_with_owner(m) || !fits_here())
		return __pthread_mutex_timedlock((pthread_mutex_t *)m, 0);
	self = own_id();
	if ((look(&m->lock) & OWNER) == self)
		return m->type == PTHREAD_MUTEX_RECURSIVE ? taken_again(m) : EDEADLK;
	return take_free(m, self) ? 0 : wait_for(m, self);
}

PUBLIC int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	struct mutex *m = (struct mutex *)mutex;

	if ((m->type & KIND) != PTHREAD_MUTEX_NORMAL)
		return lock_with_owner(m);
	if (LIKELY(swapped(&m->lock, 0, EBUSY)))
		return 0;
	return wait_for(m, EBUSY);
}

PUBLIC int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	struct mutex *m = (struct mutex *)mutex;
	int self;

	if ((m->type & KIND) == PTHREAD_MUTEX_NORMAL)
		return swapped(&m->lock, 0, EBUSY) ? 0 : EBUSY;
	if (!plain_with_owner(m) || !fits_here())
		return __pthread_mutex_trylock(mutex);
	self = own_id();
	if (m->type == PTHREAD_MUTEX_RECURSIVE && (look(&m->lock) & OWNER) == self)
		return taken_again(m);
	return take_free(m, self) ? 0 : EBUSY;
}

PUBLIC int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	struct mutex *m = (struct mutex *)mutex;
	/* Asked once: it is musl's to unlock, and to take out of the list, if one waits. */
	int self = EBUSY, waiters = look(&m->waiters);

	if ((m->type & KIND) != PTHREAD_MUTEX_NORMAL) {
		if (!plain_with_owner(m) || !fits_here())
			return __pthread_mutex_unlock(mutex);
		self = own_id();
		if ((look(&m->lock) & OWNER) != self)
			return EPERM;
		if (m->type == PTHREAD_MUTEX_RECURSIVE && m->count) {
			m->count--;
			return 0;
		}
		if (!waiters)
			forget(m);
	}
	if (LIKELY(!waiters && swapped(&m->lock, self, 0)))
		return 0;
	return __pthread_mutex_unlock(mutex);
}

#endif

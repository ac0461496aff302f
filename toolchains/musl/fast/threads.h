/* What the functions for threads have in common: musl's description of the thread that
   runs, as all versions from 1.2.2 to 1.2.5 have it. mutex.c asks musl whether it is
   so before it relies on it. */

#ifndef FAST_THREADS_H
#define FAST_THREADS_H

#define PUBLIC __attribute__((visibility("default")))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/* Where the thread's identifier is, and the head of its list of mutexes. */
enum { ID = 48, LIST = 136 };

static inline char *own_thread(void)
{
	char *thread;

	__asm__("mov %%fs:0, %0" : "=r"(thread));
	return thread;
}

static inline int own_id(void)
{
	return *(int *)(own_thread() + ID);
}

static inline void *volatile *own_list(void)
{
	return (void *volatile *)(own_thread() + LIST);
}

#endif

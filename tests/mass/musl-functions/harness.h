/* What the tests of the memory and string functions have in common: areas between
   pages that cannot be read, a report of the first difference, and the places from
   which functions are called early and often: a constructor, four threads at the
   start, and a signal handler. */

#ifndef HARNESS_H
#define HARNESS_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { PAGE = 4096 };

typedef unsigned char byte;

static unsigned long checks;
static int whole;

/* Pages of which the first and the last cannot be read. */
struct area {
	byte *start, *end;
};

static struct area new_area(size_t size)
{
	size_t length = (size + PAGE - 1) / PAGE * PAGE;
	byte *at = mmap(0, length + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at, PAGE, PROT_NONE) || mprotect(at + PAGE + length, PAGE, PROT_NONE)) {
		perror("mmap");
		exit(2);
	}
	return (struct area){ at + PAGE, at + PAGE + length };
}

enum { PLACES = 42 };

/* Where to test n bytes: at the area's end, at its start, at each alignment of a
   vector, and some bytes in front of the end; 0 behind the last such place. */
static inline int place(struct area area, size_t n, int which, byte **at)
{
	if (which == 0)
		*at = area.end - n;
	else if (which == 1)
		*at = area.start;
	else if (which < 34)
		*at = area.start + 512 + (which - 2);
	else if (which < PLACES)
		*at = area.end - n - (which - 33);
	else
		return 0;
	return 1;
}

static const char *offset_in_words(const void *at, char *into)
{
	sprintf(into, "%p (%d before its page's end)", at, (int)(PAGE - (uintptr_t)at % PAGE));
	return into;
}

/* Sizes, and where the operands are; a null address is none. */
static void check_at(int right, const char *function, const void *a, const void *b, size_t n, long long got, long long expected)
{
	char of_a[64], of_b[64];

	checks++;
	if (right)
		return;
	printf("%s: n %zu, a %s, b %s: got %lld, expected %lld\n", function, n, offset_in_words(a, of_a),
		offset_in_words(b, of_b), got, expected);
	exit(1);
}

/* Results that are counts or addresses. */
#define CHECK(function, a, b, n, got, expected) \
	do { \
		long long got_ = (long long)(got), expected_ = (long long)(expected); \
		check_at(got_ == expected_, function, a, b, n, got_, expected_); \
	} while (0)

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

/* Results of which only the sign is given. */
#define CHECK_SIGN(function, a, b, n, got, expected) CHECK(function, a, b, n, sign(got), sign(expected))

/* Numbers that are the same in each run (xorshift64). */
static uint64_t random_state = 88172645463325252;

static inline size_t random_below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

/* What an area's bytes are unless a test says otherwise: none is 0. */
static inline void fill_with_pattern(byte *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (byte)(1 + i * 7 % 251);
}

/* Each test file's few calls, whose results are known; 0 if one is wrong. */
static int few_calls(void);

static int early_result = -1;

__attribute__((constructor(101))) static void call_early(void)
{
	early_result = few_calls();
}

static volatile sig_atomic_t signals, wrong_in_signal;

/* QEMU's user mode (7.2) enters x86-64 handlers with a stack that is not aligned. */
#ifdef __x86_64__
__attribute__((force_align_arg_pointer))
#endif
static void on_signal(int number)
{
	(void)number;
	signals++;
	if (!few_calls())
		wrong_in_signal = 1;
}

static void *in_thread(void *barrier)
{
	pthread_barrier_wait(barrier);
	for (int i = 0; i < 200; i++)
		if (!few_calls())
			return (void *)1;
	return 0;
}

static void call_from_threads(void)
{
	enum { THREADS = 4 };
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, 0, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], 0, in_thread, &barrier))
			exit(2);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		CHECK("threads", 0, 0, (size_t)i, (intptr_t)wrong, 0);
	}
}

/* While the tests run the same functions are called in a signal handler. */
static void call_from_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } };

	sigaction(SIGALRM, &action, 0);
	setitimer(ITIMER_REAL, &every, 0);
}

static void stop_signals(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, 0);
	CHECK("signal handler", 0, 0, (size_t)signals, wrong_in_signal, 0);
}

static void begin(int argc, char **argv)
{
	whole = argc > 1 && argv[1][0] == '-' && argv[1][1] == '-' && argv[1][2] == 'w';
	CHECK("constructor", 0, 0, 0, early_result, 1);
	call_from_threads();
	call_from_signals();
}

static int finish(const char *name)
{
	stop_signals();
	printf("%s: %lu results are right, %d signals came\n", name, checks, (int)signals);
	return 0;
}

#endif

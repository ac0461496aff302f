/* Allocates and frees blocks of mixed sizes in some threads; prints nanoseconds an operation of one thread.
   Every thread keeps 1000 blocks and replaces a random one each time; a tenth of them are freed by another thread. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLOTS = 1000, OPERATIONS = 3000000, MAILBOX = 64 };

static void *_Atomic mailbox[MAILBOX];

static void *work(void *seed)
{
	uint64_t state = (uintptr_t)seed * 0x9e3779b97f4a7c15 + 1;
	char **slots = calloc(SLOTS, sizeof *slots);

	for (int i = 0; i < OPERATIONS; i++) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		size_t slot = state % SLOTS, size = 16 + (state >> 32) % ((state >> 20) % 16 ? 240 : 8192);

		if ((state >> 40) % 10 == 0)
			slots[slot] = __atomic_exchange_n((char **)&mailbox[(state >> 50) % MAILBOX], slots[slot], __ATOMIC_ACQ_REL);
		free(slots[slot]);
		slots[slot] = malloc(size);
		slots[slot][0] = slots[slot][size - 1] = (char)i;
	}
	for (int i = 0; i < SLOTS; i++)
		free(slots[i]);
	free(slots);
	return 0;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t threads[64];
	struct timespec from, to;

	if (count < 1 || count > 64)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], 0, work, (void *)(intptr_t)(i + 1));
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%.1f\n", ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / OPERATIONS);
	return 0;
}

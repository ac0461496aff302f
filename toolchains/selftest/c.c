/* The C library: formatted output, the heap, threads with deep stacks, time,
   and the locale of the environment. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#define CHECK(x) do { if (!(x)) { printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

static __thread int own = 7;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static void *work(void *p)
{
	volatile char deep[64 * 1024];

	memset((char *)deep, 1, sizeof deep);
	own++;
	pthread_mutex_lock(&mutex);
	shared += own + deep[100];
	pthread_mutex_unlock(&mutex);
	return p;
}

int main(void)
{
	char text[64], *big;
	pthread_t threads[4];
	wchar_t wide[8];

	snprintf(text, sizeof text, "%.3f %s %zu", sqrt(2), "x", sizeof text);
	CHECK(!strcmp(text, "1.414 x 64"));
	big = malloc(8 << 20);
	CHECK(big && (memset(big, 1, 8 << 20), big[5] == 1));
	big = realloc(big, 16 << 20);
	CHECK(big && big[5] == 1);
	free(big);
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], 0, work, 0));
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_join(threads[i], 0));
	CHECK(shared == 4 * 9 && own == 7);
	CHECK(setlocale(LC_ALL, ""));
	CHECK(time(0) > 1600000000);
	if (mbstowcs(wide, "\xc3\xa9", 8) == 1)
		CHECK(wide[0] == 0xe9);
	puts("ok");
	return 0;
}

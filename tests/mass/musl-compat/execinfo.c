/* A stack trace: each function is in it once, and its line leads back to it. */
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *addresses[64];
static int count;

static __attribute__((noinline)) int deepest(int n)
{
	count = backtrace(addresses, 64);
	return n + (count > 0);
}

static __attribute__((noinline)) int middle(int n)
{
	return n ? middle(n - 1) + 1 : deepest(n) + 1;
}

static int compare(const void *a, const void *b)
{
	if (!count)
		middle(1);
	return *(const int *)a - *(const int *)b;
}

/* Where the function that returns there begins: not more than so many bytes before. */
static int is_in(void *address, void *function)
{
	return (uintptr_t)address - (uintptr_t)function < 512;
}

int main(int argc, char **argv)
{
	int numbers[2] = {2, 1};
	char **lines, end[40];

	(void)argc;
	printf("%d\n", middle(3));
	printf("%d%d%d%d%d\n", is_in(addresses[0], (void *)deepest), is_in(addresses[1], (void *)middle),
	       is_in(addresses[2], (void *)middle), is_in(addresses[3], (void *)middle), is_in(addresses[4], (void *)middle));
	printf("main %d\n", is_in(addresses[5], (void *)main));
	printf("size 2: %d, 0: %d\n", backtrace(addresses, 2), backtrace(addresses, 0));
	middle(0);
	lines = backtrace_symbols(addresses, count);
	for (int i = 0; i < 3; i++) {
		snprintf(end, sizeof end, "[%p]", addresses[i]);
		printf("%d%d%d\n", !strncmp(lines[i], argv[0], strlen(argv[0])), lines[i][strlen(argv[0])] == '(',
		       !strcmp(lines[i] + strlen(lines[i]) - strlen(end), end));
	}
	free(lines);
	/* Through a function of libc. */
	count = 0;
	qsort(numbers, 2, sizeof *numbers, compare);
	int found = 0;
	for (int i = 0; i < count; i++)
		found += is_in(addresses[i], (void *)compare);
	printf("compare %d\n", found);
	/* The same lines without malloc. */
	int both[2];
	char text[4096];
	if (pipe(both))
		return 1;
	backtrace_symbols_fd(addresses, 2, both[1]);
	ssize_t length = read(both[0], text, sizeof text - 1);
	text[length > 0 ? length : 0] = 0;
	char *expected = text;
	for (int i = 0; i < 2; i++) {
		expected += strncmp(expected, argv[0], strlen(argv[0])) ? 0 : strlen(argv[0]);
		snprintf(end, sizeof end, ")[%p]\n", addresses[i]);
		char *found_end = strstr(expected, end);
		printf("%d%d ", expected[0] == '(', found_end != 0 && found_end - expected < 24);
		expected = found_end ? found_end + strlen(end) : expected;
	}
	printf("%d\n", *expected);
	void *nowhere[1] = {(void *)16};
	lines = backtrace_symbols(nowhere, 1);
	printf("%s\n", lines[0]);
	free(lines);
	return 0;
}

/* What the allocator says of many small blocks, and that it gives their memory back. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { blocks = 20000, size = 1000, all = blocks * size };
static void *made[blocks];

static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		return -1;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static int about(size_t found, size_t expected)
{
	return found >= expected && found < expected + expected / 2;
}

int main(void)
{
	struct mallinfo2 before = mallinfo2(), with, after;
	struct mallinfo old;
	for (int i = 0; i < blocks; i++)
		memset(made[i] = malloc(size), 1, size);
	with = mallinfo2();
	old = mallinfo();
	long full = resident();
	printf("%d %d %d\n", about(with.uordblks - before.uordblks, all), with.arena + with.hblkhd >= with.uordblks, with.arena - with.uordblks == with.fordblks);
	printf("%d %d\n", about((size_t)old.uordblks - before.uordblks, all), old.arena >= old.uordblks);
	printf("%d\n", malloc_usable_size(made[0]) >= size);
	for (int i = 0; i < blocks; i++)
		free(made[i]);
	after = mallinfo2();
	printf("%d\n", after.uordblks < before.uordblks + all / 10);
	int gave = malloc_trim(0);
	printf("%d\n", full - resident() > all / 2);
	/* glibc may have done so in free. */
	return gave < 0;
}

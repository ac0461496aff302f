/* What mimalloc, where it is linked in, says of its memory, in glibc's form. */

#include "include/layer/malloc.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* mimalloc's functions and its structure for an area of blocks. */
struct area {
	void *blocks;
	size_t reserved, committed, used, block_size, full_block_size;
};
typedef bool visitor(const void *heap, const struct area *, void *block, size_t size, void *to);
__attribute__((__weak__)) void *mi_heap_get_default(void);
__attribute__((__weak__)) bool mi_heap_visit_blocks(const void *, bool blocks, visitor *, void *to);
__attribute__((__weak__)) void mi_collect(bool force);
__attribute__((__weak__)) void mi_process_info(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *committed, size_t *, size_t *);

static bool count(const void *heap, const struct area *area, void *block, size_t size, void *to)
{
	struct mallinfo2 *info = to;
	(void)heap, (void)block, (void)size;
	info->arena += area->committed;
	info->uordblks += area->used * area->block_size;
	return true;
}

struct mallinfo2 mallinfo2(void)
{
	struct mallinfo2 info = {0};
	if (mi_heap_get_default && mi_heap_visit_blocks)
		mi_heap_visit_blocks(mi_heap_get_default(), false, count, &info);
	if (info.arena < info.uordblks)
		info.arena = info.uordblks;
	info.fordblks = info.arena - info.uordblks;
	return info;
}

static int least(size_t size)
{
	return size < INT_MAX ? (int)size : INT_MAX;
}

struct mallinfo mallinfo(void)
{
	struct mallinfo2 all = mallinfo2();
	struct mallinfo info = {0};
	info.arena = least(all.arena);
	info.uordblks = least(all.uordblks);
	info.fordblks = least(all.fordblks);
	return info;
}

static size_t committed(void)
{
	size_t now = 0;
	mi_process_info(0, 0, 0, 0, 0, &now, 0, 0);
	return now;
}

int malloc_trim(size_t pad)
{
	(void)pad;
	if (!mi_collect || !mi_process_info)
		return 0;
	size_t before = committed();
	mi_collect(true);
	return committed() < before;
}

int mallopt(int parameter, int value)
{
	(void)parameter, (void)value;
	return 0;
}

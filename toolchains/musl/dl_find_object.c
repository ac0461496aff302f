/* GCC's unwinder, built for glibc 2.35 or newer, finds the exception table of a
   code address through _dl_find_object, which musl does not have. A static
   program is one object, so its answer never changes once it is known.

   The interface is documented in glibc's manual, "Dynamic Linker
   Introspection"; the structure's seven reserved words are part of its ABI. */

#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

struct dl_find_object {
	unsigned long long flags;
	void *map_start;
	void *map_end;
	struct link_map *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

struct staticcxx_find_object {
	uintptr_t address, start, end, eh_frame;
};

/* One visited object: its extent, and whether the address is in it. */
static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct staticcxx_find_object *found = data;
	uintptr_t start = UINTPTR_MAX, end = 0, eh_frame = 0;
	int inside = 0;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_GNU_EH_FRAME) {
			eh_frame = at;
		} else if (segment->p_type == PT_LOAD) {
			if (at < start)
				start = at;
			if (at + segment->p_memsz > end)
				end = at + segment->p_memsz;
			inside |= found->address - at < segment->p_memsz;
		}
	}
	if (!inside || !eh_frame)
		return 0;
	found->start = start;
	found->end = end;
	found->eh_frame = eh_frame;
	return 1;
}

/* Set once, by whoever is first; 0 empty, 1 being written, 2 whole. */
static struct staticcxx_find_object known;
static int state;

int _dl_find_object(void *address, struct dl_find_object *result)
{
	struct staticcxx_find_object found = { .address = (uintptr_t)address };

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == 2
	    && found.address - known.start < known.end - known.start) {
		found = known;
	} else {
		int empty = 0;

		if (dl_iterate_phdr(visit, &found) != 1)
			return -1;
		if (__atomic_compare_exchange_n(&state, &empty, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			known = found;
			__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
		}
	}
	result->flags = 0;
	result->map_start = (void *)found.start;
	result->map_end = (void *)found.end;
	result->link_map = 0;
	result->eh_frame = (void *)found.eh_frame;
	return 0;
}

/* Which entry of .eh_frame covers a code address: the unwinder asks for every
   frame. GCC's own answer brings a registry for code that is made at run time;
   this one is weak, so that a program that registers such code (__register_frame)
   has GCC's. A static program is one object, whose linker made a sorted table.

   Formats: Linux Standard Base, "Exception Frames"; DWARF 5, 6.4.1. */

#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <string.h>

/* The bases of encoded pointers, as <unwind-dw2-fde.h> of GCC has them. */
struct dwarf_eh_bases {
	void *tbase, *dbase, *func;
};

/* Encodings of pointers: how they are stored, and what they are relative to. */
enum { STORED = 0x0f, RELATIVE = 0x70, PC_RELATIVE = 0x10, PC_SDATA4 = 0x1b, UDATA4 = 0x03, TABLE_SDATA4 = 0x3b };

struct entry {
	int32_t function, fde;
};

/* How many bytes a stored pointer has; 0 for one of variable length. */
static unsigned size_of(unsigned encoding)
{
	switch (encoding & 0x07) {
	case 0: return sizeof(uintptr_t);
	case 2: return 2;
	case 3: return 4;
	case 4: return 8;
	default: return 0;
	}
}

static uintptr_t stored(const uint8_t *at, unsigned encoding)
{
	union {
		int16_t s2;
		uint16_t u2;
		int32_t s4;
		uint32_t u4;
		uint64_t u8;
	} value = { .u8 = 0 };

	memcpy(&value, at, size_of(encoding));
	switch (encoding & STORED) {
	case 0x02: return value.u2;
	case 0x03: return value.u4;
	case 0x0a: return (uintptr_t)(intptr_t)value.s2;
	case 0x0b: return (uintptr_t)(intptr_t)value.s4;
	default: return (uintptr_t)value.u8;
	}
}

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)stored(at, UDATA4);
}

static const uint8_t *behind_leb128(const uint8_t *at)
{
	while (*at & 0x80)
		at++;
	return at + 1;
}

/* How the entries of a CIE have their addresses. */
static unsigned encoding_of(const uint8_t *cie)
{
	const char *letter = (const char *)cie + 9;
	const uint8_t *at = (const uint8_t *)letter + strlen(letter) + 1;

	if (*letter != 'z')
		return 0;
	at = behind_leb128(behind_leb128(at));
	at = cie[8] == 1 ? at + 1 : behind_leb128(at);
	at = behind_leb128(at);
	while (*++letter) {
		if (*letter == 'R')
			return *at;
		if (*letter == 'L')
			at++;
		else if (*letter == 'P')
			at += 1 + size_of(*at);
		else if (*letter != 'S' && *letter != 'B' && *letter != 'G')
			break;
	}
	return 0;
}

/* Whether an entry covers the address; its function, if it does. */
static int covers(const uint8_t *fde, uintptr_t pc, struct dwarf_eh_bases *bases)
{
	unsigned encoding = encoding_of(fde + 4 - word(fde + 4)), size = size_of(encoding);
	const uint8_t *at = fde + 8;
	uintptr_t function = stored(at, encoding);

	/* A function that was left out has no address. */
	if (!size || !function)
		return 0;
	if ((encoding & RELATIVE) == PC_RELATIVE)
		function += (uintptr_t)at;
	if (pc - function >= stored(at + size, encoding & 0x07))
		return 0;
	bases->tbase = 0;
	bases->dbase = 0;
	bases->func = (void *)function;
	return 1;
}

struct search {
	uintptr_t pc;
	const uint8_t *header;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	const uint8_t *header = 0;
	int inside = 0;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_GNU_EH_FRAME)
			header = (const uint8_t *)at;
		else if (segment->p_type == PT_LOAD)
			inside |= search->pc - at < segment->p_memsz;
	}
	if (!inside)
		return 0;
	search->header = header;
	return 1;
}

/* Without a table, one entry after the other. */
static const void *in_turn(const uint8_t *at, uintptr_t pc, struct dwarf_eh_bases *bases)
{
	for (; word(at) && word(at) != UINT32_MAX; at += 4 + word(at))
		if (word(at + 4) && covers(at, pc, bases))
			return at;
	return 0;
}

__attribute__((weak)) const void *_Unwind_Find_FDE(void *address, struct dwarf_eh_bases *bases)
{
	struct search search = { (uintptr_t)address, 0 };
	const uint8_t *header;
	const struct entry *table;
	size_t first = 0, end;

	dl_iterate_phdr(visit, &search);
	header = search.header;
	if (!header || header[0] != 1 || header[1] != PC_SDATA4)
		return 0;
	if (header[2] != UDATA4 || header[3] != TABLE_SDATA4)
		return in_turn(header + 4 + stored(header + 4, PC_SDATA4), search.pc, bases);
	table = (const struct entry *)(header + 12);
	end = word(header + 8);
	/* The last function that begins at or before the address. */
	while (end - first > 1) {
		size_t middle = first + (end - first) / 2;

		if ((uintptr_t)header + (uintptr_t)(intptr_t)table[middle].function <= search.pc)
			first = middle;
		else
			end = middle;
	}
	if (first == end || !covers(header + table[first].fde, search.pc, bases))
		return 0;
	return header + table[first].fde;
}

/* execinfo.h: stack traces by GCC's unwinder. */

#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

struct trace {
	void **buffer;
	int size, count;
	uintptr_t stack;
};

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *context, void *data)
{
	struct trace *trace = data;
	uintptr_t address = _Unwind_GetIP(context), stack = _Unwind_GetCFA(context);

	if (trace->count == -1) { /* backtrace itself */
		trace->count = 0;
		return _URC_NO_REASON;
	}
	if (trace->count == trace->size || !address)
		return _URC_END_OF_STACK;
	/* Where there is no more to unwind, some unwinders give the same frame again and again. */
	if (trace->count && trace->buffer[trace->count - 1] == (void *)address && stack == trace->stack)
		return _URC_END_OF_STACK;
	trace->stack = stack;
	trace->buffer[trace->count++] = (void *)address;
	return _URC_NO_REASON;
}

int backtrace(void **buffer, int size)
{
	struct trace trace = {buffer, size, -1, 0};

	if (size <= 0)
		return 0;
	_Unwind_Backtrace(one_frame, &trace);
	return trace.count < 0 ? 0 : trace.count;
}

struct search {
	uintptr_t address, base;
};

static int contains(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && search->address - start < segment->p_memsz) {
			search->base = info->dlpi_addr;
			return 1;
		}
	}
	return 0;
}

static size_t put_hex(char *to, uintptr_t value)
{
	char digits[2 * sizeof value];
	size_t count = 0, length = 0;

	do
		digits[count++] = "0123456789abcdef"[value % 16];
	while (value /= 16);
	to[length++] = '0';
	to[length++] = 'x';
	while (count)
		to[length++] = digits[--count];
	return length;
}

/* What follows the program's name; without a 0 at the end. */
enum { LONGEST = 4 * sizeof(uintptr_t) + 16 };

static size_t put_place(char *to, const void *address, const char *between, int *inside)
{
	struct search search = {(uintptr_t)address, 0};
	size_t length = 0;

	*inside = dl_iterate_phdr(contains, &search);
	if (*inside) {
		memcpy(to, "(+", 2);
		length = 2 + put_hex(to + 2, search.address - search.base);
		to[length++] = ')';
		while (*between)
			to[length++] = *between++;
	}
	to[length++] = '[';
	length += put_hex(to + length, search.address);
	to[length++] = ']';
	return length;
}

char **backtrace_symbols(void *const *buffer, int size)
{
	const char *name = program_invocation_name ? program_invocation_name : "";
	size_t count = size > 0 ? size : 0, length = strlen(name);
	char **lines, *text;

	if (count > SIZE_MAX / 2 / (sizeof(char *) + length + LONGEST)) {
		errno = ENOMEM;
		return 0;
	}
	lines = malloc(count * (sizeof(char *) + length + LONGEST) + 1);
	if (!lines)
		return 0;
	text = (char *)(lines + count);
	for (size_t i = 0; i < count; i++) {
		char place[LONGEST];
		int inside;
		size_t more = put_place(place, buffer[i], " ", &inside);
		lines[i] = text;
		if (inside) {
			memcpy(text, name, length);
			text += length;
		}
		memcpy(text, place, more);
		text[more] = 0;
		text += more + 1;
	}
	return lines;
}

void backtrace_symbols_fd(void *const *buffer, int size, int fd)
{
	const char *name = program_invocation_name ? program_invocation_name : "";

	for (int i = 0; i < size; i++) {
		char place[LONGEST];
		int inside;
		size_t more = put_place(place, buffer[i], "", &inside);
		place[more++] = '\n';
		struct iovec parts[2] = {{(void *)name, inside ? strlen(name) : 0}, {place, more}};
		ssize_t written = writev(fd, parts, 2);
		(void)written;
	}
}

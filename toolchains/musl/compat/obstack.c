/* obstack.h: stacks of objects that grow. */

#include <obstack.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int obstack_exit_failure = EXIT_FAILURE;

static void exhausted(void)
{
	fputs("memory exhausted\n", stderr);
	exit(obstack_exit_failure);
}

void (*obstack_alloc_failed_handler)(void) = exhausted;

/* What a chunk has before its objects. */
#define HEAD offsetof(struct _obstack_chunk, contents)
enum {
	USUAL_ALIGNMENT = _Alignof(max_align_t),
	/* A page, less what malloc needs. */
	USUAL_SIZE = 4096 - 32,
};

static struct _obstack_chunk *new_chunk(struct obstack *h, size_t size)
{
	return h->use_extra_arg ? h->chunkfun.extra(h->extra_arg, size) : h->chunkfun.plain(size);
}

static void free_chunk(struct obstack *h, struct _obstack_chunk *chunk)
{
	if (h->use_extra_arg)
		h->freefun.extra(h->extra_arg, chunk);
	else
		h->freefun.plain(chunk);
}

static char *aligned(const struct obstack *h, char *at)
{
	return at + (-(uintptr_t)at & h->alignment_mask);
}

static int begin(struct obstack *h, size_t size, size_t alignment)
{
	struct _obstack_chunk *chunk;

	h->alignment_mask = (alignment ? alignment : USUAL_ALIGNMENT) - 1;
	h->chunk_size = size ? size : USUAL_SIZE;
	if (h->chunk_size < HEAD + h->alignment_mask + 1)
		h->chunk_size = HEAD + h->alignment_mask + 1;
	h->maybe_empty_object = 0;
	h->alloc_failed = 0;
	chunk = h->chunk = new_chunk(h, h->chunk_size);
	if (!chunk)
		obstack_alloc_failed_handler();
	chunk->prev = 0;
	h->chunk_limit = chunk->limit = (char *)chunk + h->chunk_size;
	h->next_free = h->object_base = aligned(h, chunk->contents);
	return 1;
}

int _obstack_begin(struct obstack *h, size_t size, size_t alignment, void *(*alloc)(size_t), void (*release)(void *))
{
	h->chunkfun.plain = alloc;
	h->freefun.plain = release;
	h->use_extra_arg = 0;
	return begin(h, size, alignment);
}

int _obstack_begin_1(struct obstack *h, size_t size, size_t alignment, void *(*alloc)(void *, size_t),
		     void (*release)(void *, void *), void *arg)
{
	h->chunkfun.extra = alloc;
	h->freefun.extra = release;
	h->extra_arg = arg;
	h->use_extra_arg = 1;
	return begin(h, size, alignment);
}

/* Moves the object that grows into a chunk with so much more room. */
void _obstack_newchunk(struct obstack *h, size_t more)
{
	struct _obstack_chunk *old = h->chunk, *chunk = 0;
	size_t has = h->next_free - h->object_base, size;
	int overflow = __builtin_add_overflow(has, more, &size);

	overflow |= __builtin_add_overflow(size, HEAD + h->alignment_mask + (has >> 3) + 100, &size);
	if (size < h->chunk_size)
		size = h->chunk_size;
	if (!overflow)
		chunk = new_chunk(h, size);
	if (!chunk)
		obstack_alloc_failed_handler();
	chunk->prev = old;
	h->chunk = chunk;
	h->chunk_limit = chunk->limit = (char *)chunk + size;
	char *base = aligned(h, chunk->contents);
	memcpy(base, h->object_base, has);
	/* The old chunk had nothing else in it, not even an object without bytes. */
	if (!h->maybe_empty_object && h->object_base == aligned(h, old->contents)) {
		chunk->prev = old->prev;
		free_chunk(h, old);
	}
	h->object_base = base;
	h->next_free = base + has;
	h->maybe_empty_object = 0;
}

static int is_inside(const struct _obstack_chunk *chunk, const void *object)
{
	/* An object without bytes may be at the end. */
	return (uintptr_t)chunk < (uintptr_t)object && (uintptr_t)object <= (uintptr_t)chunk->limit;
}

int _obstack_allocated_p(struct obstack *h, void *object)
{
	const struct _obstack_chunk *chunk = h->chunk;

	while (chunk && !is_inside(chunk, object))
		chunk = chunk->prev;
	return chunk != 0;
}

/* Frees an object and all after it; with 0 everything, after which only a new start is possible. */
void _obstack_free(struct obstack *h, void *object)
{
	struct _obstack_chunk *chunk = h->chunk;

	while (chunk && !is_inside(chunk, object)) {
		struct _obstack_chunk *previous = chunk->prev;
		free_chunk(h, chunk);
		chunk = previous;
		/* What is freed next may be the first of its chunk. */
		h->maybe_empty_object = 1;
	}
	if (chunk) {
		h->object_base = h->next_free = object;
		h->chunk_limit = chunk->limit;
		h->chunk = chunk;
	} else if (object) {
		abort();
	}
}

size_t _obstack_memory_used(struct obstack *h)
{
	size_t used = 0;

	for (const struct _obstack_chunk *chunk = h->chunk; chunk; chunk = chunk->prev)
		used += chunk->limit - (const char *)chunk;
	return used;
}

int obstack_vprintf(struct obstack *h, const char *format, va_list args)
{
	va_list again;
	size_t room = obstack_room(h);
	int length;

	va_copy(again, args);
	length = vsnprintf(h->next_free, room, format, args);
	if (length >= 0 && (size_t)length >= room) {
		obstack_make_room(h, (size_t)length + 1);
		length = vsnprintf(h->next_free, (size_t)length + 1, format, again);
	}
	va_end(again);
	if (length >= 0)
		obstack_blank_fast(h, length);
	return length;
}

int obstack_printf(struct obstack *h, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = obstack_vprintf(h, format, args);
	va_end(args);
	return length;
}

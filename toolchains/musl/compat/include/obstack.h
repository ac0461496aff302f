/* Stacks of objects that grow, as glibc's manual describes them ("Obstacks"). */
#ifndef _OBSTACK_H
#define _OBSTACK_H 1

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _obstack_chunk {
	char *limit; /* one past its end */
	struct _obstack_chunk *prev;
	char contents[4];
};

struct obstack {
	size_t chunk_size;
	struct _obstack_chunk *chunk;
	char *object_base;
	char *next_free;
	char *chunk_limit;
	union {
		size_t i;
		void *p;
	} temp;
	size_t alignment_mask;
	union {
		void *(*plain)(size_t);
		void *(*extra)(void *, size_t);
	} chunkfun;
	union {
		void (*plain)(void *);
		void (*extra)(void *, void *);
	} freefun;
	void *extra_arg;
	unsigned use_extra_arg : 1;
	unsigned maybe_empty_object : 1;
	unsigned alloc_failed : 1;
};

extern int _obstack_begin(struct obstack *, size_t, size_t, void *(*)(size_t), void (*)(void *));
extern int _obstack_begin_1(struct obstack *, size_t, size_t, void *(*)(void *, size_t), void (*)(void *, void *), void *);
extern void _obstack_newchunk(struct obstack *, size_t);
extern void _obstack_free(struct obstack *, void *);
extern int _obstack_allocated_p(struct obstack *, void *);
extern size_t _obstack_memory_used(struct obstack *);

/* Called when there is no memory; must not return. */
extern void (*obstack_alloc_failed_handler)(void);
/* What the usual one exits with. */
extern int obstack_exit_failure;

extern int obstack_printf(struct obstack *, const char *, ...) __attribute__((__format__(__printf__, 2, 3)));
extern int obstack_vprintf(struct obstack *, const char *, va_list) __attribute__((__format__(__printf__, 2, 0)));

static __inline __attribute__((__unused__)) void *_obstack_room_for(struct obstack *__h, size_t __size)
{
	if ((size_t)(__h->chunk_limit - __h->next_free) < __size)
		_obstack_newchunk(__h, __size);
	return __h->next_free;
}

static __inline __attribute__((__unused__)) void _obstack_grow(struct obstack *__h, const void *__from, size_t __size)
{
	_obstack_room_for(__h, __size);
	memcpy(__h->next_free, __from, __size);
	__h->next_free += __size;
}

static __inline __attribute__((__unused__)) void _obstack_1grow(struct obstack *__h, char __c)
{
	_obstack_room_for(__h, 1);
	*__h->next_free++ = __c;
}

static __inline __attribute__((__unused__)) void _obstack_grow0(struct obstack *__h, const void *__from, size_t __size)
{
	_obstack_room_for(__h, __size + 1);
	memcpy(__h->next_free, __from, __size);
	__h->next_free += __size;
	*__h->next_free++ = 0;
}

static __inline __attribute__((__unused__)) void _obstack_blank(struct obstack *__h, size_t __size)
{
	/* A negative number makes the object smaller. */
	if ((ptrdiff_t)__size > 0)
		_obstack_room_for(__h, __size);
	__h->next_free += (ptrdiff_t)__size;
}

static __inline __attribute__((__unused__)) void *_obstack_finish(struct obstack *__h)
{
	char *__object = __h->object_base;
	size_t __more;

	if (__h->next_free == __object)
		__h->maybe_empty_object = 1;
	__more = -(size_t)__h->next_free & __h->alignment_mask;
	if (__more > (size_t)(__h->chunk_limit - __h->next_free))
		__h->next_free = __h->chunk_limit;
	else
		__h->next_free += __more;
	__h->object_base = __h->next_free;
	return __object;
}

static __inline __attribute__((__unused__)) void *_obstack_alloc(struct obstack *__h, size_t __size)
{
	_obstack_blank(__h, __size);
	return _obstack_finish(__h);
}

static __inline __attribute__((__unused__)) void *_obstack_copy(struct obstack *__h, const void *__from, size_t __size)
{
	_obstack_grow(__h, __from, __size);
	return _obstack_finish(__h);
}

static __inline __attribute__((__unused__)) void *_obstack_copy0(struct obstack *__h, const void *__from, size_t __size)
{
	_obstack_grow0(__h, __from, __size);
	return _obstack_finish(__h);
}

static __inline __attribute__((__unused__)) int _obstack_empty_p(const struct obstack *__h)
{
	const char *__start = __h->chunk->contents;
	return __h->chunk->prev == 0 && __h->next_free == __start + (-(size_t)__start & __h->alignment_mask);
}

#ifdef __cplusplus
}
#endif

/* The program defines obstack_chunk_alloc and obstack_chunk_free, which these mention. */
#define _OBSTACK_ALLOC(function) ((void *(*)(size_t))(function))
#define _OBSTACK_FREE(function) ((void (*)(void *))(function))
#define obstack_init(h) \
	_obstack_begin((h), 0, 0, _OBSTACK_ALLOC(obstack_chunk_alloc), _OBSTACK_FREE(obstack_chunk_free))
#define obstack_begin(h, size) \
	_obstack_begin((h), (size), 0, _OBSTACK_ALLOC(obstack_chunk_alloc), _OBSTACK_FREE(obstack_chunk_free))
#define obstack_specify_allocation(h, size, alignment, alloc, free) \
	_obstack_begin((h), (size), (alignment), _OBSTACK_ALLOC(alloc), _OBSTACK_FREE(free))
#define obstack_specify_allocation_with_arg(h, size, alignment, alloc, free, arg) \
	_obstack_begin_1((h), (size), (alignment), (void *(*)(void *, size_t))(alloc), (void (*)(void *, void *))(free), arg)
#define obstack_chunkfun(h, function) ((void)((h)->chunkfun.extra = (void *(*)(void *, size_t))(function)))
#define obstack_freefun(h, function) ((void)((h)->freefun.extra = (void (*)(void *, void *))(function)))

#define obstack_alloc(h, size) _obstack_alloc((h), (size))
#define obstack_copy(h, from, size) _obstack_copy((h), (from), (size))
#define obstack_copy0(h, from, size) _obstack_copy0((h), (from), (size))
#define obstack_free(h, object) _obstack_free((h), (void *)(object))

#define obstack_blank(h, size) _obstack_blank((h), (size_t)(size))
#define obstack_grow(h, from, size) _obstack_grow((h), (from), (size))
#define obstack_grow0(h, from, size) _obstack_grow0((h), (from), (size))
#define obstack_1grow(h, c) _obstack_1grow((h), (char)(c))
#define obstack_ptr_grow(h, pointer) \
	__extension__({ \
		const void *__obstack_pointer = (pointer); \
		_obstack_grow((h), &__obstack_pointer, sizeof __obstack_pointer); \
	})
#define obstack_int_grow(h, number) \
	__extension__({ \
		int __obstack_int = (number); \
		_obstack_grow((h), &__obstack_int, sizeof __obstack_int); \
	})
#define obstack_finish(h) _obstack_finish(h)
#define obstack_make_room(h, size) ((void)_obstack_room_for((h), (size)))

/* Where the caller made room before. */
#define obstack_blank_fast(h, size) ((void)((h)->next_free += (size)))
#define obstack_1grow_fast(h, c) ((void)(*((h)->next_free)++ = (c)))
#define obstack_ptr_grow_fast(h, pointer) \
	__extension__({ \
		struct obstack *__obstack_fast = (h); \
		const void *__obstack_pointer = (pointer); \
		memcpy(__obstack_fast->next_free, &__obstack_pointer, sizeof __obstack_pointer); \
		__obstack_fast->next_free += sizeof __obstack_pointer; \
		(void)0; \
	})
#define obstack_int_grow_fast(h, number) \
	__extension__({ \
		struct obstack *__obstack_fast = (h); \
		int __obstack_int = (number); \
		memcpy(__obstack_fast->next_free, &__obstack_int, sizeof __obstack_int); \
		__obstack_fast->next_free += sizeof __obstack_int; \
		(void)0; \
	})

#define obstack_base(h) ((void *)(h)->object_base)
#define obstack_next_free(h) ((void *)(h)->next_free)
#define obstack_object_size(h) ((size_t)((h)->next_free - (h)->object_base))
#define obstack_room(h) ((size_t)((h)->chunk_limit - (h)->next_free))
#define obstack_empty_p(h) _obstack_empty_p(h)
#define obstack_memory_used(h) _obstack_memory_used(h)
#define obstack_chunk_size(h) ((h)->chunk_size)
#define obstack_alignment_mask(h) ((h)->alignment_mask)

#endif

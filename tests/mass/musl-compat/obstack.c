/* Objects of all sizes on obstacks: grown, freed in their order, with allocators of the program's. */
#include <obstack.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int chunks;

static void *make(size_t size)
{
	chunks++;
	return malloc(size);
}

static void release(void *chunk)
{
	chunks--;
	free(chunk);
}

static void *make_with(void *arg, size_t size)
{
	++*(int *)arg;
	return malloc(size);
}

static void release_with(void *arg, void *chunk)
{
	--*(int *)arg;
	free(chunk);
}

#define obstack_chunk_alloc make
#define obstack_chunk_free release

static void failed(void)
{
	printf("no memory\n");
	exit(5);
}

static void *none(size_t size)
{
	(void)size;
	return 0;
}

static void many(struct obstack *stack)
{
	void *kept[400];
	unsigned sum = 0;

	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 400; i++) {
			size_t size = i * i % 977;
			char *object = obstack_alloc(stack, size);
			if ((uintptr_t)object & obstack_alignment_mask(stack))
				printf("not aligned\n");
			memset(object, (int)i, size);
			kept[i] = object;
		}
		for (unsigned i = 0; i < 400; i++)
			for (size_t j = 0; j < i * i % 977; j++)
				sum += ((unsigned char *)kept[i])[j] == (unsigned char)i;
		obstack_free(stack, kept[round * 100]);
	}
	printf("sum %u\n", sum);
}

int main(int argc, char **argv)
{
	struct obstack stack, other;
	int count = 0, number = 77;
	char *first, *words;

	(void)argv;
	obstack_init(&stack);
	printf("empty %d, chunks %d\n", obstack_empty_p(&stack), chunks);
	first = obstack_copy0(&stack, "first", 5);
	obstack_grow(&stack, "gro", 3);
	obstack_1grow(&stack, 'w');
	obstack_grow0(&stack, "n", 1);
	printf("size %d, %s\n", (int)obstack_object_size(&stack), (char *)obstack_base(&stack));
	words = obstack_finish(&stack);
	obstack_int_grow(&stack, number);
	obstack_ptr_grow(&stack, first);
	obstack_blank(&stack, 5);
	obstack_blank(&stack, -5);
	printf("size %d\n", (int)obstack_object_size(&stack));
	memcpy(&number, obstack_base(&stack), sizeof number);
	printf("%s %s %d\n", first, words, number);
	obstack_make_room(&stack, 100);
	obstack_1grow_fast(&stack, 'x');
	obstack_int_grow_fast(&stack, 1);
	obstack_blank_fast(&stack, 3);
	printf("size %d, room %d\n", (int)obstack_object_size(&stack), obstack_room(&stack) >= 92);
	obstack_finish(&stack);
	words = obstack_copy(&stack, "copy", 5);
	printf("%s %d\n", words, obstack_printf(&stack, "<%s %0*d>", "printed", 5000, 7));
	obstack_1grow(&stack, 0);
	printf("%d\n", (int)strlen(obstack_finish(&stack)));
	for (int i = 0; i < 100000; i++)
		obstack_1grow(&stack, (char)('a' + i % 26));
	words = obstack_finish(&stack);
	printf("%.30s %c, used %d\n", words, words[99999], obstack_memory_used(&stack) > 100000);
	many(&stack);
	obstack_free(&stack, first);
	printf("chunks %d, empty %d\n", chunks, obstack_empty_p(&stack));
	obstack_free(&stack, 0);
	printf("chunks %d\n", chunks);
	obstack_specify_allocation_with_arg(&other, 200, 64, make_with, release_with, &count);
	many(&other);
	printf("mask %d, size %d\n", (int)obstack_alignment_mask(&other), obstack_chunk_size(&other) >= 200);
	obstack_free(&other, 0);
	printf("count %d\n", count);
	fflush(stdout);
	if (argc > 1)
		obstack_alloc_failed_handler = failed;
	obstack_specify_allocation(&other, 0, 0, none, release);
	return 0;
}

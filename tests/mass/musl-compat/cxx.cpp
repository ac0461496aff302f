// What C++ programs meet: obstacks, queues and checked functions through the headers of C++.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <error.h>
#include <execinfo.h>
#include <getopt.h>
#include <glob.h>
#include <malloc.h>
#include <obstack.h>
#include <string>
#include <sys/queue.h>
#include <unistd.h>

#define obstack_chunk_alloc std::malloc
#define obstack_chunk_free std::free

struct Item {
	int number;
	TAILQ_ENTRY(Item) items;
};
TAILQ_HEAD(Items, Item);

static char bytes[8];

int main(int argc, char **argv)
{
	Items items = TAILQ_HEAD_INITIALIZER(items);
	Item all[3] = {{1, {0, 0}}, {2, {0, 0}}, {3, {0, 0}}};
	for (int i = 0; i < 3; i++)
		TAILQ_INSERT_HEAD(&items, &all[i], items);
	Item *at;
	TAILQ_FOREACH_REVERSE(at, &items, Items, items) std::printf("%d ", at->number);
	struct obstack stack;
	obstack_init(&stack);
	obstack_grow(&stack, "grown", 5);
	obstack_ptr_grow(&stack, argv);
	char *grown = static_cast<char *>(obstack_copy0(&stack, " more", 5));
	std::printf("%.5s%s\n", grown, grown + 5 + sizeof argv);
	obstack_free(&stack, NULL);
	void *addresses[4];
	std::printf("%d\n", backtrace(addresses, 4) > 0);
	void *(*copy)(void *, const void *, std::size_t) = std::memcpy;
	copy(bytes, "pointer", 8);
	std::printf("%s\n", bytes);
	char *words[] = {argv[0], const_cast<char *>("x"), const_cast<char *>("-a")};
	std::printf("%d", getopt(3, words, "a"));
	glob_t found;
	std::printf(" %d", glob("/dev/{zero,null}", GLOB_BRACE | GLOB_NOMAGIC, 0, &found));
	std::printf(" %s %d\n", found.gl_pathv[1], malloc_trim(0) < 0);
	globfree(&found);
	error(0, 2, "a message");
	std::fflush(stdout);
	std::string text(argc > 1 ? argv[1] : "x");
	std::strcpy(bytes, text.c_str());
	std::printf("%s\n", bytes);
	return 0;
}

/* Trees of sys/tree.h beside a table of what is in them: after each change their order, their balance and what they find. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

enum { keys = 400, changes = 20000 };

struct node {
	int key;
	RB_ENTRY(node) balanced;
	SPLAY_ENTRY(node) splayed;
};

static int compare(struct node *a, struct node *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

RB_HEAD(balance, node) balance = RB_INITIALIZER(&balance);
RB_PROTOTYPE(balance, node, balanced, compare)
RB_GENERATE(balance, node, balanced, compare)
RB_HEAD(second, node);
RB_PROTOTYPE_STATIC(second, node, balanced, compare)
RB_GENERATE_STATIC(second, node, balanced, compare)
SPLAY_HEAD(splay, node) splay = SPLAY_INITIALIZER(&splay);
SPLAY_PROTOTYPE(splay, node, splayed, compare)
SPLAY_GENERATE(splay, node, splayed, compare)

static struct node nodes[keys];
static int in[keys], count;

/* Black nodes to each end below, or -1 where that differs, a red one is below a red one, or a parent is wrong. */
static int blacks(struct node *at, struct node *up)
{
	int left, right, red;
	if (!at)
		return 0;
	red = RB_COLOR(at, balanced) == RB_RED;
	left = blacks(RB_LEFT(at, balanced), at);
	right = blacks(RB_RIGHT(at, balanced), at);
	if (left < 0 || left != right || RB_PARENT(at, balanced) != up || (red && (!up || RB_COLOR(up, balanced) == RB_RED)))
		return -1;
	return left + !red;
}

static struct node *expected(int from, int step)
{
	while (from >= 0 && from < keys && !in[from])
		from += step;
	return from >= 0 && from < keys ? &nodes[from] : 0;
}

#define CHECK(what) \
	do { \
		if (!(what)) { \
			printf("line %d\n", __LINE__); \
			exit(1); \
		} \
	} while (0)

static void check(struct node *key)
{
	struct node *at, *next, *kept = expected(key->key, 1);
	int seen = 0;

	CHECK(blacks(RB_ROOT(&balance), 0) >= 0);
	CHECK(RB_FIND(balance, &balance, key) == (in[key->key] ? kept : 0));
	CHECK(RB_NFIND(balance, &balance, key) == kept);
	CHECK(RB_MIN(balance, &balance) == expected(0, 1) && RB_MAX(balance, &balance) == expected(keys - 1, -1));
	CHECK(SPLAY_FIND(splay, &splay, key) == (in[key->key] ? kept : 0));
	CHECK(SPLAY_MAX(splay, &splay) == expected(keys - 1, -1) && SPLAY_MIN(splay, &splay) == expected(0, 1));
	CHECK(RB_EMPTY(&balance) == !count && SPLAY_EMPTY(&splay) == !count);
	next = expected(0, 1);
	RB_FOREACH(at, balance, &balance) {
		CHECK(at == next && RB_PREV(balance, &balance, at) == expected(at->key - 1, -1));
		next = expected(at->key + 1, 1);
		seen++;
	}
	CHECK(seen == count && !next);
	RB_FOREACH_REVERSE(at, balance, &balance)
		seen--;
	CHECK(!seen);
	SPLAY_FOREACH(at, splay, &splay)
		seen++;
	CHECK(seen == count);
}

int main(void)
{
	struct second second;
	struct node *at, *next, again;
	unsigned seed = 7;
	int change, removed = 0;

	for (change = 0; change < keys; change++)
		nodes[change].key = change;
	for (change = 0; change < changes; change++) {
		seed = seed * 1103515245 + 12345;
		/* Grows for half of the time, then shrinks. */
		int key = (int)(seed >> 8) % keys, put = (int)(seed >> 20) % 8 < (change < changes / 2 ? 5 : 2);
		if (put) {
			CHECK(RB_INSERT(balance, &balance, &nodes[key]) == (in[key] ? &nodes[key] : 0));
			memset(&again, 0, sizeof again);
			again.key = key;
			CHECK(RB_INSERT(balance, &balance, &again) == &nodes[key]);
			CHECK(SPLAY_INSERT(splay, &splay, in[key] ? &again : &nodes[key]) == (in[key] ? &nodes[key] : 0));
		} else if (in[key]) {
			CHECK(RB_REMOVE(balance, &balance, &nodes[key]) == &nodes[key]);
			CHECK(SPLAY_REMOVE(splay, &splay, &nodes[key]) == &nodes[key]);
			removed++;
		} else {
			CHECK(!SPLAY_REMOVE(splay, &splay, &nodes[key]));
		}
		count += put - in[key];
		in[key] = put;
		if (change % 16 == 0 || count < 4)
			check(&nodes[key]);
	}
	printf("%d removed, %d left, %d\n", removed, count, blacks(RB_ROOT(&balance), 0) > 0);
	RB_INIT(&second);
	RB_FOREACH_SAFE(at, balance, &balance, next) {
		RB_REMOVE(balance, &balance, at);
		CHECK(!RB_INSERT(second, &second, at));
	}
	CHECK(RB_EMPTY(&balance));
	at = RB_ROOT(&second);
	printf("%d of", at->key);
	RB_FOREACH_FROM(at, second, next)
		printf(" %d", at->key);
	RB_FOREACH_REVERSE_SAFE(at, second, &second, next)
		if (at->key % 2)
			RB_REMOVE(second, &second, at);
	printf("; even:");
	RB_FOREACH(at, second, &second)
		printf(" %d", at->key);
	puts("");
	while ((at = SPLAY_ROOT(&splay)) != 0)
		SPLAY_REMOVE(splay, &splay, at);
	CHECK(!SPLAY_MIN(splay, &splay) && !SPLAY_FIND(splay, &splay, &nodes[0]) && !RB_MAX(balance, &balance));
	return 0;
}

/* Each kind of list and queue, filled, walked, changed and emptied. */
#include <stdio.h>
#include <sys/cdefs.h>
#include <sys/queue.h>

__BEGIN_DECLS
int __CONCAT(used_, name) __P((int));
__END_DECLS

int used_name(int n)
{
	return n + (__STRING(n)[0] == 'n');
}

struct item {
	int number;
	SLIST_ENTRY(item) single;
	LIST_ENTRY(item) list;
	STAILQ_ENTRY(item) stail;
	SIMPLEQ_ENTRY(item) simple;
	TAILQ_ENTRY(item) tail;
	CIRCLEQ_ENTRY(item) ring;
};

SLIST_HEAD(singles, item);
LIST_HEAD(lists, item);
STAILQ_HEAD(stails, item);
SIMPLEQ_HEAD(simples, item);
TAILQ_HEAD(tails, item);
CIRCLEQ_HEAD(rings, item);

static struct item items[6];
static struct item *at;

#define SHOW(kind, head, field) \
	do { \
		printf(#kind ":"); \
		kind##_FOREACH(at, head, field) printf(" %d", at->number); \
		printf(kind##_EMPTY(head) ? " empty\n" : "\n"); \
	} while (0)

static void singles(void)
{
	struct singles head = SLIST_HEAD_INITIALIZER(head);
	SHOW(SLIST, &head, single);
	SLIST_INIT(&head);
	SLIST_INSERT_HEAD(&head, &items[0], single);
	SLIST_INSERT_HEAD(&head, &items[1], single);
	SLIST_INSERT_AFTER(&items[1], &items[2], single);
	SHOW(SLIST, &head, single);
	SLIST_REMOVE(&head, &items[0], item, single);
	SHOW(SLIST, &head, single);
	SLIST_REMOVE_HEAD(&head, single);
	printf("%d %d\n", SLIST_FIRST(&head)->number, SLIST_NEXT(&items[2], single) == 0);
}

static void lists(void)
{
	struct lists head = LIST_HEAD_INITIALIZER(head);
	LIST_INIT(&head);
	LIST_INSERT_HEAD(&head, &items[0], list);
	LIST_INSERT_HEAD(&head, &items[1], list);
	LIST_INSERT_AFTER(&items[0], &items[2], list);
	LIST_INSERT_BEFORE(&items[1], &items[3], list);
	LIST_INSERT_BEFORE(&items[2], &items[4], list);
	SHOW(LIST, &head, list);
	LIST_REMOVE(&items[3], list);
	LIST_REMOVE(&items[2], list);
	LIST_REMOVE(&items[0], list);
	SHOW(LIST, &head, list);
	printf("%d %d\n", LIST_FIRST(&head)->number, LIST_NEXT(&items[1], list)->number);
}

static void stails(void)
{
	struct stails head = STAILQ_HEAD_INITIALIZER(head), other;
	STAILQ_INIT(&other);
	STAILQ_INSERT_TAIL(&head, &items[0], stail);
	STAILQ_INSERT_HEAD(&head, &items[1], stail);
	STAILQ_INSERT_AFTER(&head, &items[0], &items[2], stail);
	STAILQ_INSERT_TAIL(&other, &items[3], stail);
	STAILQ_CONCAT(&head, &other);
	STAILQ_INSERT_TAIL(&head, &items[4], stail);
	SHOW(STAILQ, &head, stail);
	SHOW(STAILQ, &other, stail);
	STAILQ_REMOVE(&head, &items[4], item, stail);
	STAILQ_REMOVE(&head, &items[1], item, stail);
	STAILQ_REMOVE_HEAD(&head, stail);
	STAILQ_INSERT_TAIL(&head, &items[5], stail);
	SHOW(STAILQ, &head, stail);
	printf("%d %d\n", STAILQ_FIRST(&head)->number, STAILQ_NEXT(&items[2], stail)->number);
}

static void simples(void)
{
	struct simples head = SIMPLEQ_HEAD_INITIALIZER(head);
	SIMPLEQ_INIT(&head);
	SIMPLEQ_INSERT_HEAD(&head, &items[0], simple);
	SIMPLEQ_INSERT_TAIL(&head, &items[1], simple);
	SIMPLEQ_INSERT_AFTER(&head, &items[1], &items[2], simple);
	SHOW(SIMPLEQ, &head, simple);
	SIMPLEQ_REMOVE(&head, &items[2], item, simple);
	SIMPLEQ_REMOVE_HEAD(&head, simple);
	SHOW(SIMPLEQ, &head, simple);
	SIMPLEQ_REMOVE_HEAD(&head, simple);
	SIMPLEQ_INSERT_TAIL(&head, &items[3], simple);
	SHOW(SIMPLEQ, &head, simple);
}

static void tails(void)
{
	struct tails head = TAILQ_HEAD_INITIALIZER(head), other;
	TAILQ_INIT(&other);
	TAILQ_INSERT_TAIL(&head, &items[0], tail);
	TAILQ_INSERT_HEAD(&head, &items[1], tail);
	TAILQ_INSERT_AFTER(&head, &items[0], &items[2], tail);
	TAILQ_INSERT_BEFORE(&items[1], &items[3], tail);
	TAILQ_INSERT_TAIL(&other, &items[4], tail);
	TAILQ_INSERT_TAIL(&other, &items[5], tail);
	TAILQ_CONCAT(&head, &other, tail);
	SHOW(TAILQ, &head, tail);
	TAILQ_FOREACH_REVERSE(at, &head, tails, tail) printf("%d ", at->number);
	printf("%d %d\n", TAILQ_LAST(&head, tails)->number, TAILQ_PREV(&items[0], tails, tail)->number);
	TAILQ_REMOVE(&head, &items[5], tail);
	TAILQ_REMOVE(&head, &items[3], tail);
	TAILQ_REMOVE(&head, &items[0], tail);
	SHOW(TAILQ, &head, tail);
	printf("%d %d\n", TAILQ_FIRST(&head)->number, TAILQ_NEXT(&items[4], tail) == 0);
}

static void rings(void)
{
	struct rings head;
	CIRCLEQ_INIT(&head);
	SHOW(CIRCLEQ, &head, ring);
	CIRCLEQ_INSERT_HEAD(&head, &items[0], ring);
	CIRCLEQ_INSERT_TAIL(&head, &items[1], ring);
	CIRCLEQ_INSERT_HEAD(&head, &items[2], ring);
	CIRCLEQ_INSERT_AFTER(&head, &items[1], &items[3], ring);
	CIRCLEQ_INSERT_BEFORE(&head, &items[2], &items[4], ring);
	SHOW(CIRCLEQ, &head, ring);
	CIRCLEQ_FOREACH_REVERSE(at, &head, ring) printf("%d ", at->number);
	struct item *last = &items[3], *first = &items[4];
	printf("%d %d\n", CIRCLEQ_LOOP_NEXT(&head, last, ring)->number, CIRCLEQ_LOOP_PREV(&head, first, ring)->number);
	CIRCLEQ_REMOVE(&head, &items[4], ring);
	CIRCLEQ_REMOVE(&head, &items[3], ring);
	CIRCLEQ_REMOVE(&head, &items[0], ring);
	SHOW(CIRCLEQ, &head, ring);
}

int main(void)
{
	for (int i = 0; i < 6; i++)
		items[i].number = used_name(i);
	singles();
	lists();
	stails();
	simples();
	tails();
	rings();
	return 0;
}

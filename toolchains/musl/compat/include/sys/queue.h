/* Lists and queues as macros, with the names and the behaviour that queue(3) of BSD and Linux describes. */
#ifndef _SYS_QUEUE_H
#define _SYS_QUEUE_H 1

/* A list with one link an element. */

#define SLIST_HEAD(name, type) \
	struct name { \
		struct type *slh_first; \
	}
#define SLIST_HEAD_INITIALIZER(head) \
	{ 0 }
#define SLIST_ENTRY(type) \
	struct { \
		struct type *sle_next; \
	}
#define SLIST_FIRST(head) ((head)->slh_first)
#define SLIST_NEXT(elm, field) ((elm)->field.sle_next)
#define SLIST_EMPTY(head) ((head)->slh_first == 0)
#define SLIST_INIT(head) \
	do { \
		(head)->slh_first = 0; \
	} while (0)
#define SLIST_INSERT_HEAD(head, elm, field) \
	do { \
		(elm)->field.sle_next = (head)->slh_first; \
		(head)->slh_first = (elm); \
	} while (0)
#define SLIST_INSERT_AFTER(at, elm, field) \
	do { \
		(elm)->field.sle_next = (at)->field.sle_next; \
		(at)->field.sle_next = (elm); \
	} while (0)
#define SLIST_REMOVE_HEAD(head, field) \
	do { \
		(head)->slh_first = (head)->slh_first->field.sle_next; \
	} while (0)
#define SLIST_REMOVE_AFTER(at, field) \
	do { \
		(at)->field.sle_next = (at)->field.sle_next->field.sle_next; \
	} while (0)
#define SLIST_REMOVE(head, elm, type, field) \
	do { \
		struct type **_link = &(head)->slh_first; \
		while (*_link != (elm)) \
			_link = &(*_link)->field.sle_next; \
		*_link = (*_link)->field.sle_next; \
	} while (0)
#define SLIST_FOREACH(var, head, field) \
	for ((var) = (head)->slh_first; (var); (var) = (var)->field.sle_next)
#define SLIST_FOREACH_SAFE(var, head, field, next) \
	for ((var) = (head)->slh_first; (var) && ((next) = (var)->field.sle_next, 1); (var) = (next))

/* A list from which an element can be removed by itself. */

#define LIST_HEAD(name, type) \
	struct name { \
		struct type *lh_first; \
	}
#define LIST_HEAD_INITIALIZER(head) \
	{ 0 }
#define LIST_ENTRY(type) \
	struct { \
		struct type *le_next; \
		struct type **le_prev; \
	}
#define LIST_FIRST(head) ((head)->lh_first)
#define LIST_NEXT(elm, field) ((elm)->field.le_next)
#define LIST_EMPTY(head) ((head)->lh_first == 0)
#define LIST_INIT(head) \
	do { \
		(head)->lh_first = 0; \
	} while (0)
#define LIST_INSERT_HEAD(head, elm, field) \
	do { \
		if (((elm)->field.le_next = (head)->lh_first) != 0) \
			(head)->lh_first->field.le_prev = &(elm)->field.le_next; \
		(head)->lh_first = (elm); \
		(elm)->field.le_prev = &(head)->lh_first; \
	} while (0)
#define LIST_INSERT_AFTER(at, elm, field) \
	do { \
		if (((elm)->field.le_next = (at)->field.le_next) != 0) \
			(at)->field.le_next->field.le_prev = &(elm)->field.le_next; \
		(at)->field.le_next = (elm); \
		(elm)->field.le_prev = &(at)->field.le_next; \
	} while (0)
#define LIST_INSERT_BEFORE(at, elm, field) \
	do { \
		(elm)->field.le_prev = (at)->field.le_prev; \
		(elm)->field.le_next = (at); \
		*(at)->field.le_prev = (elm); \
		(at)->field.le_prev = &(elm)->field.le_next; \
	} while (0)
#define LIST_REMOVE(elm, field) \
	do { \
		if ((elm)->field.le_next != 0) \
			(elm)->field.le_next->field.le_prev = (elm)->field.le_prev; \
		*(elm)->field.le_prev = (elm)->field.le_next; \
	} while (0)
#define LIST_FOREACH(var, head, field) \
	for ((var) = (head)->lh_first; (var); (var) = (var)->field.le_next)
#define LIST_FOREACH_SAFE(var, head, field, next) \
	for ((var) = (head)->lh_first; (var) && ((next) = (var)->field.le_next, 1); (var) = (next))

/* A queue with one link an element. */

#define STAILQ_HEAD(name, type) \
	struct name { \
		struct type *stqh_first; \
		struct type **stqh_last; \
	}
#define STAILQ_HEAD_INITIALIZER(head) \
	{ 0, &(head).stqh_first }
#define STAILQ_ENTRY(type) \
	struct { \
		struct type *stqe_next; \
	}
#define STAILQ_FIRST(head) ((head)->stqh_first)
#define STAILQ_NEXT(elm, field) ((elm)->field.stqe_next)
#define STAILQ_EMPTY(head) ((head)->stqh_first == 0)
#define STAILQ_INIT(head) \
	do { \
		(head)->stqh_first = 0; \
		(head)->stqh_last = &(head)->stqh_first; \
	} while (0)
#define STAILQ_INSERT_HEAD(head, elm, field) \
	do { \
		if (((elm)->field.stqe_next = (head)->stqh_first) == 0) \
			(head)->stqh_last = &(elm)->field.stqe_next; \
		(head)->stqh_first = (elm); \
	} while (0)
#define STAILQ_INSERT_TAIL(head, elm, field) \
	do { \
		(elm)->field.stqe_next = 0; \
		*(head)->stqh_last = (elm); \
		(head)->stqh_last = &(elm)->field.stqe_next; \
	} while (0)
#define STAILQ_INSERT_AFTER(head, at, elm, field) \
	do { \
		if (((elm)->field.stqe_next = (at)->field.stqe_next) == 0) \
			(head)->stqh_last = &(elm)->field.stqe_next; \
		(at)->field.stqe_next = (elm); \
	} while (0)
#define STAILQ_REMOVE_HEAD(head, field) \
	do { \
		if (((head)->stqh_first = (head)->stqh_first->field.stqe_next) == 0) \
			(head)->stqh_last = &(head)->stqh_first; \
	} while (0)
#define STAILQ_REMOVE_AFTER(head, at, field) \
	do { \
		if (((at)->field.stqe_next = (at)->field.stqe_next->field.stqe_next) == 0) \
			(head)->stqh_last = &(at)->field.stqe_next; \
	} while (0)
#define STAILQ_REMOVE(head, elm, type, field) \
	do { \
		struct type **_link = &(head)->stqh_first; \
		while (*_link != (elm)) \
			_link = &(*_link)->field.stqe_next; \
		if ((*_link = (*_link)->field.stqe_next) == 0) \
			(head)->stqh_last = _link; \
	} while (0)
#define STAILQ_CONCAT(to, from) \
	do { \
		if ((from)->stqh_first != 0) { \
			*(to)->stqh_last = (from)->stqh_first; \
			(to)->stqh_last = (from)->stqh_last; \
			STAILQ_INIT(from); \
		} \
	} while (0)
#define STAILQ_FOREACH(var, head, field) \
	for ((var) = (head)->stqh_first; (var); (var) = (var)->field.stqe_next)
#define STAILQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = (head)->stqh_first; (var) && ((next) = (var)->field.stqe_next, 1); (var) = (next))

/* The same under its older name. */

#define SIMPLEQ_HEAD(name, type) \
	struct name { \
		struct type *sqh_first; \
		struct type **sqh_last; \
	}
#define SIMPLEQ_HEAD_INITIALIZER(head) \
	{ 0, &(head).sqh_first }
#define SIMPLEQ_ENTRY(type) \
	struct { \
		struct type *sqe_next; \
	}
#define SIMPLEQ_FIRST(head) ((head)->sqh_first)
#define SIMPLEQ_NEXT(elm, field) ((elm)->field.sqe_next)
#define SIMPLEQ_EMPTY(head) ((head)->sqh_first == 0)
#define SIMPLEQ_INIT(head) \
	do { \
		(head)->sqh_first = 0; \
		(head)->sqh_last = &(head)->sqh_first; \
	} while (0)
#define SIMPLEQ_INSERT_HEAD(head, elm, field) \
	do { \
		if (((elm)->field.sqe_next = (head)->sqh_first) == 0) \
			(head)->sqh_last = &(elm)->field.sqe_next; \
		(head)->sqh_first = (elm); \
	} while (0)
#define SIMPLEQ_INSERT_TAIL(head, elm, field) \
	do { \
		(elm)->field.sqe_next = 0; \
		*(head)->sqh_last = (elm); \
		(head)->sqh_last = &(elm)->field.sqe_next; \
	} while (0)
#define SIMPLEQ_INSERT_AFTER(head, at, elm, field) \
	do { \
		if (((elm)->field.sqe_next = (at)->field.sqe_next) == 0) \
			(head)->sqh_last = &(elm)->field.sqe_next; \
		(at)->field.sqe_next = (elm); \
	} while (0)
#define SIMPLEQ_REMOVE_HEAD(head, field) \
	do { \
		if (((head)->sqh_first = (head)->sqh_first->field.sqe_next) == 0) \
			(head)->sqh_last = &(head)->sqh_first; \
	} while (0)
#define SIMPLEQ_REMOVE_AFTER(head, at, field) \
	do { \
		if (((at)->field.sqe_next = (at)->field.sqe_next->field.sqe_next) == 0) \
			(head)->sqh_last = &(at)->field.sqe_next; \
	} while (0)
#define SIMPLEQ_REMOVE(head, elm, type, field) \
	do { \
		struct type **_link = &(head)->sqh_first; \
		while (*_link != (elm)) \
			_link = &(*_link)->field.sqe_next; \
		if ((*_link = (*_link)->field.sqe_next) == 0) \
			(head)->sqh_last = _link; \
	} while (0)
#define SIMPLEQ_CONCAT(to, from) \
	do { \
		if ((from)->sqh_first != 0) { \
			*(to)->sqh_last = (from)->sqh_first; \
			(to)->sqh_last = (from)->sqh_last; \
			SIMPLEQ_INIT(from); \
		} \
	} while (0)
#define SIMPLEQ_FOREACH(var, head, field) \
	for ((var) = (head)->sqh_first; (var); (var) = (var)->field.sqe_next)
#define SIMPLEQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = (head)->sqh_first; (var) && ((next) = (var)->field.sqe_next, 1); (var) = (next))

/* A queue that is walked both ways. */

#define TAILQ_HEAD(name, type) \
	struct name { \
		struct type *tqh_first; \
		struct type **tqh_last; \
	}
#define TAILQ_HEAD_INITIALIZER(head) \
	{ 0, &(head).tqh_first }
#define TAILQ_ENTRY(type) \
	struct { \
		struct type *tqe_next; \
		struct type **tqe_prev; \
	}
#define TAILQ_FIRST(head) ((head)->tqh_first)
#define TAILQ_END(head) 0
#define TAILQ_NEXT(elm, field) ((elm)->field.tqe_next)
#define TAILQ_LAST(head, headname) (*(((struct headname *)((head)->tqh_last))->tqh_last))
#define TAILQ_PREV(elm, headname, field) (*(((struct headname *)((elm)->field.tqe_prev))->tqh_last))
#define TAILQ_EMPTY(head) ((head)->tqh_first == 0)
#define TAILQ_INIT(head) \
	do { \
		(head)->tqh_first = 0; \
		(head)->tqh_last = &(head)->tqh_first; \
	} while (0)
#define TAILQ_INSERT_HEAD(head, elm, field) \
	do { \
		if (((elm)->field.tqe_next = (head)->tqh_first) != 0) \
			(head)->tqh_first->field.tqe_prev = &(elm)->field.tqe_next; \
		else \
			(head)->tqh_last = &(elm)->field.tqe_next; \
		(head)->tqh_first = (elm); \
		(elm)->field.tqe_prev = &(head)->tqh_first; \
	} while (0)
#define TAILQ_INSERT_TAIL(head, elm, field) \
	do { \
		(elm)->field.tqe_next = 0; \
		(elm)->field.tqe_prev = (head)->tqh_last; \
		*(head)->tqh_last = (elm); \
		(head)->tqh_last = &(elm)->field.tqe_next; \
	} while (0)
#define TAILQ_INSERT_AFTER(head, at, elm, field) \
	do { \
		if (((elm)->field.tqe_next = (at)->field.tqe_next) != 0) \
			(elm)->field.tqe_next->field.tqe_prev = &(elm)->field.tqe_next; \
		else \
			(head)->tqh_last = &(elm)->field.tqe_next; \
		(at)->field.tqe_next = (elm); \
		(elm)->field.tqe_prev = &(at)->field.tqe_next; \
	} while (0)
#define TAILQ_INSERT_BEFORE(at, elm, field) \
	do { \
		(elm)->field.tqe_prev = (at)->field.tqe_prev; \
		(elm)->field.tqe_next = (at); \
		*(at)->field.tqe_prev = (elm); \
		(at)->field.tqe_prev = &(elm)->field.tqe_next; \
	} while (0)
#define TAILQ_REMOVE(head, elm, field) \
	do { \
		if ((elm)->field.tqe_next != 0) \
			(elm)->field.tqe_next->field.tqe_prev = (elm)->field.tqe_prev; \
		else \
			(head)->tqh_last = (elm)->field.tqe_prev; \
		*(elm)->field.tqe_prev = (elm)->field.tqe_next; \
	} while (0)
#define TAILQ_CONCAT(to, from, field) \
	do { \
		if ((from)->tqh_first != 0) { \
			*(to)->tqh_last = (from)->tqh_first; \
			(from)->tqh_first->field.tqe_prev = (to)->tqh_last; \
			(to)->tqh_last = (from)->tqh_last; \
			TAILQ_INIT(from); \
		} \
	} while (0)
#define TAILQ_REPLACE(head, elm, with, field) \
	do { \
		if (((with)->field.tqe_next = (elm)->field.tqe_next) != 0) \
			(with)->field.tqe_next->field.tqe_prev = &(with)->field.tqe_next; \
		else \
			(head)->tqh_last = &(with)->field.tqe_next; \
		(with)->field.tqe_prev = (elm)->field.tqe_prev; \
		*(with)->field.tqe_prev = (with); \
	} while (0)
#define TAILQ_FOREACH(var, head, field) \
	for ((var) = (head)->tqh_first; (var); (var) = (var)->field.tqe_next)
#define TAILQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = (head)->tqh_first; (var) && ((next) = (var)->field.tqe_next, 1); (var) = (next))
#define TAILQ_FOREACH_REVERSE(var, head, headname, field) \
	for ((var) = TAILQ_LAST(head, headname); (var); (var) = TAILQ_PREV(var, headname, field))
#define TAILQ_FOREACH_REVERSE_SAFE(var, head, headname, field, next) \
	for ((var) = TAILQ_LAST(head, headname); (var) && ((next) = TAILQ_PREV(var, headname, field), 1); (var) = (next))

/* A ring: the ends point at the head. */

#define CIRCLEQ_HEAD(name, type) \
	struct name { \
		struct type *cqh_first; \
		struct type *cqh_last; \
	}
#define CIRCLEQ_HEAD_INITIALIZER(head) \
	{ (void *)&(head), (void *)&(head) }
#define CIRCLEQ_ENTRY(type) \
	struct { \
		struct type *cqe_next; \
		struct type *cqe_prev; \
	}
#define CIRCLEQ_FIRST(head) ((head)->cqh_first)
#define CIRCLEQ_LAST(head) ((head)->cqh_last)
#define CIRCLEQ_NEXT(elm, field) ((elm)->field.cqe_next)
#define CIRCLEQ_PREV(elm, field) ((elm)->field.cqe_prev)
#define CIRCLEQ_EMPTY(head) ((const void *)(head)->cqh_first == (const void *)(head))
#define CIRCLEQ_INIT(head) \
	do { \
		(head)->cqh_first = (__typeof__((head)->cqh_first))(void *)(head); \
		(head)->cqh_last = (__typeof__((head)->cqh_last))(void *)(head); \
	} while (0)
#define CIRCLEQ_INSERT_AFTER(head, at, elm, field) \
	do { \
		(elm)->field.cqe_next = (at)->field.cqe_next; \
		(elm)->field.cqe_prev = (at); \
		if ((const void *)(at)->field.cqe_next == (const void *)(head)) \
			(head)->cqh_last = (elm); \
		else \
			(at)->field.cqe_next->field.cqe_prev = (elm); \
		(at)->field.cqe_next = (elm); \
	} while (0)
#define CIRCLEQ_INSERT_BEFORE(head, at, elm, field) \
	do { \
		(elm)->field.cqe_next = (at); \
		(elm)->field.cqe_prev = (at)->field.cqe_prev; \
		if ((const void *)(at)->field.cqe_prev == (const void *)(head)) \
			(head)->cqh_first = (elm); \
		else \
			(at)->field.cqe_prev->field.cqe_next = (elm); \
		(at)->field.cqe_prev = (elm); \
	} while (0)
#define CIRCLEQ_INSERT_HEAD(head, elm, field) \
	do { \
		(elm)->field.cqe_next = (head)->cqh_first; \
		(elm)->field.cqe_prev = (__typeof__((elm)->field.cqe_prev))(void *)(head); \
		if (CIRCLEQ_EMPTY(head)) \
			(head)->cqh_last = (elm); \
		else \
			(head)->cqh_first->field.cqe_prev = (elm); \
		(head)->cqh_first = (elm); \
	} while (0)
#define CIRCLEQ_INSERT_TAIL(head, elm, field) \
	do { \
		(elm)->field.cqe_next = (__typeof__((elm)->field.cqe_next))(void *)(head); \
		(elm)->field.cqe_prev = (head)->cqh_last; \
		if (CIRCLEQ_EMPTY(head)) \
			(head)->cqh_first = (elm); \
		else \
			(head)->cqh_last->field.cqe_next = (elm); \
		(head)->cqh_last = (elm); \
	} while (0)
#define CIRCLEQ_REMOVE(head, elm, field) \
	do { \
		if ((const void *)(elm)->field.cqe_next == (const void *)(head)) \
			(head)->cqh_last = (elm)->field.cqe_prev; \
		else \
			(elm)->field.cqe_next->field.cqe_prev = (elm)->field.cqe_prev; \
		if ((const void *)(elm)->field.cqe_prev == (const void *)(head)) \
			(head)->cqh_first = (elm)->field.cqe_next; \
		else \
			(elm)->field.cqe_prev->field.cqe_next = (elm)->field.cqe_next; \
	} while (0)
#define CIRCLEQ_LOOP_NEXT(head, elm, field) \
	((const void *)(elm)->field.cqe_next == (const void *)(head) ? (head)->cqh_first : (elm)->field.cqe_next)
#define CIRCLEQ_LOOP_PREV(head, elm, field) \
	((const void *)(elm)->field.cqe_prev == (const void *)(head) ? (head)->cqh_last : (elm)->field.cqe_prev)
#define CIRCLEQ_FOREACH(var, head, field) \
	for ((var) = (head)->cqh_first; (const void *)(var) != (const void *)(head); (var) = (var)->field.cqe_next)
#define CIRCLEQ_FOREACH_REVERSE(var, head, field) \
	for ((var) = (head)->cqh_last; (const void *)(var) != (const void *)(head); (var) = (var)->field.cqe_prev)

#endif

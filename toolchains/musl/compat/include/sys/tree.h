/* Red-black trees and splay trees as macros, with the names and the behaviour that tree(3) of the BSDs describes. */
#ifndef _SYS_TREE_H_
#define _SYS_TREE_H_ 1

#define __tree_shared __attribute__((__unused__))
#define __tree_static __attribute__((__unused__)) static

/* Trees that stay balanced. Of two elements, `cmp` gives less than, more than, or 0. */

#define RB_BLACK 0
#define RB_RED 1
#define RB_NEGINF -1
#define RB_INF 1
#define RB_HEAD(name, type) \
	struct name { \
		struct type *rbh_root; \
	}
#define RB_INITIALIZER(root) \
	{ 0 }
#define RB_INIT(root) \
	do { \
		(root)->rbh_root = 0; \
	} while (0)
#define RB_ENTRY(type) \
	struct { \
		struct type *rbe_left, *rbe_right, *rbe_parent; \
		int rbe_color; \
	}
#define RB_LEFT(elm, field) ((elm)->field.rbe_left)
#define RB_RIGHT(elm, field) ((elm)->field.rbe_right)
#define RB_PARENT(elm, field) ((elm)->field.rbe_parent)
#define RB_COLOR(elm, field) ((elm)->field.rbe_color)
#define RB_ROOT(head) ((head)->rbh_root)
#define RB_EMPTY(head) (RB_ROOT(head) == 0)
/* The child on one side, and whether a place has none that is red. */
#define __RB_SIDE(elm, left, field) (*((left) ? &RB_LEFT(elm, field) : &RB_RIGHT(elm, field)))
#define __RB_IS_BLACK(elm, field) (!(elm) || RB_COLOR(elm, field) == RB_BLACK)

#define RB_PROTOTYPE(name, type, field, cmp) __RB_PROTOTYPE(name, type, __tree_shared)
#define RB_PROTOTYPE_STATIC(name, type, field, cmp) __RB_PROTOTYPE(name, type, __tree_static)
#define __RB_PROTOTYPE(name, type, attr) \
	attr struct type *name##_RB_INSERT(struct name *, struct type *); \
	attr struct type *name##_RB_REMOVE(struct name *, struct type *); \
	attr struct type *name##_RB_FIND(struct name *, struct type *); \
	attr struct type *name##_RB_NFIND(struct name *, struct type *); \
	attr struct type *name##_RB_NEXT(struct type *); \
	attr struct type *name##_RB_PREV(struct type *); \
	attr struct type *name##_RB_MINMAX(struct name *, int);

#define RB_GENERATE(name, type, field, cmp) __RB_GENERATE(name, type, field, cmp, __tree_shared)
#define RB_GENERATE_STATIC(name, type, field, cmp) __RB_GENERATE(name, type, field, cmp, __tree_static)
#define __RB_GENERATE(name, type, field, cmp, attr) \
	/* WITH takes the place of OLD below its parent. */ \
	__tree_static void name##_RB_PUT(struct name *head, struct type *old, struct type *with) \
	{ \
		struct type *up = RB_PARENT(old, field); \
		if (!up) \
			RB_ROOT(head) = with; \
		else \
			__RB_SIDE(up, RB_LEFT(up, field) == old, field) = with; \
		if (with) \
			RB_PARENT(with, field) = up; \
	} \
	/* ELM goes down to the side that is given, and its child on the other side comes up. */ \
	__tree_static void name##_RB_TURN(struct name *head, struct type *elm, int left) \
	{ \
		struct type *up = __RB_SIDE(elm, !left, field), *inner = __RB_SIDE(up, left, field); \
		name##_RB_PUT(head, elm, up); \
		__RB_SIDE(up, left, field) = elm; \
		RB_PARENT(elm, field) = up; \
		__RB_SIDE(elm, !left, field) = inner; \
		if (inner) \
			RB_PARENT(inner, field) = elm; \
	} \
	attr struct type *name##_RB_INSERT(struct name *head, struct type *elm) \
	{ \
		struct type *up = 0, *above, *beside, **at = &RB_ROOT(head); \
		int order, left; \
		while (*at) { \
			up = *at; \
			order = (cmp)(elm, up); \
			if (!order) \
				return up; \
			at = &__RB_SIDE(up, order < 0, field); \
		} \
		RB_LEFT(elm, field) = RB_RIGHT(elm, field) = 0; \
		RB_PARENT(elm, field) = up; \
		RB_COLOR(elm, field) = RB_RED; \
		*at = elm; \
		while ((up = RB_PARENT(elm, field)) && RB_COLOR(up, field) == RB_RED) { \
			above = RB_PARENT(up, field); \
			left = RB_LEFT(above, field) == up; \
			beside = __RB_SIDE(above, !left, field); \
			RB_COLOR(above, field) = RB_RED; \
			if (!__RB_IS_BLACK(beside, field)) { \
				RB_COLOR(beside, field) = RB_COLOR(up, field) = RB_BLACK; \
				elm = above; \
				continue; \
			} \
			if (elm == __RB_SIDE(up, !left, field)) { \
				name##_RB_TURN(head, up, left); \
				beside = up; \
				up = elm; \
				elm = beside; \
			} \
			RB_COLOR(up, field) = RB_BLACK; \
			name##_RB_TURN(head, above, !left); \
		} \
		RB_COLOR(RB_ROOT(head), field) = RB_BLACK; \
		return 0; \
	} \
	/* One black is missing in the paths through ELM, which may be null, below UP. */ \
	__tree_static void name##_RB_REPAIR(struct name *head, struct type *elm, struct type *up) \
	{ \
		struct type *beside, *inner, *outer; \
		int left; \
		while (elm != RB_ROOT(head) && __RB_IS_BLACK(elm, field)) { \
			left = RB_LEFT(up, field) == elm; \
			beside = __RB_SIDE(up, !left, field); \
			if (RB_COLOR(beside, field) == RB_RED) { \
				RB_COLOR(beside, field) = RB_BLACK; \
				RB_COLOR(up, field) = RB_RED; \
				name##_RB_TURN(head, up, left); \
				beside = __RB_SIDE(up, !left, field); \
			} \
			inner = __RB_SIDE(beside, left, field); \
			outer = __RB_SIDE(beside, !left, field); \
			if (__RB_IS_BLACK(inner, field) && __RB_IS_BLACK(outer, field)) { \
				RB_COLOR(beside, field) = RB_RED; \
				elm = up; \
				up = RB_PARENT(elm, field); \
				continue; \
			} \
			if (__RB_IS_BLACK(outer, field)) { \
				RB_COLOR(inner, field) = RB_BLACK; \
				RB_COLOR(beside, field) = RB_RED; \
				name##_RB_TURN(head, beside, !left); \
				outer = beside; \
				beside = inner; \
			} \
			RB_COLOR(beside, field) = RB_COLOR(up, field); \
			RB_COLOR(up, field) = RB_COLOR(outer, field) = RB_BLACK; \
			name##_RB_TURN(head, up, left); \
			elm = RB_ROOT(head); \
		} \
		if (elm) \
			RB_COLOR(elm, field) = RB_BLACK; \
	} \
	attr struct type *name##_RB_REMOVE(struct name *head, struct type *elm) \
	{ \
		struct type *next = elm, *below, *up; \
		int color; \
		if (RB_LEFT(elm, field) && RB_RIGHT(elm, field)) \
			for (next = RB_RIGHT(elm, field); RB_LEFT(next, field);) \
				next = RB_LEFT(next, field); \
		below = RB_LEFT(next, field) ? RB_LEFT(next, field) : RB_RIGHT(next, field); \
		up = RB_PARENT(next, field); \
		color = RB_COLOR(next, field); \
		name##_RB_PUT(head, next, below); \
		if (next != elm) { \
			if (up == elm) \
				up = next; \
			name##_RB_PUT(head, elm, next); \
			next->field = elm->field; \
			if (RB_LEFT(next, field)) \
				RB_PARENT(RB_LEFT(next, field), field) = next; \
			if (RB_RIGHT(next, field)) \
				RB_PARENT(RB_RIGHT(next, field), field) = next; \
		} \
		if (color == RB_BLACK) \
			name##_RB_REPAIR(head, below, up); \
		return elm; \
	} \
	attr struct type *name##_RB_FIND(struct name *head, struct type *elm) \
	{ \
		struct type *at = RB_ROOT(head); \
		int order; \
		while (at && (order = (cmp)(elm, at)) != 0) \
			at = __RB_SIDE(at, order < 0, field); \
		return at; \
	} \
	attr struct type *name##_RB_NFIND(struct name *head, struct type *elm) \
	{ \
		struct type *at = RB_ROOT(head), *found = 0; \
		int order; \
		while (at) { \
			order = (cmp)(elm, at); \
			if (order <= 0) \
				found = at; \
			if (!order) \
				break; \
			at = __RB_SIDE(at, order < 0, field); \
		} \
		return found; \
	} \
	__tree_static struct type *name##_RB_BESIDE(struct type *elm, int left) \
	{ \
		struct type *at = __RB_SIDE(elm, left, field); \
		if (at) { \
			while (__RB_SIDE(at, !left, field)) \
				at = __RB_SIDE(at, !left, field); \
			return at; \
		} \
		while ((at = RB_PARENT(elm, field)) && __RB_SIDE(at, left, field) == elm) \
			elm = at; \
		return at; \
	} \
	attr struct type *name##_RB_NEXT(struct type *elm) \
	{ \
		return name##_RB_BESIDE(elm, 0); \
	} \
	attr struct type *name##_RB_PREV(struct type *elm) \
	{ \
		return name##_RB_BESIDE(elm, 1); \
	} \
	attr struct type *name##_RB_MINMAX(struct name *head, int end) \
	{ \
		struct type *at = RB_ROOT(head); \
		while (at && __RB_SIDE(at, end < 0, field)) \
			at = __RB_SIDE(at, end < 0, field); \
		return at; \
	}

#define RB_INSERT(name, head, elm) name##_RB_INSERT(head, elm)
#define RB_REMOVE(name, head, elm) name##_RB_REMOVE(head, elm)
#define RB_FIND(name, head, elm) name##_RB_FIND(head, elm)
#define RB_NFIND(name, head, elm) name##_RB_NFIND(head, elm)
#define RB_NEXT(name, head, elm) name##_RB_NEXT(elm)
#define RB_PREV(name, head, elm) name##_RB_PREV(elm)
#define RB_MIN(name, head) name##_RB_MINMAX(head, RB_NEGINF)
#define RB_MAX(name, head) name##_RB_MINMAX(head, RB_INF)
#define RB_FOREACH(var, name, head) for ((var) = RB_MIN(name, head); (var); (var) = name##_RB_NEXT(var))
#define RB_FOREACH_FROM(var, name, next) \
	for (; (var) && ((next) = name##_RB_NEXT(var), 1); (var) = (next))
#define RB_FOREACH_SAFE(var, name, head, next) \
	for ((var) = RB_MIN(name, head); (var) && ((next) = name##_RB_NEXT(var), 1); (var) = (next))
#define RB_FOREACH_REVERSE(var, name, head) for ((var) = RB_MAX(name, head); (var); (var) = name##_RB_PREV(var))
#define RB_FOREACH_REVERSE_FROM(var, name, next) \
	for (; (var) && ((next) = name##_RB_PREV(var), 1); (var) = (next))
#define RB_FOREACH_REVERSE_SAFE(var, name, head, next) \
	for ((var) = RB_MAX(name, head); (var) && ((next) = name##_RB_PREV(var), 1); (var) = (next))

/* Trees that have at their root what was looked for last. */

#define SPLAY_HEAD(name, type) \
	struct name { \
		struct type *sph_root; \
	}
#define SPLAY_INITIALIZER(root) \
	{ 0 }
#define SPLAY_INIT(root) \
	do { \
		(root)->sph_root = 0; \
	} while (0)
#define SPLAY_ENTRY(type) \
	struct { \
		struct type *spe_left, *spe_right; \
	}
#define SPLAY_LEFT(elm, field) ((elm)->field.spe_left)
#define SPLAY_RIGHT(elm, field) ((elm)->field.spe_right)
#define SPLAY_ROOT(head) ((head)->sph_root)
#define SPLAY_EMPTY(head) (SPLAY_ROOT(head) == 0)
#define SPLAY_NEGINF -1
#define SPLAY_INF 1
#define __SPLAY_SIDE(elm, left, field) (*((left) ? &SPLAY_LEFT(elm, field) : &SPLAY_RIGHT(elm, field)))

#define SPLAY_PROTOTYPE(name, type, field, cmp) \
	__tree_static struct type *name##_SPLAY_INSERT(struct name *, struct type *); \
	__tree_static struct type *name##_SPLAY_REMOVE(struct name *, struct type *); \
	__tree_static struct type *name##_SPLAY_FIND(struct name *, struct type *); \
	__tree_static struct type *name##_SPLAY_NEXT(struct name *, struct type *); \
	__tree_static struct type *name##_SPLAY_MIN_MAX(struct name *, int);
#define SPLAY_GENERATE(name, type, field, cmp) \
	/* Brings to the root what is nearest to ELM or, where that is null, to an end. The tree is not empty. */ \
	__tree_static void name##_SPLAY_TO(struct name *head, struct type *elm, int end) \
	{ \
		struct type *at = SPLAY_ROOT(head), *below, *less = 0, *more = 0, **low = &less, **high = &more; \
		int order, next; \
		while ((order = elm ? (cmp)(elm, at) : end) != 0 && (below = __SPLAY_SIDE(at, order < 0, field)) != 0) { \
			next = elm ? (cmp)(elm, below) : end; \
			if ((order < 0 && next < 0) || (order > 0 && next > 0)) { \
				__SPLAY_SIDE(at, order < 0, field) = __SPLAY_SIDE(below, order > 0, field); \
				__SPLAY_SIDE(below, order > 0, field) = at; \
				at = below; \
				below = __SPLAY_SIDE(at, order < 0, field); \
				if (!below) \
					break; \
			} \
			if (order < 0) { \
				*high = at; \
				high = &SPLAY_LEFT(at, field); \
			} else { \
				*low = at; \
				low = &SPLAY_RIGHT(at, field); \
			} \
			at = below; \
		} \
		*low = SPLAY_LEFT(at, field); \
		*high = SPLAY_RIGHT(at, field); \
		SPLAY_LEFT(at, field) = less; \
		SPLAY_RIGHT(at, field) = more; \
		SPLAY_ROOT(head) = at; \
	} \
	__tree_static struct type *name##_SPLAY_FIND(struct name *head, struct type *elm) \
	{ \
		if (SPLAY_EMPTY(head)) \
			return 0; \
		name##_SPLAY_TO(head, elm, 0); \
		return (cmp)(elm, SPLAY_ROOT(head)) ? 0 : SPLAY_ROOT(head); \
	} \
	__tree_static struct type *name##_SPLAY_INSERT(struct name *head, struct type *elm) \
	{ \
		struct type *root; \
		int left; \
		SPLAY_LEFT(elm, field) = SPLAY_RIGHT(elm, field) = 0; \
		if ((root = name##_SPLAY_FIND(head, elm)) != 0) \
			return root; \
		if ((root = SPLAY_ROOT(head)) != 0) { \
			left = (cmp)(elm, root) < 0; \
			__SPLAY_SIDE(elm, left, field) = __SPLAY_SIDE(root, left, field); \
			__SPLAY_SIDE(elm, !left, field) = root; \
			__SPLAY_SIDE(root, left, field) = 0; \
		} \
		SPLAY_ROOT(head) = elm; \
		return 0; \
	} \
	__tree_static struct type *name##_SPLAY_REMOVE(struct name *head, struct type *elm) \
	{ \
		struct type *found = name##_SPLAY_FIND(head, elm), *more; \
		if (!found) \
			return 0; \
		more = SPLAY_RIGHT(found, field); \
		SPLAY_ROOT(head) = SPLAY_LEFT(found, field) ? SPLAY_LEFT(found, field) : more; \
		if (SPLAY_LEFT(found, field)) { \
			name##_SPLAY_TO(head, 0, SPLAY_INF); \
			SPLAY_RIGHT(SPLAY_ROOT(head), field) = more; \
		} \
		return found; \
	} \
	__tree_static struct type *name##_SPLAY_NEXT(struct name *head, struct type *elm) \
	{ \
		name##_SPLAY_TO(head, elm, 0); \
		elm = SPLAY_RIGHT(elm, field); \
		while (elm && SPLAY_LEFT(elm, field)) \
			elm = SPLAY_LEFT(elm, field); \
		return elm; \
	} \
	__tree_static struct type *name##_SPLAY_MIN_MAX(struct name *head, int end) \
	{ \
		if (!SPLAY_EMPTY(head)) \
			name##_SPLAY_TO(head, 0, end); \
		return SPLAY_ROOT(head); \
	}

#define SPLAY_INSERT(name, head, elm) name##_SPLAY_INSERT(head, elm)
#define SPLAY_REMOVE(name, head, elm) name##_SPLAY_REMOVE(head, elm)
#define SPLAY_FIND(name, head, elm) name##_SPLAY_FIND(head, elm)
#define SPLAY_NEXT(name, head, elm) name##_SPLAY_NEXT(head, elm)
#define SPLAY_MIN(name, head) name##_SPLAY_MIN_MAX(head, SPLAY_NEGINF)
#define SPLAY_MAX(name, head) name##_SPLAY_MIN_MAX(head, SPLAY_INF)
#define SPLAY_FOREACH(var, name, head) for ((var) = SPLAY_MIN(name, head); (var); (var) = SPLAY_NEXT(name, head, var))

#endif

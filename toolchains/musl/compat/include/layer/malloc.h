/* What an allocator says of itself, and is asked to do, as mallinfo(3) and malloc_trim(3) describe it. */
#include_next <malloc.h>
#ifndef _LAYER_MALLOC_H
#define _LAYER_MALLOC_H 1

#ifdef __cplusplus
extern "C" {
#endif

struct mallinfo {
	int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

struct mallinfo2 {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

/* Bytes of the calling thread's heap: `arena` all, `uordblks` in use, `fordblks` free. All is 0 with musl's allocator. */
struct mallinfo2 mallinfo2(void);
struct mallinfo mallinfo(void);
/* Gives free memory back to the system; 1 if there was some. */
int malloc_trim(size_t __pad);
/* 0: no parameter of glibc's allocator is one of this one. */
int mallopt(int __parameter, int __value);

#define M_MXFAST 1
#define M_TRIM_THRESHOLD (-1)
#define M_TOP_PAD (-2)
#define M_MMAP_THRESHOLD (-3)
#define M_MMAP_MAX (-4)
#define M_CHECK_ACTION (-5)
#define M_PERTURB (-6)
#define M_ARENA_TEST (-7)
#define M_ARENA_MAX (-8)

#ifdef __cplusplus
}
#endif

#endif

#include "../include/layer/glob.h"
#include <stdlib.h>

void globfree(glob_t *all)
{
	for (size_t i = 0; all->gl_pathv && i < all->gl_pathc; i++)
		free(all->gl_pathv[all->gl_offs + i]);
	free(all->gl_pathv);
	all->gl_pathv = 0;
	all->gl_pathc = 0;
}

#undef globfree64
void globfree64(glob_t *) __attribute__((__weak__, __alias__("globfree")));

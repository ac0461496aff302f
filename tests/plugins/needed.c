#include <stdio.h>
static int calls;
__attribute__((constructor)) static void up(void) { puts("needed up"); fflush(stdout); }
__attribute__((destructor)) static void down(void) { puts("needed down"); fflush(stdout); }
int needed(int x) { return x * 100 + ++calls; }

int give(void);
int take(void) { return give() + 1; }
int old(void) { return 1; }
int new(void) { return 2; }
__asm__(".symver old,versioned@V1\n.symver new,versioned@@V2");
static int picked(void) { return 99; }
static int (*choose(void))(void) { return picked; }
int chosen(void) __attribute__((ifunc("choose")));
__thread int in_thread;
int count_in_thread(void) { return ++in_thread; }

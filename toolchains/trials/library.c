/* A shared object with what is easily lost on the way into a static program: a constructor, thread-locals, addresses in
 * data, a weak definition that the program overrides, and, in C++, an exception and a type that are the program's too. */
#ifdef __cplusplus
struct thrown {
    int value;
    virtual ~thrown() {}
};
extern "C" {
#endif

__attribute__((weak)) int trial_overridden(void) { return 0; }

static __thread int counted = 30, zeroed;
static int constructed;
int trial_exported = 5;
static int *const there = &trial_exported;

__attribute__((constructor)) static void start(void) { constructed = 1; }

int trial_count(void)
{
    return zeroed++ == 0 && constructed ? counted + *there + trial_overridden() : -1;
}

#ifdef __cplusplus
}
void trial_throw(int value)
{
    thrown it;
    it.value = value;
    throw it;
}
#endif

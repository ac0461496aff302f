/* Prints 42 if the shared object of library.c works in this program. */
#include <stdio.h>
#ifdef __cplusplus
struct thrown {
    int value;
    virtual ~thrown() {}
};
void trial_throw(int value);
extern "C" {
#endif
extern int trial_exported;
int trial_count(void);
int trial_overridden(void) { return 2; }
#ifdef __cplusplus
}
#endif

int main(void)
{
    int sum = trial_count() + trial_exported;
#ifdef __cplusplus
    try {
        trial_throw(sum);
    } catch (const thrown &it) {
        sum = it.value;
    }
#endif
    printf("%d\n", sum);
    return sum == 42 ? 0 : 1;
}

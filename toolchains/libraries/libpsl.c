/* What may have cookies of its own, and what may not. */
#include <libpsl.h>
#include <stdio.h>

int main(void)
{
    const psl_ctx_t *list = psl_builtin();
    if (!list || !psl_is_public_suffix(list, "co.uk") || psl_is_public_suffix(list, "example.co.uk"))
        return 1;
    if (psl_suffix_count(list) < 1000)
        return 2;
    puts("ok");
    return 0;
}

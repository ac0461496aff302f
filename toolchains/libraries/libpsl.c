/* The list that is built in, with a name that libidn2 and libunistring put into another form first. */
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    const psl_ctx_t *list = psl_builtin();
    if (!list || !psl_is_public_suffix(list, "github.io"))
        return 1;
    const char *domain = psl_registrable_domain(list, "www.example.co.uk");
    if (!psl_is_public_suffix(list, "co.uk") || psl_is_public_suffix(list, "example.co.uk") || !domain ||
        strcmp(domain, "example.co.uk"))
        return 2;
    if (psl_is_cookie_domain_acceptable(list, "www.example.co.uk", "co.uk") ||
        !psl_is_cookie_domain_acceptable(list, "www.example.co.uk", "example.co.uk"))
        return 3;
    char *lower = NULL;
    if (psl_str_to_utf8lower("\xc3\x84.EXAMPLE", "utf-8", NULL, &lower) != PSL_SUCCESS ||
        strcmp(lower, "\xc3\xa4.example"))
        return 4;
    psl_free_string(lower);
    /* A list that is read: libidn2 gives its entry in letters of China the form that DNS has. */
    FILE *text = fopen("/tmp/static-library-test.dat", "w+");
    if (!text || fputs("// ===BEGIN ICANN DOMAINS===\n\xe5\x85\xac\xe5\x8f\xb8.cn\n", text) < 0 || fseek(text, 0, SEEK_SET))
        return 5;
    psl_ctx_t *own = psl_load_fp(text);
    if (!own || !psl_is_public_suffix(own, "xn--55qx5d.cn") || psl_is_public_suffix(own, "x.xn--55qx5d.cn"))
        return 6;
    psl_free(own);
    fclose(text);
    remove("/tmp/static-library-test.dat");
    puts("ok");
    return 0;
}

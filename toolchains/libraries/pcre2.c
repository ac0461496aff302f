/* A pattern is found by the interpreter and by compiled code. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

int main(void)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_SPTR pattern = (PCRE2_SPTR)"(?<year>\\d{4})-\\p{Lu}+", text = (PCRE2_SPTR)"in 2026-ÄB";
    pcre2_code *code = pcre2_compile(pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at, NULL);
    if (!code)
        return 1;
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(code, NULL);
    if (pcre2_match(code, text, PCRE2_ZERO_TERMINATED, 0, 0, found, NULL) != 2)
        return 2;
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) || pcre2_jit_match(code, text, 11, 0, 0, found, NULL) != 2)
        return 3;
    if (pcre2_get_ovector_pointer(found)[0] != 3)
        return 4;
    puts("ok");
    return 0;
}

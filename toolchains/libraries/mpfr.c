/* Digits of pi and of a root, and a number that is rounded up and down. */
#include <mpfr.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char text[80];
    mpfr_t x, y;
    mpfr_inits2(256, x, y, (mpfr_ptr)0);
    mpfr_const_pi(x, MPFR_RNDN);
    mpfr_snprintf(text, sizeof text, "%.50Rf", x);
    if (strcmp(text, "3.14159265358979323846264338327950288419716939937511"))
        return 1;
    mpfr_sqrt_ui(x, 2, MPFR_RNDN);
    mpfr_snprintf(text, sizeof text, "%.30Rf", x);
    if (strcmp(text, "1.414213562373095048801688724210"))
        return 2;
    int down = mpfr_set_str(x, "0.1", 10, MPFR_RNDD), up = mpfr_set_str(y, "0.1", 10, MPFR_RNDU);
    mpfr_nextabove(x);
    if (down || up || !mpfr_equal_p(x, y))
        return 3;
    mpfr_clears(x, y, (mpfr_ptr)0);
    mpfr_free_cache();
    puts("ok");
    return 0;
}

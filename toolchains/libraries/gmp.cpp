// A power, a factorial, a greatest common divisor and a prime.
#include <cstdio>
#include <gmpxx.h>

int main()
{
    mpz_class power, factorial;
    mpz_ui_pow_ui(power.get_mpz_t(), 2, 200);
    if (power.get_str() != "1606938044258990275541962092341162602522202993782792835301376")
        return 1;
    mpz_fac_ui(factorial.get_mpz_t(), 25);
    if (factorial != mpz_class("15511210043330985984000000") || gcd(power, factorial) != (1 << 22))
        return 2;
    mpz_class mersenne = (mpz_class(1) << 127) - 1;
    if (!mpz_probab_prime_p(mersenne.get_mpz_t(), 25) || mpz_probab_prime_p(mpz_class(mersenne * 3).get_mpz_t(), 25))
        return 3;
    if (mpq_class(1, 3) + mpq_class(1, 6) != mpq_class(1, 2))
        return 4;
    std::puts("ok");
}

#!/usr/bin/env python3
# Writes powers.c: the powers of five that powers.h describes.

FIRST, LAST = -330, 344

def power(exponent):
    """The top 128 bits of 5^exponent, rounded down."""
    if exponent >= 0:
        value = 5 ** exponent
        excess = value.bit_length() - 128
        return value >> excess if excess > 0 else value << -excess
    divisor = 5 ** -exponent
    return (1 << divisor.bit_length() + 127) // divisor

print("/* Powers of five; powers.py writes this file, powers.h says what is in it. */\n")
print('#include "powers.h"\n')
print("const struct power powers_of_five[] = {")
for exponent in range(FIRST, LAST + 1):
    value = power(exponent)
    assert value.bit_length() == 128
    print("\t{ 0x%016x, 0x%016x }," % (value >> 64, value & (1 << 64) - 1))
print("};")

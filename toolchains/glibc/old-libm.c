/* Old versions of libm's functions (src/convert/old_versions.rs), for libraries and programs that were linked with an
   older glibc. Each calls the present function. */
#include <errno.h>
#include <math.h>
#include <stdint.h>

/* The floating types by the endings of names; a compiler may lack the last. */
#define FOR_EACH_COMMON_TYPE(function) \
    function(, double) function(f, float) function(l, long double) function(f32, _Float32) function(f64, _Float64) \
    function(f32x, _Float32x) function(f64x, _Float64x)
#if __HAVE_FLOAT128
#define FOR_EACH_TYPE(function) FOR_EACH_COMMON_TYPE(function) function(f128, _Float128)
#else
#define FOR_EACH_TYPE FOR_EACH_COMMON_TYPE
#endif

#if __GLIBC_PREREQ(2, 31)
/* They took values. */
#define ORDER(ending, type) \
    int staticcxx_old_totalorder##ending(type x, type y) { return totalorder##ending(&x, &y); } \
    int staticcxx_old_totalordermag##ending(type x, type y) { return totalordermag##ending(&x, &y); }
FOR_EACH_TYPE(ORDER)
#endif

#if __GLIBC_PREREQ(2, 43)
static intmax_t nearest(int negative, unsigned width)
{
    uintmax_t high = (uintmax_t)1 << (width > 64 ? 63 : width - 1);
    errno = EDOM;
    return width == 0 ? 0 : negative ? -(intmax_t)(high - 1) - 1 : (intmax_t)(high - 1);
}

static uintmax_t nearest_unsigned(int negative, unsigned width)
{
    errno = EDOM;
    return negative || width == 0 ? 0 : UINTMAX_MAX >> (width > 64 ? 0 : 64 - width);
}

/* They returned integers, and the nearest one for what does not fit; today that is no number. */
#define WHOLE(ending, type) \
    WHOLE_OF(fromfp##ending, type, intmax_t, nearest) \
    WHOLE_OF(fromfpx##ending, type, intmax_t, nearest) \
    WHOLE_OF(ufromfp##ending, type, uintmax_t, nearest_unsigned) \
    WHOLE_OF(ufromfpx##ending, type, uintmax_t, nearest_unsigned)
#define WHOLE_OF(name, type, whole, outside) \
    whole staticcxx_old_##name(type x, int direction, unsigned width) \
    { \
        type rounded = name(x, direction, width); \
        return isnan(rounded) ? outside(signbit(x) != 0, width) : (whole)rounded; \
    }
FOR_EACH_TYPE(WHOLE)
#endif

/* What the headers before musl's share: when _FORTIFY_SOURCE asks for it and code is optimized, functions that write into a
   buffer whose size the compiler knows are called by functions that check it. Their names are not glibc's (`__memcpy_chk`):
   by those an object that was compiled for glibc is known, and must not be linked. So GCC's built-in ones are no help. */
#ifndef _BITS_CHECKED_H
#define _BITS_CHECKED_H 1

#if defined _FORTIFY_SOURCE && _FORTIFY_SOURCE > 0 && defined __OPTIMIZE__ && defined __GNUC__
#define __checked 1

/* The size of what a pointer points at: the whole object, and for strings from level 2 on the member of a structure. */
#if _FORTIFY_SOURCE > 2 && (defined __clang__ || __GNUC__ >= 12)
#define __checked_object(pointer) __builtin_dynamic_object_size(pointer, 0)
#define __checked_member(pointer) __builtin_dynamic_object_size(pointer, 1)
#elif _FORTIFY_SOURCE > 1
#define __checked_object(pointer) __builtin_object_size(pointer, 0)
#define __checked_member(pointer) __builtin_object_size(pointer, 1)
#else
#define __checked_object(pointer) __builtin_object_size(pointer, 0)
#define __checked_member(pointer) __builtin_object_size(pointer, 0)
#endif

#define __checked_inline extern __inline __attribute__((__always_inline__, __gnu_inline__, __artificial__))
/* Only where all arguments can be passed on. */
#ifdef __clang__
#define __checked_variadic 0
#else
#define __checked_variadic 1
#endif

/* Whether so many units are known to fit, or nothing is known. */
#define __checked_fits(count, unit, size) \
	((size) == (__SIZE_TYPE__)-1 || (__builtin_constant_p(count) && (__SIZE_TYPE__)(count) <= (size) / (unit)))
/* The function itself under another name. Clang takes a function that calls it from one of its own name for one that calls
   itself: there the one that checks is always called. */
#define __checked_real(function) extern __typeof__(function) __checked_##function __asm__(#function)
#ifdef __clang__
#define __checked_call(fits, plain, checked) return checked
#else
#define __checked_call(fits, plain, checked) return (fits) ? plain : checked
#endif
/* Whether a string is known to fit, or nothing is known. */
#define __checked_string_fits(string, size) \
	((size) == (__SIZE_TYPE__)-1 || (__builtin_constant_p(__builtin_strlen(string)) && __builtin_strlen(string) < (size)))
#endif

#endif

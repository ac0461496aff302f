/* Words for declarations that headers of BSD and glibc use, for programs that use them too. */
#ifndef _SYS_CDEFS_H
#define _SYS_CDEFS_H 1

#ifdef __cplusplus
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS }
#else
#define __BEGIN_DECLS
#define __END_DECLS
#endif

#ifndef __P
#define __P(args) args
#endif
#ifndef __PMT
#define __PMT(args) args
#endif
#ifndef __CONCAT
#define __CONCAT(x, y) x##y
#endif
#ifndef __STRING
#define __STRING(x) #x
#endif
#ifndef __ptr_t
#define __ptr_t void *
#endif

/* No exceptions leave the function. */
#ifndef __THROW
#if !defined __cplusplus
#define __THROW __attribute__((__nothrow__, __leaf__))
#define __THROWNL __attribute__((__nothrow__))
#define __NTH(function) __attribute__((__nothrow__, __leaf__)) function
#elif __cplusplus >= 201103L
#define __THROW noexcept(true)
#define __THROWNL noexcept(true)
#define __NTH(function) function noexcept(true)
#else
#define __THROW throw()
#define __THROWNL throw()
#define __NTH(function) function throw()
#endif
#endif

#ifndef __glibc_likely
#define __glibc_likely(condition) __builtin_expect((condition), 1)
#define __glibc_unlikely(condition) __builtin_expect((condition), 0)
#endif
#ifndef __predict_true
#define __predict_true(condition) __builtin_expect((condition) != 0, 1)
#define __predict_false(condition) __builtin_expect((condition) != 0, 0)
#endif

#ifndef __attribute_malloc__
#define __attribute_malloc__ __attribute__((__malloc__))
#endif
#ifndef __attribute_pure__
#define __attribute_pure__ __attribute__((__pure__))
#endif
#ifndef __attribute_const__
#define __attribute_const__ __attribute__((__const__))
#endif
#ifndef __attribute_used__
#define __attribute_used__ __attribute__((__used__))
#endif
#ifndef __attribute_noinline__
#define __attribute_noinline__ __attribute__((__noinline__))
#endif
#ifndef __attribute_deprecated__
#define __attribute_deprecated__ __attribute__((__deprecated__))
#endif
#ifndef __attribute_warn_unused_result__
#define __attribute_warn_unused_result__ __attribute__((__warn_unused_result__))
#endif
#ifndef __attribute_format_arg__
#define __attribute_format_arg__(argument) __attribute__((__format_arg__(argument)))
#endif
#ifndef __nonnull
#define __nonnull(arguments) __attribute__((__nonnull__ arguments))
#endif
#ifndef __returns_nonnull
#define __returns_nonnull __attribute__((__returns_nonnull__))
#endif
#ifndef __wur
#define __wur
#endif
#ifndef __always_inline
#define __always_inline __inline __attribute__((__always_inline__))
#endif
#ifndef __dead2
#define __dead2 __attribute__((__noreturn__))
#endif
#ifndef __dead
#define __dead __attribute__((__noreturn__))
#endif
#ifndef __packed
#define __packed __attribute__((__packed__))
#endif
#ifndef __printflike
#define __printflike(format, first) __attribute__((__format__(__printf__, format, first)))
#endif
#ifndef __scanflike
#define __scanflike(format, first) __attribute__((__format__(__scanf__, format, first)))
#endif
#ifndef __restrict_arr
#ifdef __cplusplus
#define __restrict_arr
#else
#define __restrict_arr __restrict
#endif
#endif
#ifndef __flexarr
#define __flexarr []
#endif
#ifndef __GNUC_PREREQ
#define __GNUC_PREREQ(major, minor) ((__GNUC__ << 16) + __GNUC_MINOR__ >= ((major) << 16) + (minor))
#endif

#endif

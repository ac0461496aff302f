/* What members of this archive call in each other: names that no program defines. */

#ifndef FAST_FAST_H
#define FAST_FAST_H

HIDDEN void *fast_move(void *, const void *, size_t);
#ifdef __x86_64__
HIDDEN void *fast_fill(void *, int, size_t);
#else
void *memset(void *, int, size_t);
#define fast_fill memset
#endif
HIDDEN void *fast_memchr(const void *, int, size_t);
HIDDEN size_t fast_strlen(const char *);
HIDDEN size_t fast_strnlen(const char *, size_t);
HIDDEN char *fast_strchr(const char *, int);
HIDDEN char *fast_strchrnul(const char *, int);
HIDDEN size_t fast_copy_within(char *, const char *, size_t);
HIDDEN char *fast_stpcpy(char *, const char *);
HIDDEN size_t fast_wcslen(const wchar_t *);
HIDDEN wchar_t *fast_wcpcpy(wchar_t *, const wchar_t *);
HIDDEN size_t fast_copy_wide_within(wchar_t *, const wchar_t *, size_t);

#define HIDDEN_ALIAS(name) __attribute__((visibility("hidden"), alias(#name)))

#endif

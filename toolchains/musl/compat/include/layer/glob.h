/* glob as in glibc, with braces, directories alone, and functions of the program's for looking at files. */
#if defined glob || defined globfree || defined glob_t
#include_next <glob.h>
#else

#ifndef _LAYER_GLOB_H
#define _LAYER_GLOB_H 1

/* musl's structure has the room, without names for it. */
#define glob_t __musl_glob_t
#define glob __musl_glob
#define globfree __musl_globfree
#include_next <glob.h>
#undef glob_t
#undef glob
#undef globfree

#ifdef __cplusplus
extern "C" {
#endif

#ifdef _GNU_SOURCE
#define __glob_entry struct dirent
#define __glob_status struct stat
#else
#define __glob_entry void
#define __glob_status void
#endif
struct dirent;
struct stat;

typedef struct {
	size_t gl_pathc;
	char **gl_pathv;
	size_t gl_offs;
	int gl_flags;
	void (*gl_closedir)(void *);
	__glob_entry *(*gl_readdir)(void *);
	void *(*gl_opendir)(const char *);
	int (*gl_lstat)(const char *__restrict, __glob_status *__restrict);
	int (*gl_stat)(const char *__restrict, __glob_status *__restrict);
} glob_t;

int glob(const char *__restrict, int, int (*)(const char *, int), glob_t *__restrict);
void globfree(glob_t *);

#if defined _GNU_SOURCE || defined _BSD_SOURCE
#define GLOB_MAGCHAR (1 << 8)
#define GLOB_ALTDIRFUNC (1 << 9)
#define GLOB_BRACE (1 << 10)
#define GLOB_NOMAGIC (1 << 11)
#define GLOB_ONLYDIR (1 << 13)
#define GLOB_ABEND GLOB_ABORTED
#endif

#ifdef _GNU_SOURCE
/* Whether a pattern has wildcards, backslashes taking their meaning from them if QUOTE is not 0. */
int glob_pattern_p(const char *__pattern, int __quote);
#endif

#undef __glob_entry
#undef __glob_status

#ifdef __cplusplus
}
#endif
#endif

#endif

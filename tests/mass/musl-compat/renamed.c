/* Functions that headers of the program's rename before libc's are read, as gnulib's do. */
#undef _GNU_SOURCE
#define _POSIX_C_SOURCE 200809L
#define _GNU_STRERROR_R 1
#define getopt rpl_getopt
#define glob rpl_glob
#define globfree rpl_globfree
#define strerror_r rpl_strerror_r
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int rpl_getopt(int count, char *const *words, const char *letters)
{
	return printf("own getopt %d %s %s\n", count, words[0], letters);
}

int rpl_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *all)
{
	return printf("own glob %s %d %d %d\n", pattern, flags, failed != 0, (int)all->gl_pathc);
}

int rpl_strerror_r(int number, char *room, size_t size)
{
	return snprintf(room, size, "own %d", number);
}

int main(int argc, char **argv)
{
	glob_t all = {0};
	char room[20];
	argv[0] = (char *)"renamed";
	printf("%d\n", getopt(argc, argv, "x"));
	printf("%d\n", glob("*", 0, 0, &all));
	printf("%d\n", strerror_r(3, room, sizeof room));
	puts(room);
	return 0;
}

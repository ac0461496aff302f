#include "getopt_parse.h"

int getopt_long(int count, char *const *words, const char *letters, const struct option *options, int *index)
{
	return __getopt_parse((struct call){count, (char **)words, letters, options, index, 0, 0}, 0);
}

int getopt_long_only(int count, char *const *words, const char *letters, const struct option *options, int *index)
{
	return __getopt_parse((struct call){count, (char **)words, letters, options, index, 1, 0}, 0);
}

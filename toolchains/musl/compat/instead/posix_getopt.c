#include "getopt_parse.h"

/* What getopt is in programs that ask for POSIX alone. */
int __posix_getopt(int count, char *const *words, const char *letters)
{
	return __getopt_parse((struct call){count, (char **)words, letters, 0, 0, 0, 0}, 1);
}

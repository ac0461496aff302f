#include "getopt_parse.h"

int getopt(int count, char *const *words, const char *letters)
{
	return __getopt_parse((struct call){count, (char **)words, letters, 0, 0, 0, 0}, 0);
}

/* A program with functions of its own under these names. */
#include <stdio.h>

struct argp;

void error(const char *text)
{
	printf("own error: %s\n", text);
}

int argp_parse(const struct argp *argp, int number)
{
	return argp ? 0 : number;
}

void *fts_open(int number)
{
	printf("own fts_open: %d\n", number);
	return 0;
}

int backtrace(void)
{
	return 7;
}

int main(void)
{
	error("x");
	fts_open(3);
	printf("%d %d\n", argp_parse(0, 5), backtrace());
	return 0;
}

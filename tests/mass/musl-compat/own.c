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

const char *optarg = "own";

int getopt(int number)
{
	return number + 1;
}

int glob(void)
{
	return 8;
}

struct mallinfo {
	int own;
};

int malloc_trim(struct mallinfo info)
{
	return info.own;
}

int main(void)
{
	struct mallinfo info = {9};
	error("x");
	fts_open(3);
	printf("%d %d\n", argp_parse(0, 5), backtrace());
	printf("%s %d %d %d\n", optarg, getopt(1), glob(), malloc_trim(info));
	return 0;
}

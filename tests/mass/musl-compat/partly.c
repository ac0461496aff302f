/* A program with a getopt and an optind of its own that takes the other functions of these headers from libc. */
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

int optind = 1;

int getopt(int count, char *const *words, const char *letters)
{
	printf("own getopt %d %s %s\n", count, words[0], letters);
	return -1;
}

void globfree(glob_t *all)
{
	printf("own globfree %d\n", (int)all->gl_pathc);
}

int main(void)
{
	static const struct option options[] = {{"all", 0, 0, 'A'}, {"of", 1, 0, 'o'}, {0, 0, 0, 0}};
	char *words[] = {(char *)"partly", (char *)"x", (char *)"--al", (char *)"-o", (char *)"y", (char *)"z", 0};
	glob_t found;
	int code;
	while ((code = getopt_long(6, words, "o:", options, 0)) != -1)
		printf("%c %s %d\n", code, optarg ? optarg : "-", optind);
	for (int i = 0; i < 6; i++)
		printf("%s ", words[i]);
	printf("%d\n", getopt(6, words, "o:"));
	memset(&found, 0, sizeof found);
	printf("%d ", glob("/dev/{null,zero}", GLOB_BRACE, 0, &found));
	printf("%s %s\n", found.gl_pathv[0], found.gl_pathv[1]);
	globfree(&found);
	return 0;
}

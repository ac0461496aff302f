/* What getopt and its relatives make of all vectors of up to three words, with options of many kinds. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const words[] = {"-a", "-b", "-bx", "-abc", "-o", "-oy", "-Wverb", "-", "--", "file", "--verbose", "--ver", "--in=1", "--out", "-out", "--nope"};
static const char *const letters[] = {"ab:o::", "+ab:o::", "-ab:o::", ":ab:o::", "ab:W;", "+:ao::", ""};
static int flag;
static const struct option options[] = {
	{"verbose", 0, 0, 'v'}, {"version", 0, 0, 'V'}, {"verify", 2, &flag, 7}, {"in", 1, 0, 'i'}, {"input", 1, 0, 'i'},
	{"inside", 0, 0, 'n'}, {"out", 1, 0, 300}, {"outer", 2, 0, 301}, {0, 0, 0, 0}};

static int vectors;

static void run(int which, const char *known, int count, const char *const *given)
{
	char *argv[7] = {(char *)"prog"};
	int code, index = -1, calls = 0;
	for (int i = 0; i < count; i++)
		argv[i + 1] = (char *)given[i];
	optind = 0;
	flag = 0;
	optopt = -5;
	vectors++;
	fprintf(stderr, "%d \"%s\":", which, known);
	for (int i = 0; i < count; i++)
		fprintf(stderr, " %s", given[i]);
	fputc('\n', stderr);
	do {
		code = which == 0 ? getopt(count + 1, argv, known)
			: which == 1 ? getopt_long(count + 1, argv, known, options, &index)
				     : getopt_long_only(count + 1, argv, known, options, &index);
		fprintf(stderr, " %d,%s,%d,%d,%d,%d", code, optarg ? optarg : "", optind, optopt, index, flag);
	} while (code != -1 && ++calls < 20);
	for (int i = 0; i < count; i++)
		fprintf(stderr, " %s", argv[i + 1]);
	fputc('\n', stderr);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	const int count = sizeof words / sizeof *words;
	const char *given[5];
	setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
	if (argc > 1) {
		setenv("POSIXLY_CORRECT", "1", 1);
		opterr = 0;
	}
	for (int which = 0; which < 3; which++)
		for (size_t known = 0; known < sizeof letters / sizeof *letters; known++) {
			run(which, letters[known], 0, given);
			for (int all = 0; all < count * count * count; all++) {
				given[0] = words[all / count / count];
				given[1] = words[all / count % count];
				given[2] = words[all % count];
				if (all < count)
					run(which, letters[known], 1, given + 2);
				if (all < count * count)
					run(which, letters[known], 2, given + 1);
				run(which, letters[known], 3, given);
			}
		}
	/* Longer ones, which mix operands and options. */
	unsigned seed = 1;
	for (int i = 0; i < 5000; i++) {
		for (int word = 0; word < 5; word++) {
			seed = seed * 1103515245 + 12345;
			given[word] = words[seed / 65536 % count];
		}
		run((int)(seed >> 8) % 3 & 3, letters[(seed >> 20) % 7], 5, given);
	}
	/* Begun anew in the midst of a word, and without it. */
	char *twice[] = {(char *)"prog", (char *)"-aab", (char *)"x", (char *)"-a", 0};
	for (int anew = 0; anew < 2; anew++) {
		optind = 0;
		getopt(4, twice, "ab:");
		optind = anew ? 0 : 1;
		while (getopt(4, twice, "ab:") != -1)
			fprintf(stderr, "%d %s\n", optind, optarg ? optarg : "");
	}
	fprintf(stderr, "%d vectors\n", vectors);
	return 0;
}

/* What the files of getopt share. */

#include <getopt.h>

extern int __optreset;

/* One call's arguments; `only` for options by name behind one `-`. */
struct call {
	int count;
	char **words;
	const char *letters;
	const struct option *options;
	int *index;
	int only;
	/* Whether messages are printed. */
	int says;
};

/* The next option; POSIX that operands end them. */
int __getopt_parse(struct call, int posix);

/* Messages about errors, with all that error.h has. */
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>

static void name(void)
{
	fputs("[own name] ", stderr);
}

int main(int argc, char **argv)
{
	(void)argv;
	printf("this comes first");
	error(0, 0, "plain %d", 1);
	error(0, ENOENT, "with errno %s", "x");
	error_at_line(0, 0, "file.c", 7, "at a line");
	error_at_line(0, EACCES, 0, 7, "without a file");
	error_one_per_line = 1;
	error_at_line(0, 0, "file.c", 8, "once");
	error_at_line(0, 0, "file.c", 8, "twice");
	error_at_line(0, 0, "file.c", 9, "another line");
	error_at_line(0, 0, "other.c", 9, "another file");
	error_at_line(0, 0, 0, 9, "no file");
	error_at_line(0, 0, 0, 9, "no file again");
	error_print_progname = name;
	error(0, 0, "by a name of its own");
	error_at_line(0, 0, "file.c", 10, "by a name of its own");
	printf("%u messages\n", error_message_count);
	if (argc > 1)
		error_at_line(4, 0, "last.c", 1, "ends");
	error(3, EINVAL, "ends");
	return 0;
}

/* error.h: messages of a program about errors. */

#include <errno.h>
#include <error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void (*error_print_progname)(void);
unsigned int error_message_count;
int error_one_per_line;

/* The message itself, and what follows each. */
static void finish(int status, int number, const char *format, va_list args)
{
	vfprintf(stderr, format, args);
	error_message_count++;
	if (number) {
		char text[256];
		if (strerror_r(number, text, sizeof text))
			snprintf(text, sizeof text, "Unknown error %d", number);
		fprintf(stderr, ": %s", text);
	}
	putc('\n', stderr);
	fflush(stderr);
	if (status)
		exit(status);
}

static void start(const char *ending)
{
	fflush(stdout);
	if (error_print_progname)
		error_print_progname();
	else
		fprintf(stderr, "%s%s", program_invocation_name, ending);
}

void error(int status, int number, const char *format, ...)
{
	va_list args;
	start(": ");
	va_start(args, format);
	finish(status, number, format, args);
	va_end(args);
}

void error_at_line(int status, int number, const char *file, unsigned int line, const char *format, ...)
{
	static const char *last_file;
	static unsigned int last_line;
	va_list args;

	if (error_one_per_line) {
		int same = file == last_file || (file && last_file && !strcmp(file, last_file));
		if (line == last_line && same)
			return;
		last_file = file;
		last_line = line;
	}
	start(":");
	if (file)
		fprintf(stderr, "%s:%u: ", file, line);
	else
		fputs(" ", stderr);
	va_start(args, format);
	finish(status, number, format, args);
	va_end(args);
}

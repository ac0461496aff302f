/* Messages of a program about errors, as glibc's manual describes them ("Error Messages"). */
#ifndef _ERROR_H
#define _ERROR_H 1

#ifdef __cplusplus
extern "C" {
#endif

/* Prints `PROGRAM: MESSAGE: TEXT OF ERRNUM` to stderr; exits with STATUS unless it is 0. */
void error(int __status, int __errnum, const char *__format, ...) __attribute__((__format__(__printf__, 3, 4)));
/* The same with `FILE:LINE: ` before the message. */
void error_at_line(int __status, int __errnum, const char *__file, unsigned int __line, const char *__format, ...)
	__attribute__((__format__(__printf__, 5, 6)));

/* Called instead of printing the program's name. */
extern void (*error_print_progname)(void);
/* How many messages were printed. */
extern unsigned int error_message_count;
/* If not 0, only one message is printed for each line of a file. */
extern int error_one_per_line;

#ifdef __cplusplus
}
#endif

#endif

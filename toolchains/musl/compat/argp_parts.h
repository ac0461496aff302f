/* What the files of argp share. */

#include <argp.h>
#include <stddef.h>

struct argp_lines;

/* Text for STREAM in lines of less than RIGHT characters. */
struct argp_lines *_argp_lines(FILE *stream, size_t right);
void _argp_lines_end(struct argp_lines *lines);
/* What a line starts with, and what one that continues another. */
void _argp_margins(struct argp_lines *lines, size_t left, size_t continued);
void _argp_put(struct argp_lines *lines, const char *text, size_t length);
void _argp_puts(struct argp_lines *lines, const char *text);
void _argp_print(struct argp_lines *lines, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
/* Blanks up to a column. */
void _argp_indent(struct argp_lines *lines, size_t column);
/* A blank, or a new line if the next so many characters would not fit. */
void _argp_space(struct argp_lines *lines, size_t next);
size_t _argp_column(const struct argp_lines *lines);

int _argp_printable(int key);

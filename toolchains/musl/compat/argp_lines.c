/* Text in lines of limited length, for argp's help. */

#include "argp_parts.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct argp_lines {
	FILE *stream;
	size_t left, continued, right;
	/* The line that is being written, and where its words start: after the margin. */
	char *line;
	size_t length, room, words;
	int failed;
};

struct argp_lines *_argp_lines(FILE *stream, size_t right)
{
	struct argp_lines *lines = calloc(1, sizeof *lines);

	if (lines) {
		lines->stream = stream;
		lines->right = right;
	}
	return lines;
}

static void append(struct argp_lines *lines, char c)
{
	if (lines->length == lines->room) {
		size_t room = lines->room ? 2 * lines->room : 128;
		char *line = realloc(lines->line, room);
		if (!line) {
			lines->failed = 1;
			return;
		}
		lines->line = line;
		lines->room = room;
	}
	lines->line[lines->length++] = c;
}

static void margin(struct argp_lines *lines, size_t width)
{
	while (lines->length < width && !lines->failed)
		append(lines, ' ');
	lines->words = lines->length;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Writes the line up to its last blank before the limit, and goes on with what is after it. Without one, the first blank
   after the limit is waited for. */
static void wrap(struct argp_lines *lines)
{
	size_t blank = lines->length, end, next;

	while (blank > lines->words && !is_blank(lines->line[blank - 1]))
		blank--;
	if (blank == lines->words)
		return;
	next = blank;
	end = blank;
	while (end > lines->words && is_blank(lines->line[end - 1]))
		end--;
	if (end == lines->words)
		return;
	fwrite(lines->line, 1, end, lines->stream);
	putc('\n', lines->stream);
	size_t rest = lines->length - next;
	char *words = malloc(rest + 1);
	if (!words) {
		lines->failed = 1;
		return;
	}
	memcpy(words, lines->line + next, rest);
	lines->length = 0;
	margin(lines, lines->continued);
	for (size_t i = 0; i < rest; i++)
		append(lines, words[i]);
	free(words);
}

static void put(struct argp_lines *lines, char c)
{
	if (c == '\n') {
		if (lines->length >= lines->right)
			wrap(lines);
		fwrite(lines->line, 1, lines->length, lines->stream);
		putc('\n', lines->stream);
		lines->length = lines->words = 0;
		return;
	}
	if (lines->length == 0)
		margin(lines, lines->left);
	append(lines, c);
	if (lines->length > lines->right)
		wrap(lines);
}

void _argp_lines_end(struct argp_lines *lines)
{
	if (lines->length >= lines->right)
		wrap(lines);
	fwrite(lines->line, 1, lines->length, lines->stream);
	free(lines->line);
	free(lines);
}

void _argp_margins(struct argp_lines *lines, size_t left, size_t continued)
{
	lines->left = left;
	lines->continued = continued;
}

void _argp_put(struct argp_lines *lines, const char *text, size_t length)
{
	for (size_t i = 0; i < length && !lines->failed; i++)
		put(lines, text[i]);
}

void _argp_puts(struct argp_lines *lines, const char *text)
{
	_argp_put(lines, text, strlen(text));
}

void _argp_print(struct argp_lines *lines, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0) {
		_argp_puts(lines, text);
		free(text);
	}
	va_end(args);
}

void _argp_indent(struct argp_lines *lines, size_t column)
{
	while (lines->length < column && !lines->failed)
		put(lines, ' ');
}

void _argp_space(struct argp_lines *lines, size_t next)
{
	put(lines, lines->length + next >= lines->right ? '\n' : ' ');
}

size_t _argp_column(const struct argp_lines *lines)
{
	return lines->length;
}

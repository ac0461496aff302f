/* argp.h: help, usage and messages. */

#include "argp_parts.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *argp_program_bug_address;
error_t argp_err_exit_status = 64; /* EX_USAGE */

/* What ARGP_HELP_FMT sets: `rmargin=79,no-dup-args`. */
struct format {
	int dup_args, dup_args_note, short_column, long_column, doc_column, text_column, header_column, indent, right;
};

static const struct {
	const char *name;
	size_t at;
	int is_flag;
} variables[] = {
	{"dup-args", offsetof(struct format, dup_args), 1},
	{"dup-args-note", offsetof(struct format, dup_args_note), 1},
	{"short-opt-col", offsetof(struct format, short_column), 0},
	{"long-opt-col", offsetof(struct format, long_column), 0},
	{"doc-opt-col", offsetof(struct format, doc_column), 0},
	{"opt-doc-col", offsetof(struct format, text_column), 0},
	{"header-col", offsetof(struct format, header_column), 0},
	{"usage-indent", offsetof(struct format, indent), 0},
	{"rmargin", offsetof(struct format, right), 0},
};

static void set_variable(struct format *format, const char *word, size_t length)
{
	int off = length > 3 && !strncmp(word, "no-", 3);
	size_t name = strcspn(word, "=, \t");

	if (off) {
		word += 3;
		name -= 3;
		length -= 3;
	}
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		int *value = (int *)((char *)format + variables[i].at);
		if (strlen(variables[i].name) != name || strncmp(variables[i].name, word, name))
			continue;
		if (variables[i].is_flag)
			*value = name < length ? atoi(word + name + 1) != 0 : !off;
		else if (name < length && isdigit((unsigned char)word[name + 1]))
			*value = atoi(word + name + 1);
	}
}

static struct format format_of_environment(void)
{
	struct format format = {0, 1, 2, 6, 2, 29, 1, 12, 79};
	const char *text = getenv("ARGP_HELP_FMT");

	while (text && *text) {
		size_t length = strcspn(text, ", \t");
		if (length)
			set_variable(&format, text, length);
		text += length + strspn(text + length, ", \t");
	}
	if (format.right <= format.text_column || format.right <= format.indent) {
		struct format usual = {0, 1, 2, 6, 2, 29, 1, 12, 79};
		return usual;
	}
	return format;
}

/* A child argp with a header or a group, whose options stay together. */
struct cluster {
	const char *header;
	int index, group, depth;
	const struct cluster *parent;
	const struct argp *argp;
	struct cluster *next;
};

/* An option with its aliases. */
struct entry {
	const struct argp_option *first;
	size_t count;
	int group, order;
	char *shorts; /* those that no argp above has */
	const struct cluster *cluster;
	const struct argp *argp;
};

struct help {
	const struct argp_state *state;
	struct argp_lines *lines;
	struct format format;
	struct entry *entries;
	size_t count, room;
	struct cluster *clusters;
	int failed;
	/* While entries are printed. */
	const struct entry *previous;
	int separate, left_out_arg;
};

static int is_visible(const struct argp_option *option)
{
	return !(option->flags & OPTION_HIDDEN);
}

static int is_doc(const struct argp_option *option)
{
	return option->flags & OPTION_DOC;
}

static int is_taken(const struct help *help, int key)
{
	for (size_t i = 0; i < help->count; i++)
		if (strchr(help->entries[i].shorts, key))
			return 1;
	return 0;
}

static void add_entry(struct help *help, const struct argp *argp, const struct argp_option *first, int group,
		      const struct cluster *cluster)
{
	struct entry entry = {first, 0, group, help->count, 0, cluster, argp};
	size_t shorts = 0;

	do
		entry.count++;
	while (!_option_is_end(first + entry.count) && (first[entry.count].flags & OPTION_ALIAS));
	entry.shorts = calloc(entry.count + 1, 1);
	if (help->count == help->room) {
		size_t room = help->room ? 2 * help->room : 32;
		struct entry *entries = realloc(help->entries, room * sizeof *entries);
		if (entries) {
			help->entries = entries;
			help->room = room;
		}
	}
	if (!entry.shorts || help->count == help->room) {
		free(entry.shorts);
		help->failed = 1;
		return;
	}
	for (size_t i = 0; i < entry.count; i++)
		if (_option_is_short(first + i) && !is_taken(help, first[i].key) && !strchr(entry.shorts, first[i].key))
			entry.shorts[shorts++] = first[i].key;
	help->entries[help->count++] = entry;
}

static const struct cluster *add_cluster(struct help *help, const struct argp_child *child, int index,
					 const struct cluster *parent, const struct argp *argp)
{
	struct cluster *cluster = calloc(1, sizeof *cluster);

	if (!cluster) {
		help->failed = 1;
		return parent;
	}
	*cluster = (struct cluster){child->header, index, child->group, parent ? parent->depth + 1 : 0, parent, argp,
				    help->clusters};
	help->clusters = cluster;
	return cluster;
}

static void gather(struct help *help, const struct argp *argp, const struct cluster *cluster)
{
	const struct argp_option *option = argp->options;
	int group = 0;

	for (; option && !_option_is_end(option) && !help->failed; option++) {
		if (!(option->flags & OPTION_ALIAS) || option == argp->options) {
			int new_header = !option->name && !option->key;
			group = option->group ? option->group : new_header ? group + 1 : group;
			add_entry(help, argp, option, group, cluster);
		}
	}
	for (int i = 0; argp->children && argp->children[i].argp; i++) {
		const struct argp_child *child = &argp->children[i];
		int own = child->group || child->header;
		gather(help, child->argp, own ? add_cluster(help, child, i, cluster, argp) : cluster);
	}
}

/* Groups are in the order 0, 1, 2, …, -2, -1. */
static int compare_groups(int a, int b, int equal)
{
	if (a == b)
		return equal;
	return (a < 0) == (b < 0) ? (a < b ? -1 : 1) : (a < b ? 1 : -1);
}

static int compare_clusters(const struct cluster *a, const struct cluster *b)
{
	const struct cluster *deep_a = a, *deep_b = b;

	while (deep_a->depth > b->depth)
		deep_a = deep_a->parent;
	while (deep_b->depth > deep_a->depth)
		deep_b = deep_b->parent;
	if (deep_a == deep_b)
		return a->depth - b->depth;
	while (deep_a->parent != deep_b->parent) {
		deep_a = deep_a->parent;
		deep_b = deep_b->parent;
	}
	return compare_groups(deep_a->group, deep_b->group, deep_b->index - deep_a->index);
}

static const struct cluster *base(const struct cluster *cluster)
{
	while (cluster->parent)
		cluster = cluster->parent;
	return cluster;
}

static const char *first_long(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++)
		if (entry->first[i].name && is_visible(&entry->first[i]))
			return entry->first[i].name;
	return 0;
}

static char first_short(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++)
		if (_option_is_short(&entry->first[i]) && is_visible(&entry->first[i])
		    && strchr(entry->shorts, entry->first[i].key))
			return entry->first[i].key;
	return 0;
}

/* A line of documentation that looks like an option is sorted as one: gives whether it does not look so, and its name
   without dashes. */
static int unlike_option(const char **name)
{
	const char *at = *name + strspn(*name, " \t\n");
	int unlike = *at != '-';

	while (*at && !isalnum((unsigned char)*at))
		at++;
	*name = at;
	return unlike;
}

static int compare_in_group(const struct entry *a, const struct entry *b)
{
	char short_a = first_short(a), short_b = first_short(b);
	const char *long_a = first_long(a), *long_b = first_long(b);
	int doc_a = is_doc(a->first) && long_a ? unlike_option(&long_a) : is_doc(a->first) != 0;
	int doc_b = is_doc(b->first) && long_b ? unlike_option(&long_b) : is_doc(b->first) != 0;

	if (doc_a != doc_b)
		return doc_a - doc_b;
	if (!short_a && !short_b && long_a && long_b)
		return strcasecmp(long_a, long_b);
	unsigned char letter_a = short_a ? short_a : long_a ? *long_a : 0;
	unsigned char letter_b = short_b ? short_b : long_b ? *long_b : 0;
	int difference = tolower(letter_a) - tolower(letter_b);
	return difference ? difference : letter_b - letter_a;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int result;

	if (a->cluster == b->cluster)
		result = a->group == b->group ? compare_in_group(a, b) : compare_groups(a->group, b->group, 0);
	else if (!a->cluster)
		result = compare_groups(a->group, base(b->cluster)->group, -1);
	else if (!b->cluster)
		result = compare_groups(base(a->cluster)->group, b->group, 1);
	else
		result = compare_clusters(a->cluster, b->cluster);
	return result ? result : a->order - b->order;
}

/* These stand last, whatever an argp has made of them. */
static void put_last(struct help *help, const char *name)
{
	for (size_t i = 0; i < help->count; i++)
		for (size_t j = 0; j < help->entries[i].count; j++) {
			const struct argp_option *option = &help->entries[i].first[j];
			if (option->name && is_visible(option) && !strcmp(option->name, name))
				help->entries[i].group = -1;
		}
}

static const char *filtered(const struct help *help, const struct argp *argp, int key, const char *text)
{
	if (!argp->help_filter)
		return text;
	return argp->help_filter(key, text, _argp_input(argp, help->state));
}

static void free_filtered(const char *text, const char *was)
{
	if (text != was)
		free((char *)text);
}

static void print_header(struct help *help, const char *header, const struct argp *argp)
{
	const char *text = filtered(help, argp, ARGP_KEY_HELP_HEADER, header);

	if (text) {
		if (*text) {
			if (help->previous)
				_argp_puts(help->lines, "\n");
			_argp_indent(help->lines, help->format.header_column);
			_argp_margins(help->lines, help->format.header_column, help->format.header_column);
			_argp_puts(help->lines, text);
			_argp_puts(help->lines, "\n");
			_argp_margins(help->lines, 0, 0);
		}
		help->separate = 1;
	}
	free_filtered(text, header);
}

static int is_below(const struct cluster *cluster, const struct cluster *other)
{
	while (cluster && cluster != other)
		cluster = cluster->parent;
	return cluster == other;
}

/* What comes before a name of an option: headers and an empty line before the first, a comma before others. */
static void before_name(struct help *help, const struct entry *entry, int *first, size_t column)
{
	if (*first) {
		const struct entry *previous = help->previous;
		const struct cluster *cluster = entry->cluster;
		if (help->separate && previous && entry->group != previous->group)
			_argp_puts(help->lines, "\n");
		if (cluster && cluster->header && *cluster->header
		    && (!previous || (previous->cluster != cluster && !is_below(previous->cluster, cluster))))
			print_header(help, cluster->header, cluster->argp);
		*first = 0;
	} else {
		_argp_puts(help->lines, ", ");
	}
	_argp_indent(help->lines, column);
}

static void print_argument(struct help *help, const struct argp_option *real, const char *needed, const char *optional)
{
	if (real->arg) {
		const char *format = real->flags & OPTION_ARG_OPTIONAL ? optional : needed;
		const char *hole = strstr(format, "%s");
		_argp_put(help->lines, format, hole - format);
		_argp_puts(help->lines, real->arg);
		_argp_puts(help->lines, hole + 2);
	}
}

static int shown_short(const struct entry *entry, const struct argp_option *option)
{
	return _option_is_short(option) && is_visible(option) && strchr(entry->shorts, option->key);
}

static void print_names(struct help *help, const struct entry *entry, int *first)
{
	const struct argp_option *real = entry->first;
	int has_long = first_long(entry) != 0;

	for (size_t i = 0; i < entry->count; i++) {
		if (!shown_short(entry, &real[i]))
			continue;
		before_name(help, entry, first, help->format.short_column);
		_argp_print(help->lines, "-%c", real[i].key);
		if (!has_long || help->format.dup_args)
			print_argument(help, real, " %s", "[%s]");
		else if (real->arg)
			help->left_out_arg = 1;
	}
	for (size_t i = 0; i < entry->count; i++) {
		if (!real[i].name || !is_visible(&real[i]))
			continue;
		if (is_doc(real)) {
			before_name(help, entry, first, help->format.doc_column);
			_argp_puts(help->lines, real[i].name);
		} else {
			before_name(help, entry, first, help->format.long_column);
			_argp_print(help->lines, "--%s", real[i].name);
			print_argument(help, real, "=%s", "[=%s]");
		}
	}
}

static void print_text(struct help *help, const struct entry *entry)
{
	const char *text = filtered(help, entry->argp, entry->first->key, entry->first->doc);
	size_t column = help->format.text_column, at = _argp_column(help->lines);

	if (text && *text) {
		_argp_margins(help->lines, column, column);
		if (at > column + 3)
			_argp_puts(help->lines, "\n");
		else if (at >= column)
			_argp_puts(help->lines, "   ");
		else
			_argp_indent(help->lines, column);
		_argp_puts(help->lines, text);
	}
	free_filtered(text, entry->first->doc);
	_argp_puts(help->lines, "\n");
	_argp_margins(help->lines, 0, 0);
}

static void print_entry(struct help *help, const struct entry *entry)
{
	const struct argp_option *real = entry->first;
	int first = 1;

	print_names(help, entry, &first);
	if (!first)
		print_text(help, entry);
	else if (!_option_is_short(real) && !real->name)
		print_header(help, real->doc, entry->argp);
	else
		return;
	help->previous = entry;
}

static void print_entries(struct help *help, const struct argp *argp)
{
	static const char note[] = "Mandatory or optional arguments to long options are also mandatory or optional for any "
				   "corresponding short options.";

	for (size_t i = 0; i < help->count; i++)
		print_entry(help, &help->entries[i]);
	if (help->left_out_arg && help->format.dup_args_note) {
		const char *text = filtered(help, argp, ARGP_KEY_HELP_DUP_ARGS_NOTE, note);
		if (text && *text) {
			_argp_puts(help->lines, "\n");
			_argp_puts(help->lines, text);
			_argp_puts(help->lines, "\n");
		}
		free_filtered(text, note);
	}
}

static int in_usage(const struct argp_option *option, const struct argp_option *real)
{
	return is_visible(option) && !is_doc(real) && !((option->flags | real->flags) & OPTION_NO_USAGE);
}

static void usage_of_short(struct help *help, const struct entry *entry, const struct argp_option *option)
{
	const struct argp_option *real = entry->first;
	const char *arg = option->arg ? option->arg : real->arg;

	if (!arg || !shown_short(entry, option) || !in_usage(option, real))
		return;
	if ((option->flags | real->flags) & OPTION_ARG_OPTIONAL) {
		_argp_print(help->lines, " [-%c[%s]]", option->key, arg);
	} else {
		_argp_space(help->lines, 6 + strlen(arg));
		_argp_print(help->lines, "[-%c %s]", option->key, arg);
	}
}

static void usage_of_long(struct help *help, const struct entry *entry, const struct argp_option *option)
{
	const struct argp_option *real = entry->first;
	const char *arg = option->arg ? option->arg : real->arg;

	if (!option->name || !in_usage(option, real))
		return;
	if (!arg)
		_argp_print(help->lines, " [--%s]", option->name);
	else if ((option->flags | real->flags) & OPTION_ARG_OPTIONAL)
		_argp_print(help->lines, " [--%s[=%s]]", option->name, arg);
	else
		_argp_print(help->lines, " [--%s=%s]", option->name, arg);
}

static void usage_of_options(struct help *help)
{
	char letters[128];
	size_t count = 0;

	for (size_t i = 0; i < help->count; i++)
		for (size_t j = 0; j < help->entries[i].count; j++) {
			const struct argp_option *option = &help->entries[i].first[j], *real = help->entries[i].first;
			if (shown_short(&help->entries[i], option) && in_usage(option, real) && !option->arg && !real->arg
			    && count < sizeof letters - 1)
				letters[count++] = option->key;
		}
	letters[count] = 0;
	if (count)
		_argp_print(help->lines, " [-%s]", letters);
	for (size_t i = 0; i < help->count; i++)
		for (size_t j = 0; j < help->entries[i].count; j++)
			usage_of_short(help, &help->entries[i], &help->entries[i].first[j]);
	for (size_t i = 0; i < help->count; i++)
		for (size_t j = 0; j < help->entries[i].count; j++)
			usage_of_long(help, &help->entries[i], &help->entries[i].first[j]);
}

/* Prints one alternative of each argp's arguments, that of its level; gives whether there are more. */
static int usage_of_arguments(struct help *help, const struct argp *argp, char **levels, int advance)
{
	char *level = *levels;
	const char *text = filtered(help, argp, ARGP_KEY_HELP_ARGS_DOC, argp->args_doc), *end = 0;
	int many = 0;

	if (text) {
		const char *at = text;
		end = strchrnul(at, '\n');
		if (*end) {
			many = 1;
			for (int i = 0; i < *level; i++) {
				at = end + 1;
				end = strchrnul(at, '\n');
			}
			(*levels)++;
		}
		_argp_space(help->lines, 1 + end - at);
		_argp_put(help->lines, at, end - at);
	}
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		advance = !usage_of_arguments(help, child->argp, levels, advance);
	if (advance && many) {
		if (*end) {
			++*level;
			advance = 0;
		} else if (*level > 0) {
			*level = 0;
		}
	}
	free_filtered(text, argp->args_doc);
	return !advance;
}

static size_t argps(const struct argp *argp)
{
	size_t count = 1;

	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		count += argps(child->argp);
	return count;
}

static void print_usage(struct help *help, const struct argp *argp, unsigned flags, const char *name)
{
	char *levels = calloc(argps(argp), 1);
	const char *start = "Usage:";
	int more = 1;

	if (!levels)
		return;
	while (more) {
		char *level = levels;
		_argp_margins(help->lines, 0, help->format.indent);
		_argp_print(help->lines, "%s %s", start, name);
		_argp_margins(help->lines, help->format.indent, help->format.indent);
		if ((flags & ARGP_HELP_SHORT_USAGE) && help->count)
			_argp_puts(help->lines, " [OPTION...]");
		else if (!(flags & ARGP_HELP_SHORT_USAGE))
			usage_of_options(help);
		flags |= ARGP_HELP_SHORT_USAGE;
		more = usage_of_arguments(help, argp, &level, 1);
		_argp_margins(help->lines, 0, 0);
		_argp_puts(help->lines, "\n");
		start = "  or: ";
	}
	free(levels);
}

/* Ends a line that was begun. */
static void end_line(struct help *help)
{
	if (_argp_column(help->lines))
		_argp_puts(help->lines, "\n");
}

/* Prints what argps say of themselves, above or below the options; gives whether there was anything. */
static int print_doc(struct help *help, const struct argp *argp, int below, int blank, int only_first)
{
	const char *tab = argp->doc ? strchr(argp->doc, '\v') : 0, *text, *end;
	char *own = 0;
	int anything = 0;

	text = below ? (tab ? tab + 1 : 0) : argp->doc;
	if (text && !below && tab)
		text = own = strndup(argp->doc, tab - argp->doc);
	end = filtered(help, argp, below ? ARGP_KEY_HELP_POST_DOC : ARGP_KEY_HELP_PRE_DOC, text);
	if (end) {
		if (blank)
			_argp_puts(help->lines, "\n");
		_argp_puts(help->lines, end);
		end_line(help);
		anything = 1;
	}
	free_filtered(end, text);
	free(own);
	if (below && argp->help_filter) {
		const char *extra = filtered(help, argp, ARGP_KEY_HELP_EXTRA, 0);
		if (extra) {
			if (anything || blank)
				_argp_puts(help->lines, "\n");
			_argp_puts(help->lines, extra);
			end_line(help);
			anything = 1;
		}
		free_filtered(extra, 0);
	}
	for (const struct argp_child *child = argp->children; child && child->argp && !(only_first && anything); child++)
		anything |= print_doc(help, child->argp, below, anything || blank, only_first);
	return anything;
}

static void print_parts(struct help *help, const struct argp *argp, unsigned flags, const char *name)
{
	int anything = 0;

	if (flags & (ARGP_HELP_USAGE | ARGP_HELP_SHORT_USAGE)) {
		print_usage(help, argp, flags, name);
		anything = 1;
	}
	if (flags & ARGP_HELP_PRE_DOC)
		anything |= print_doc(help, argp, 0, 0, 1);
	if (flags & ARGP_HELP_SEE) {
		_argp_print(help->lines, "Try `%s --help' or `%s --usage' for more information.\n", name, name);
		anything = 1;
	}
	if ((flags & ARGP_HELP_LONG) && help->count) {
		if (anything)
			_argp_puts(help->lines, "\n");
		print_entries(help, argp);
		anything = 1;
	}
	if (flags & ARGP_HELP_POST_DOC)
		anything |= print_doc(help, argp, 1, anything, 0);
	if ((flags & ARGP_HELP_BUG_ADDR) && argp_program_bug_address) {
		if (anything)
			_argp_puts(help->lines, "\n");
		_argp_print(help->lines, "Report bugs to %s.\n", argp_program_bug_address);
	}
}

static void print_help(const struct argp *argp, const struct argp_state *state, FILE *stream, unsigned flags,
		       const char *name)
{
	struct help help = {.state = state, .format = format_of_environment()};

	if (!stream || !argp)
		return;
	flockfile(stream);
	help.lines = _argp_lines(stream, help.format.right);
	if (help.lines) {
		if (flags & (ARGP_HELP_USAGE | ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG)) {
			gather(&help, argp, 0);
			put_last(&help, "help");
			put_last(&help, "version");
			if (help.count)
				qsort(help.entries, help.count, sizeof *help.entries, compare_entries);
		}
		print_parts(&help, argp, flags, name);
		_argp_lines_end(help.lines);
	}
	funlockfile(stream);
	for (size_t i = 0; i < help.count; i++)
		free(help.entries[i].shorts);
	free(help.entries);
	while (help.clusters) {
		struct cluster *next = help.clusters->next;
		free(help.clusters);
		help.clusters = next;
	}
}

void argp_help(const struct argp *argp, FILE *stream, unsigned flags, char *name)
{
	print_help(argp, 0, stream, flags, name);
}

void argp_state_help(const struct argp_state *state, FILE *stream, unsigned flags)
{
	if ((state && (state->flags & ARGP_NO_ERRS)) || !stream)
		return;
	print_help(state ? state->root_argp : 0, state, stream, flags, state ? state->name : program_invocation_short_name);
	if (state && (state->flags & ARGP_NO_EXIT))
		return;
	if (flags & ARGP_HELP_EXIT_ERR)
		exit(argp_err_exit_status);
	if (flags & ARGP_HELP_EXIT_OK)
		exit(0);
}

void argp_usage(const struct argp_state *state)
{
	argp_state_help(state, stderr, ARGP_HELP_STD_USAGE);
}

void argp_error(const struct argp_state *state, const char *format, ...)
{
	FILE *stream = state ? state->err_stream : stderr;
	va_list args;

	if ((state && (state->flags & ARGP_NO_ERRS)) || !stream)
		return;
	flockfile(stream);
	fprintf(stream, "%s: ", state ? state->name : program_invocation_short_name);
	va_start(args, format);
	vfprintf(stream, format, args);
	va_end(args);
	putc('\n', stream);
	argp_state_help(state, stream, ARGP_HELP_STD_ERR);
	funlockfile(stream);
}

void argp_failure(const struct argp_state *state, int status, int number, const char *format, ...)
{
	FILE *stream = state ? state->err_stream : stderr;
	va_list args;

	if ((state && (state->flags & ARGP_NO_ERRS)) || !stream)
		return;
	flockfile(stream);
	fputs(state ? state->name : program_invocation_short_name, stream);
	if (format) {
		fputs(": ", stream);
		va_start(args, format);
		vfprintf(stream, format, args);
		va_end(args);
	}
	if (number) {
		char text[256];
		if (strerror_r(number, text, sizeof text))
			snprintf(text, sizeof text, "Unknown error %d", number);
		fprintf(stream, ": %s", text);
	}
	putc('\n', stream);
	funlockfile(stream);
	if (status && (!state || !(state->flags & ARGP_NO_EXIT)))
		exit(status);
}

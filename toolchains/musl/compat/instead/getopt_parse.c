/* getopt, getopt_long and getopt_long_only as in glibc: words that are no options are moved to the end, messages are glibc's.
   What musl's members for these define is in files of its own each, so that a program can bring any of it. */

#include "../operands.h"
#include "getopt_parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum { permute, in_order, stop_at_first } order;
/* The rest of the word whose letters are being read; the words skipped are those from FIRST until before LAST. */
static char *rest;
static int first, last, started;
/* What is in optopt after each call. */
static int wrong;

/* A line on stderr, of up to five pieces. */
static void say(const struct call *call, const char *text, const char *before, const char *name, const char *after)
{
	const char *pieces[] = {call->words[0], ": ", text, before, name, after};
	if (!call->says)
		return;
	flockfile(stderr);
	for (int i = 0; i < 6; i++)
		fputs(pieces[i], stderr);
	funlockfile(stderr);
}

static int bad_letter(const struct call *call, const char *text, int letter)
{
	char name[2] = {(char)letter, 0};
	say(call, text, " -- '", name, "'\n");
	wrong = letter;
	return '?';
}

/* What is returned when an argument is missing. */
static int missing(const struct call *call)
{
	return call->letters[0] == ':' ? ':' : '?';
}

static int letter_without_argument(const struct call *call, int letter)
{
	bad_letter(call, "option requires an argument", letter);
	return missing(call);
}

/* Puts the words that were skipped behind the options that came after them. */
static void move_skipped(char **words)
{
	int count = last - first;
	put_behind(words, first, last, optind);
	first = optind - count;
	last = optind;
}

/* The same, or, if no word was skipped, begins with the word at hand. */
static void pass_skipped(char **words)
{
	if (first != last && last != optind)
		move_skipped(words);
	else if (first == last)
		first = optind;
}

/* Whether two options are the same to the caller. */
static int equal(const struct option *a, const struct option *b)
{
	return a->has_arg == b->has_arg && a->flag == b->flag && a->val == b->val;
}

/* Says which options a word may be short for: the first, and those that differ from it. */
static void say_which(const struct call *call, const char *prefix, size_t length, const struct option *found)
{
	say(call, "option '", prefix, rest, "' is ambiguous; possibilities:");
	for (const struct option *o = call->options; call->says && o->name; o++)
		if (!strncmp(o->name, rest, length) && (o == found || (o > found && (call->only || !equal(o, found)))))
			fputs(" '", stderr), fputs(prefix, stderr), fputs(o->name, stderr), putc('\'', stderr);
	if (call->says)
		putc('\n', stderr);
}

/* The option that a word of LENGTH bytes names or is short for. */
static const struct option *find(const struct call *call, size_t length, int *ambiguous)
{
	const struct option *found = 0;
	for (const struct option *o = call->options; o->name; o++)
		if (!strncmp(o->name, rest, length) && strlen(o->name) == length)
			return *ambiguous = 0, o;
	for (const struct option *o = call->options; o->name; o++) {
		if (strncmp(o->name, rest, length))
			continue;
		if (!found)
			found = o;
		else if (call->only || !equal(o, found))
			*ambiguous = 1;
	}
	return found;
}

/* An option by its name, at `rest`; -1 where it must be letters. */
static int long_option(const struct call *call, const char *prefix)
{
	size_t length = strcspn(rest, "=");
	int ambiguous = 0;
	char *value = rest[length] ? rest + length + 1 : 0;
	const struct option *found = find(call, length, &ambiguous);

	if (!found && call->only && call->words[optind][1] != '-' && strchr(call->letters, *rest))
		return -1;
	if (!found || ambiguous) {
		if (ambiguous)
			say_which(call, prefix, length, found);
		else
			say(call, "unrecognized option '", prefix, rest, "'\n");
		rest = 0;
		optind++;
		wrong = 0;
		return '?';
	}
	optind++;
	rest = 0;
	if (value && !found->has_arg) {
		say(call, "option '", prefix, found->name, "' doesn't allow an argument\n");
		wrong = found->val;
		return '?';
	}
	if (!value && found->has_arg == required_argument) {
		if (optind >= call->count) {
			say(call, "option '", prefix, found->name, "' requires an argument\n");
			wrong = found->val;
			return missing(call);
		}
		value = call->words[optind++];
	}
	if (value)
		optarg = value;
	if (call->index)
		*call->index = (int)(found - call->options);
	if (!found->flag)
		return found->val;
	*found->flag = found->val;
	return 0;
}

/* An option by its letter, at `rest`. */
static int letter_option(struct call *call)
{
	int letter = *rest++;
	const char *known = letter == ':' || letter == ';' ? 0 : strchr(call->letters, letter);
	int takes = known && known[1] == ':';

	if (!*rest)
		optind++;
	if (!known)
		return bad_letter(call, "invalid option", letter);
	if (known[0] == 'W' && known[1] == ';' && call->options) {
		if (!*rest) {
			if (optind == call->count)
				return letter_without_argument(call, letter);
			rest = call->words[optind];
		}
		call->only = 0;
		return long_option(call, "-W ");
	}
	if (!takes)
		return letter;
	if (*rest) {
		optarg = rest;
		optind++;
	} else if (known[2] != ':') {
		if (optind == call->count)
			letter = letter_without_argument(call, letter);
		else
			optarg = call->words[optind++];
	}
	rest = 0;
	return letter;
}

/* Goes to the next word with options; -1 where there is none, 1 for an operand that is to be given in its place. */
static int next_word(struct call *call)
{
	if (last > optind)
		last = optind;
	if (first > optind)
		first = optind;
	if (order == permute) {
		if (first != last && last != optind)
			move_skipped(call->words);
		else if (last != optind)
			first = optind;
		while (optind < call->count && is_operand(call->words[optind]))
			optind++;
		last = optind;
	}
	if (optind != call->count && !strcmp(call->words[optind], "--")) {
		optind++;
		pass_skipped(call->words);
		last = optind = call->count;
	}
	if (optind == call->count) {
		if (first != last)
			optind = first;
		return -1;
	}
	if (!is_operand(call->words[optind]))
		return 0;
	if (order == stop_at_first)
		return -1;
	optarg = call->words[optind++];
	return 1;
}

static void start(const struct call *call, int posix)
{
	if (!optind)
		optind = 1;
	first = last = optind;
	rest = 0;
	order = call->letters[0] == '-' ? in_order
		: call->letters[0] == '+' || posix || getenv("POSIXLY_CORRECT") ? stop_at_first : permute;
	started = 1;
	__optreset = 0;
}

static int step(struct call *call, int posix)
{
	optarg = 0;
	if (!optind || !started || __optreset)
		start(call, posix);
	if (call->letters[0] == '-' || call->letters[0] == '+')
		call->letters++;
	call->says = opterr && call->letters[0] != ':';
	if (!rest || !*rest) {
		int end = next_word(call);
		if (end)
			return end;
		char *word = call->words[optind];
		rest = word + 1;
		if (call->options && word[1] == '-')
			return rest++, long_option(call, "--");
		if (call->options && call->only && (word[2] || !strchr(call->letters, word[1]))) {
			int code = long_option(call, "-");
			if (code != -1)
				return code;
		}
	}
	return letter_option(call);
}

int __getopt_parse(struct call call, int posix)
{
	int code = call.count < 1 ? -1 : step(&call, posix);
	optopt = wrong;
	return code;
}

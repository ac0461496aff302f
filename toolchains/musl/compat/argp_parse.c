/* argp.h: the parser. */

#include "argp_parts.h"
#include "operands.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version;
void (*argp_program_version_hook)(FILE *, struct argp_state *);

int _argp_printable(int key)
{
	return key > ' ' && key < 127;
}

int _option_is_short(const struct argp_option *option)
{
	return !(option->flags & OPTION_DOC) && _argp_printable(option->key);
}

int _option_is_end(const struct argp_option *option)
{
	return !option->key && !option->name && !option->doc && !option->group;
}

/* An argp of the tree that has a parser or options. */
struct group {
	const struct argp *argp;
	struct group *parent;
	unsigned parent_index;
	unsigned taken; /* arguments that are no options */
	void *input;
	void **child_inputs;
	void *hook;
};

struct parser {
	struct argp_state state;
	const struct argp *argp;
	struct group *groups;
	size_t count;
	void **inputs;
	/* Where in a word of short options the next one is. */
	char *cluster;
	int options_over, in_order, stops_at_words;
	/* Words that are no options and were passed over: [first, last). */
	int first, last;
};

enum { KEY_USAGE = -3, KEY_NAME = -2, KEY_HANG = -4 };

static const struct argp_option usual_options[] = {
	{"help", '?', 0, 0, "Give this help list", -1},
	{"usage", KEY_USAGE, 0, 0, "Give a short usage message", 0},
	{"program-name", KEY_NAME, "NAME", OPTION_HIDDEN, "Set the program name", 0},
	{"HANG", KEY_HANG, "SECS", OPTION_ARG_OPTIONAL | OPTION_HIDDEN,
	 "Hang for SECS seconds (default 3600)", 0},
	{0, 0, 0, 0, 0, 0},
};

static char *short_name(char *path)
{
	char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static error_t parse_usual(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case '?':
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case KEY_NAME:
		program_invocation_name = arg;
		program_invocation_short_name = state->name = short_name(arg);
		if ((state->flags & (ARGP_PARSE_ARGV0 | ARGP_NO_ERRS)) == ARGP_PARSE_ARGV0)
			state->argv[0] = arg;
		return 0;
	case KEY_HANG:
		for (int seconds = atoi(arg ? arg : "3600"); seconds > 0; seconds--)
			sleep(1);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp usual = {usual_options, parse_usual, 0, 0, 0, 0, 0};

static const struct argp_option version_options[] = {
	{"version", 'V', 0, 0, "Print program version", -1},
	{0, 0, 0, 0, 0, 0},
};

static error_t parse_version(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != 'V')
		return ARGP_ERR_UNKNOWN;
	if (argp_program_version_hook)
		argp_program_version_hook(state->out_stream, state);
	else if (argp_program_version)
		fprintf(state->out_stream, "%s\n", argp_program_version);
	else
		argp_error(state, "%s", "(PROGRAM ERROR) No version known!?");
	if (!(state->flags & ARGP_NO_EXIT))
		exit(0);
	return 0;
}

static const struct argp version = {version_options, parse_version, 0, 0, 0, 0, 0};

/* How many groups and inputs of children there are below an argp. */
static void count(const struct argp *argp, size_t *groups, size_t *inputs)
{
	*groups += argp->options || argp->parser;
	for (const struct argp_child *child = argp->children; child && child->argp; child++) {
		*inputs += 1;
		count(child->argp, groups, inputs);
	}
}

static void add_groups(struct parser *parser, const struct argp *argp, struct group *parent, unsigned index,
		       void ***inputs)
{
	if (argp->options || argp->parser) {
		struct group *group = &parser->groups[parser->count++];
		group->argp = argp;
		group->parent = parent;
		group->parent_index = index;
		if (argp->parser && argp->children) {
			group->child_inputs = *inputs;
			for (const struct argp_child *child = argp->children; child->argp; child++)
				++*inputs;
		}
		parent = group;
	} else {
		parent = 0;
	}
	index = 0;
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		add_groups(parser, child->argp, parent, index++, inputs);
}

static error_t ask(struct parser *parser, struct group *group, int key, char *arg)
{
	error_t error;

	if (!group->argp->parser)
		return ARGP_ERR_UNKNOWN;
	parser->state.hook = group->hook;
	parser->state.input = group->input;
	parser->state.child_inputs = group->child_inputs;
	parser->state.arg_num = group->taken;
	error = group->argp->parser(key, arg, &parser->state);
	group->hook = parser->state.hook;
	return error;
}

/* Asks all groups, from the first or from the last, until one has an error; that none knew the key is no error. */
static error_t ask_all(struct parser *parser, int key, int backwards)
{
	error_t error = 0;

	for (size_t i = 0; i < parser->count && (!error || error == ARGP_ERR_UNKNOWN); i++)
		error = ask(parser, &parser->groups[backwards ? parser->count - 1 - i : i], key, 0);
	return error == ARGP_ERR_UNKNOWN ? 0 : error;
}

static error_t initialize(struct parser *parser, void *input)
{
	error_t error = 0;

	if (parser->count)
		parser->groups[0].input = input;
	for (size_t i = 0; i < parser->count && !error; i++) {
		struct group *group = &parser->groups[i];
		if (group->parent && group->parent->child_inputs)
			group->input = group->parent->child_inputs[group->parent_index];
		if (!group->argp->parser && group->child_inputs)
			group->child_inputs[0] = group->input;
		error = ask(parser, group, ARGP_KEY_INIT, 0);
		if (error == ARGP_ERR_UNKNOWN)
			error = 0;
	}
	return error;
}

/* An option that was given: whose it is, and what takes its argument. */
struct found {
	struct group *group;
	const struct argp_option *option; /* as it was named */
	const struct argp_option *real;   /* with flags and argument */
};

static int key_of(const struct found *found)
{
	return found->option->key ? found->option->key : found->real->key;
}

/* Calls `each` with all options until it says 1. */
static int each_option(struct parser *parser, int (*each)(const struct found *, void *), void *data)
{
	for (size_t i = 0; i < parser->count; i++) {
		const struct argp_option *real = parser->groups[i].argp->options;
		for (const struct argp_option *option = real; option && !_option_is_end(option); option++) {
			if (!(option->flags & OPTION_ALIAS))
				real = option;
			struct found found = {&parser->groups[i], option, real};
			if (!(real->flags & OPTION_DOC) && each(&found, data))
				return 1;
		}
	}
	return 0;
}

struct short_search {
	int key;
	struct found found;
};

static int is_short(const struct found *found, void *data)
{
	struct short_search *search = data;

	if (!_option_is_short(found->option) || found->option->key != search->key)
		return 0;
	search->found = *found;
	return 1;
}

struct long_search {
	const char *name;
	size_t length;
	int exact, matches, ambiguous;
	/* Names may start with one `-`; then two names of one option are ambiguous too. */
	int only;
	struct found found;
};

static int is_long(const struct found *found, void *data)
{
	struct long_search *search = data;
	const char *name = found->option->name;

	if (!name || strncmp(name, search->name, search->length))
		return 0;
	if (!name[search->length]) {
		search->found = *found;
		search->exact = 1;
		return 1;
	}
	if (!search->matches++)
		search->found = *found;
	else if (search->only || search->found.group != found->group || key_of(&search->found) != key_of(found))
		search->ambiguous = 1;
	return 0;
}

struct possibilities {
	struct parser *parser;
	const struct long_search *search;
	const char *dashes;
};

static int print_possibility(const struct found *found, void *data)
{
	struct possibilities *all = data;

	if (found->option->name && !strncmp(found->option->name, all->search->name, all->search->length))
		fprintf(stderr, " '%s%s'", all->dashes, found->option->name);
	return 0;
}

static int tells(const struct parser *parser)
{
	return !(parser->state.flags & ARGP_NO_ERRS);
}

static const char *own_name(const struct parser *parser)
{
	return parser->state.argv && parser->state.argv[0] ? parser->state.argv[0] : parser->state.name;
}

/* Hands an option to its parser. */
static error_t give_option(struct parser *parser, const struct found *found, char *arg)
{
	int key = key_of(found);
	error_t error = ask(parser, found->group, key, arg);
	const char *bad = "(PROGRAM ERROR) Option should have been recognized!?";

	if (error != ARGP_ERR_UNKNOWN)
		return error;
	if (_option_is_short(found->option) && !found->option->name)
		argp_error(&parser->state, "-%c: %s", key, bad);
	else if (found->option->name)
		argp_error(&parser->state, "--%s: %s", found->option->name, bad);
	return error;
}

/* A word that starts with `-` or `--`; gives -1 where a word of short options is to be read instead. */
static int give_long(struct parser *parser, char *word, const char *dashes, error_t *error)
{
	struct argp_state *state = &parser->state;
	struct long_search search = {word + strlen(dashes), strcspn(word + strlen(dashes), "="), 0, 0, 0,
				     (state->flags & ARGP_LONG_ONLY) != 0, {0}};
	char *arg = (char *)search.name + search.length;
	struct short_search other = {word[1], {0}};

	each_option(parser, is_long, &search);
	if (!search.exact && search.ambiguous) {
		struct possibilities all = {parser, &search, dashes};
		*error = ARGP_ERR_UNKNOWN;
		if (tells(parser)) {
			fprintf(stderr, "%s: option '%s%s' is ambiguous; possibilities:", own_name(parser), dashes, search.name);
			each_option(parser, print_possibility, &all);
			putc('\n', stderr);
		}
		state->next++;
		return 0;
	}
	if (!search.exact && !search.matches) {
		if (dashes[1] == 0 && each_option(parser, is_short, &other))
			return -1;
		*error = ARGP_ERR_UNKNOWN;
		if (tells(parser))
			fprintf(stderr, "%s: unrecognized option '%s%s'\n", own_name(parser), dashes, search.name);
		state->next++;
		return 0;
	}
	state->next++;
	const char *name = search.found.option->name;
	if (*arg == '=' && !search.found.real->arg) {
		*error = ARGP_ERR_UNKNOWN;
		if (tells(parser))
			fprintf(stderr, "%s: option '%s%s' doesn't allow an argument\n", own_name(parser), dashes, name);
		return 0;
	}
	char *value = *arg == '=' ? arg + 1 : 0;
	if (!value && search.found.real->arg && !(search.found.real->flags & OPTION_ARG_OPTIONAL)) {
		if (state->next >= state->argc) {
			*error = ARGP_ERR_UNKNOWN;
			if (tells(parser))
				fprintf(stderr, "%s: option '%s%s' requires an argument\n", own_name(parser), dashes, name);
			return 0;
		}
		value = state->argv[state->next++];
	}
	*error = give_option(parser, &search.found, value);
	return 0;
}

/* The next option of a word of short ones. */
static error_t give_short(struct parser *parser)
{
	struct argp_state *state = &parser->state;
	struct short_search search = {(unsigned char)*parser->cluster++, {0}};
	int found = each_option(parser, is_short, &search);
	char *rest = *parser->cluster ? parser->cluster : 0;

	if (!rest) {
		parser->cluster = 0;
		state->next++;
	}
	if (!found) {
		if (tells(parser))
			fprintf(stderr, "%s: invalid option -- '%c'\n", own_name(parser), search.key);
		return ARGP_ERR_UNKNOWN;
	}
	if (!search.found.real->arg)
		return give_option(parser, &search.found, 0);
	if (rest) {
		parser->cluster = 0;
		state->next++;
	} else if (!(search.found.real->flags & OPTION_ARG_OPTIONAL)) {
		if (state->next >= state->argc) {
			if (tells(parser))
				fprintf(stderr, "%s: option requires an argument -- '%c'\n", own_name(parser), search.key);
			return ARGP_ERR_UNKNOWN;
		}
		rest = state->argv[state->next++];
	}
	return give_option(parser, &search.found, rest);
}

/* Offers an argument to each group: one by one, then all that are left. */
static error_t give_argument(struct parser *parser, char *arg)
{
	struct argp_state *state = &parser->state;
	int index = --state->next, key = 0;
	error_t error = ARGP_ERR_UNKNOWN;
	struct group *group = 0;

	for (size_t i = 0; i < parser->count && error == ARGP_ERR_UNKNOWN; i++) {
		group = &parser->groups[i];
		state->next++;
		key = ARGP_KEY_ARG;
		error = ask(parser, group, key, arg);
		if (error == ARGP_ERR_UNKNOWN) {
			state->next--;
			key = ARGP_KEY_ARGS;
			error = ask(parser, group, key, 0);
		}
	}
	if (error)
		return error;
	if (key == ARGP_KEY_ARGS)
		state->next = state->argc;
	if (state->next > index)
		group->taken += state->next - index;
	else
		parser->options_over = 0; /* it was given back, and may be an option */
	return 0;
}

/* Brings the words that were passed over behind the options after them. */
static void permute(struct parser *parser)
{
	int next = parser->state.next;

	if (parser->first < parser->last && parser->last < next) {
		put_behind(parser->state.argv, parser->first, parser->last, next);
		parser->first += next - parser->last;
		parser->last = next;
	} else if (parser->last != next) {
		parser->first = next;
	}
	if (parser->last < next)
		parser->last = next;
}

/* Finds the next option; gives whether there is one, otherwise `next` is at the first argument that is none. */
static int find_option(struct parser *parser)
{
	struct argp_state *state = &parser->state;

	if (parser->cluster)
		return 1;
	if (parser->last > state->next)
		parser->last = state->next;
	if (parser->first > state->next)
		parser->first = state->next;
	if (!parser->in_order && !parser->stops_at_words) {
		permute(parser);
		while (state->next < state->argc && is_operand(state->argv[state->next]))
			state->next++;
		parser->last = state->next;
	}
	if (state->next < state->argc && !strcmp(state->argv[state->next], "--")) {
		state->next++;
		if (!parser->in_order && !parser->stops_at_words) {
			permute(parser);
			state->next = parser->first;
		}
		parser->options_over = 1;
		/* What stands before it was passed over. */
		state->quoted = state->next;
		return 0;
	}
	if (state->next < state->argc && !is_operand(state->argv[state->next]))
		return 1;
	if (!parser->in_order) {
		if (!parser->stops_at_words)
			state->next = parser->first < parser->last ? parser->first : state->next;
		parser->options_over = 1;
	}
	return 0;
}

/* The next option or argument; *NONE is set if there is none, or the arguments are left to the caller. */
static error_t parse_next(struct parser *parser, int *none)
{
	struct argp_state *state = &parser->state;

	if (state->quoted && state->next < state->quoted)
		state->quoted = 0;
	if (!parser->options_over && !state->quoted && find_option(parser)) {
		char *word = state->argv[state->next];
		error_t error = 0;
		if (!parser->cluster) {
			if (word[1] == '-') {
				give_long(parser, word, "--", &error);
				return error;
			}
			struct short_search search = {(unsigned char)word[1], {0}};
			int may_be_long = word[2] || !each_option(parser, is_short, &search);
			if ((state->flags & ARGP_LONG_ONLY) && may_be_long && !give_long(parser, word, "-", &error))
				return error;
			parser->cluster = word + 1;
		}
		return give_short(parser);
	}
	int in_order = parser->in_order && !parser->options_over && !state->quoted;
	if (state->next >= state->argc || ((state->flags & ARGP_NO_ARGS) && !in_order)) {
		*none = 1;
		return ARGP_ERR_UNKNOWN;
	}
	char *arg = state->argv[state->next++];
	return give_argument(parser, arg);
}

static error_t finish(struct parser *parser, error_t error, int none, int *index)
{
	struct argp_state *state = &parser->state;

	if (error == ARGP_ERR_UNKNOWN && none)
		error = 0;
	if (!error && state->next == state->argc) {
		for (size_t i = 0; i < parser->count && (!error || error == ARGP_ERR_UNKNOWN); i++)
			if (!parser->groups[i].taken)
				error = ask(parser, &parser->groups[i], ARGP_KEY_NO_ARGS, 0);
		for (size_t i = parser->count; i-- && (!error || error == ARGP_ERR_UNKNOWN);)
			error = ask(parser, &parser->groups[i], ARGP_KEY_END, 0);
		if (error == ARGP_ERR_UNKNOWN)
			error = 0;
		if (index)
			*index = state->next;
	} else if (!error && index) {
		*index = state->next;
	} else if (!error) {
		if (tells(parser) && state->err_stream)
			fprintf(state->err_stream, "%s: Too many arguments\n", state->name);
		error = ARGP_ERR_UNKNOWN;
	}
	if (error) {
		if (error == ARGP_ERR_UNKNOWN)
			argp_state_help(state, state->err_stream, ARGP_HELP_STD_ERR);
		for (size_t i = 0; i < parser->count; i++)
			ask(parser, &parser->groups[i], ARGP_KEY_ERROR, 0);
	} else {
		error = ask_all(parser, ARGP_KEY_SUCCESS, 1);
	}
	for (size_t i = parser->count; i--;)
		ask(parser, &parser->groups[i], ARGP_KEY_FINI, 0);
	return error == ARGP_ERR_UNKNOWN ? EINVAL : error;
}

static error_t parse(struct parser *parser, int argc, char **argv, unsigned flags, void *input, int *index)
{
	struct argp_state *state = &parser->state;
	error_t error;
	int none = 0;

	*state = (struct argp_state){.root_argp = parser->argp, .argc = argc, .argv = argv, .flags = flags,
				     .err_stream = stderr, .out_stream = stdout, .pstate = parser};
	state->name = program_invocation_short_name;
	if (!(flags & ARGP_PARSE_ARGV0) && argc > 0 && argv[0])
		state->name = short_name(argv[0]);
	error = initialize(parser, input);
	if (error)
		return error;
	/* Whatever ARGP_PARSE_ARGV0 promises: glibc's getopt starts behind the program's name. */
	state->next = 1;
	parser->in_order = (state->flags & ARGP_IN_ORDER) != 0;
	parser->stops_at_words = !parser->in_order && ((state->flags & ARGP_NO_ARGS) || getenv("POSIXLY_CORRECT"));
	parser->first = parser->last = state->next;
	do
		error = parse_next(parser, &none);
	while (!error);
	return finish(parser, error, none, index);
}

error_t argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *index, void *input)
{
	struct argp_child children[4] = {{0}};
	struct argp top = {.children = children};
	struct parser parser = {.argp = argp};
	size_t groups = 0, inputs = 0;
	error_t error;

	if (!(flags & ARGP_NO_HELP)) {
		struct argp_child *child = children;
		if (argp)
			(child++)->argp = argp;
		(child++)->argp = &usual;
		if (argp_program_version || argp_program_version_hook)
			child->argp = &version;
		parser.argp = &top;
	}
	if (parser.argp)
		count(parser.argp, &groups, &inputs);
	parser.groups = calloc(groups + 1, sizeof *parser.groups);
	parser.inputs = calloc(inputs + 1, sizeof *parser.inputs);
	if (!parser.groups || !parser.inputs) {
		error = ENOMEM;
	} else {
		void **next = parser.inputs;
		if (parser.argp)
			add_groups(&parser, parser.argp, 0, 0, &next);
		error = parse(&parser, argc, argv, flags, input, index);
	}
	free(parser.groups);
	free(parser.inputs);
	return error;
}

void *_argp_input(const struct argp *argp, const struct argp_state *state)
{
	if (state) {
		const struct parser *parser = state->pstate;
		for (size_t i = 0; i < parser->count; i++)
			if (parser->groups[i].argp == argp)
				return parser->groups[i].input;
	}
	return 0;
}

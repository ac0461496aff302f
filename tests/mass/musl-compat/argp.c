/* A command line with most of what argp has: two argps, headers, groups, aliases, documentation, optional arguments. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "argp-test 1.0";
const char *argp_program_bug_address = "<bugs@example.org>";

struct numbers {
	int size, depth;
};

struct arguments {
	const char *words[3];
	int verbose, count;
	const char *output;
	struct numbers numbers;
	char *rest[16];
	int rested;
};

enum { KEY_COLOR = 300, KEY_DEPTH, KEY_HIDDEN, KEY_FAIL, KEY_WARN, KEY_USAGE };

static const struct argp_option number_options[] = {
	{"size", 's', "N", 0, "How large it is", 0},
	{"depth", KEY_DEPTH, "N", 0, "How deep it is, with a text that is longer than what fits beside it, to be wrapped, and goes on and on", 0},
	{0, 0, 0, 0, 0, 0},
};

static error_t parse_number(int key, char *arg, struct argp_state *state)
{
	struct numbers *numbers = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		printf("child init %d\n", numbers != 0);
		return 0;
	case 's':
		numbers->size = atoi(arg);
		if (numbers->size < 0)
			argp_error(state, "%s: is less than nothing", arg);
		return 0;
	case KEY_DEPTH:
		numbers->depth = atoi(arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_END:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_FINI:
	case ARGP_KEY_ERROR:
		printf("child key %x\n", key);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp number_argp = {number_options, parse_number, 0, "Text of the child.\vAfter the child's.", 0, 0, 0};

static const struct argp_option options[] = {
	{"verbose", 'v', 0, 0, "Say more", 0},
	{"quiet", 'q', 0, 0, "Say nothing", 0},
	{"silent", 0, 0, OPTION_ALIAS, 0, 0},
	{"output", 'o', "FILE", 0, "Write to FILE instead of stdout", 0},
	{"a-very-long-option-name-indeed", 'A', "ARGUMENT", 0, "Does nothing", 0},
	{0, 0, 0, 0, "Things that are rarely needed:", 5},
	{"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "With colours", 0},
	{"colour", 0, 0, OPTION_ALIAS, 0, 0},
	{"hidden", KEY_HIDDEN, 0, OPTION_HIDDEN, "Not shown", 0},
	{"level", 'l', "LEVEL", OPTION_ARG_OPTIONAL, "How much", 0},
	{"fail", KEY_FAIL, "STATUS", 0, "Fails", 0},
	{"warn", KEY_WARN, 0, OPTION_NO_USAGE, "Warns", 0},
	{"show-usage", KEY_USAGE, 0, 0, 0, 0},
	{"Some words", 0, 0, OPTION_DOC | OPTION_NO_USAGE, "that are no option", 6},
	{0, 'x', 0, 0, "Only short", -3},
	{0, 'Y', "ARG", 0, "Only short, with an argument", 0},
	{0, 0, 0, 0, 0, 0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->numbers;
		printf("init\n");
		return 0;
	case 'v':
		arguments->verbose++;
		return 0;
	case 'q':
		arguments->verbose = -1;
		return 0;
	case 'o':
		arguments->output = arg;
		return 0;
	case 'l':
	case 'A':
	case 'x':
	case 'Y':
	case KEY_COLOR:
	case KEY_HIDDEN:
		printf("option %d: %s\n", key, arg ? arg : "none");
		return 0;
	case KEY_FAIL:
		argp_failure(state, atoi(arg), 2, "failing %s", arg);
		return 0;
	case KEY_WARN:
		argp_failure(state, 0, 0, "warned");
		return 0;
	case KEY_USAGE:
		argp_usage(state);
		return 0;
	case ARGP_KEY_ARG:
		if (!strcmp(arg, "rest"))
			return ARGP_ERR_UNKNOWN;
		if (state->arg_num >= 3)
			argp_usage(state);
		if (state->arg_num < 3)
			arguments->words[state->arg_num] = arg;
		printf("argument %u: %s, next %d, quoted %d\n", state->arg_num, arg, state->next, state->quoted);
		return 0;
	case ARGP_KEY_ARGS:
		for (int i = state->next; i < state->argc; i++)
			printf("rest %s\n", state->argv[i]);
		return 0;
	case ARGP_KEY_END:
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_ERROR:
	case ARGP_KEY_FINI:
		printf("key %x, %u arguments\n", key, state->arg_num);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *filter(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_EXTRA)
		return strdup("Something extra.");
	if (key == KEY_FAIL)
		return strdup("Fails, as the filter says");
	return (char *)text;
}

static const struct argp_child children[] = {
	{&number_argp, 0, "Numbers:", 3},
	{0, 0, 0, 0},
};

static const struct argp one = {
	options, parse_one, "WORD [WORD...]\n--output=FILE",
	"A program that tries what argp has, with a description that is long enough to be more than one line wide.\v"
	"What stands below.",
	children, filter, 0,
};

int main(int argc, char **argv)
{
	struct arguments arguments = {{0}, 0, 0, 0, {0, 0}, {0}, 0};
	const char *given = getenv("ARGP_TEST_FLAGS");
	unsigned flags = given ? strtoul(given, 0, 0) : 0;
	int index = -1;

	setvbuf(stdout, 0, _IOLBF, 0);
	error_t error = argp_parse(&one, argc, argv, flags, getenv("ARGP_TEST_INDEX") ? &index : 0, &arguments);
	printf("error %d, index %d, verbose %d, output %s, size %d, depth %d\n", error, index, arguments.verbose,
	       arguments.output ? arguments.output : "none", arguments.numbers.size, arguments.numbers.depth);
	for (int i = 1; i < argc; i++)
		printf("%s ", argv[i]);
	printf("\n");
	return 0;
}

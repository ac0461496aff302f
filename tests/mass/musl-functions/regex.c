/* Tests of regcomp, regexec and regfree: patterns and texts made at random, of few characters so that they meet, and each call's
   status and matches beside those of musl's own functions, which the toolchain keeps for what the faster ones leave to them;
   where the two differ, what the pattern means decides.
   Then several threads with one regex_t, and texts that end at the last byte before a page that cannot be read.
   With --whole: ten times as many patterns. */

#define _GNU_SOURCE
#include <locale.h>
#include <regex.h>
#include <string.h>
#include "harness.h"

/* Null where all functions are musl's. */
__attribute__((weak)) int __musl_regcomp(regex_t *, const char *, int);
__attribute__((weak)) int __musl_regexec(const regex_t *, const char *, size_t, regmatch_t *, int);
__attribute__((weak)) void __musl_regfree(regex_t *);

enum { MATCHES = 5, NODES = 4000, LONGEST = 300 };

/* What a pattern means: who is asked where musl and ours differ. */
enum kind { SET, BOTH, EITHER, TIMES, BEGINNING, END };

struct node {
	enum kind kind;
	struct node *a, *b;
	uint64_t set[2];
	int least, most;
};

static const char letters[] = "aaabbcAB1_ -\n";
static unsigned long with_match, of_musl_wrong;
static struct node nodes[NODES];
static size_t used;
/* Whether there are counts, with which musl goes wrong in ways of its own. */
static int extended, compiled, has_counts;

static struct node *new_node(enum kind kind, struct node *a, struct node *b)
{
	struct node *node = &nodes[used++];

	if (used == NODES)
		exit(2);
	*node = (struct node){ .kind = kind, .a = a, .b = b };
	return node;
}

static void add(char *to, const char *text)
{
	strcat(to, text);
}

static void take(struct node *node, unsigned c)
{
	node->set[c >> 6] |= 1ull << (c & 63);
}

static int takes(const struct node *node, unsigned c)
{
	return node->set[c >> 6] >> (c & 63) & 1;
}

/* Letters of both cases, if case is nothing. */
static void fold(struct node *node)
{
	if (compiled & REG_ICASE)
		for (unsigned c = 'a'; c <= 'z'; c++)
			if (takes(node, c) || takes(node, c - 32)) {
				take(node, c);
				take(node, c - 32);
			}
}

static void add_range(struct node *node, unsigned least, unsigned most)
{
	for (unsigned c = least; c <= most; c++)
		take(node, c);
}

static void complement(struct node *node)
{
	node->set[0] = ~node->set[0];
	node->set[1] = ~node->set[1];
}

static struct node *add_letter(char *to)
{
	struct node *node = new_node(SET, 0, 0);
	const char letter[] = { letters[random_below(sizeof letters - 1)], 0 };

	take(node, (unsigned char)letter[0]);
	fold(node);
	add(to, letter);
	return node;
}

static struct node *add_bracket(char *to)
{
	static const struct { const char *text; const char *ranges; } parts[] = {
		{ "a-b", "ab" }, { "[:alpha:]", "azAZ" }, { "[:digit:]", "09" }, { "[:space:]", "\t\r  " }, { "[:upper:]", "AZ" }, { "c", "cc" },
		{ "_", "__" }, { "1", "11" }, { "A-Z", "AZ" }, { "[:punct:]", "!/:@[`{~" }, { "\\", "\\\\" },
	};
	struct node *node = new_node(SET, 0, 0);
	const int others = !random_below(3);

	add(to, others ? "[^" : "[");
	if (!random_below(8)) {
		add(to, "]");
		take(node, ']');
	}
	for (size_t i = 0; i <= random_below(3); i++) {
		const size_t which = random_below(sizeof parts / sizeof *parts);

		add(to, parts[which].text);
		for (const char *range = parts[which].ranges; *range; range += 2)
			add_range(node, (unsigned char)range[0], (unsigned char)range[1]);
	}
	if (!random_below(8)) {
		add(to, "-");
		take(node, '-');
	}
	add(to, "]");
	fold(node);
	if (others) {
		complement(node);
		if (compiled & REG_NEWLINE)
			node->set[0] &= ~(1ull << '\n');
	}
	return node;
}

static struct node *add_any(char *to)
{
	struct node *node = new_node(SET, 0, 0);

	add(to, ".");
	if (compiled & REG_NEWLINE)
		take(node, '\n');
	complement(node);
	return node;
}

static struct node *add_escape(char *to)
{
	static const struct { const char *text; const char *ranges; } escapes[] = {
		{ "\\w", "azAZ09__" }, { "\\s", "\t\r  " }, { "\\d", "09" }, { "\\.", ".." }, { "\\\\", "\\\\" }, { "\\-", "--" },
		{ "\\*", "**" }, { "\\$", "$$" },
	};
	const size_t which = random_below(sizeof escapes / sizeof *escapes);
	struct node *node = new_node(SET, 0, 0);

	add(to, escapes[which].text);
	for (const char *range = escapes[which].ranges; *range; range += 2)
		add_range(node, (unsigned char)range[0], (unsigned char)range[1]);
	return node;
}

static struct node *add_branches(char *to, int depth);

static struct node *add_counts(char *to, struct node *node)
{
	const int least = (int)random_below(4), most = random_below(3) ? least + (int)random_below(3) : -1;
	char text[40];

	if (most < 0)
		sprintf(text, "%s%d,%s", extended ? "{" : "\\{", least, extended ? "}" : "\\}");
	else if (most == least)
		sprintf(text, "%s%d%s", extended ? "{" : "\\{", least, extended ? "}" : "\\}");
	else
		sprintf(text, "%s%d,%d%s", extended ? "{" : "\\{", least, most, extended ? "}" : "\\}");
	add(to, text);
	has_counts = 1;
	node = new_node(TIMES, node, 0);
	node->least = least;
	node->most = most;
	return node;
}

static struct node *add_piece(char *to, int depth)
{
	const size_t which = random_below(depth > 2 || strlen(to) > 60 ? 8 : 10);
	struct node *node;

	if (which < 8) {
		node = which < 5 ? add_letter(to) : which == 5 ? add_any(to) : which == 6 ? add_bracket(to) : add_escape(to);
	} else {
		add(to, extended ? "(" : "\\(");
		node = add_branches(to, depth + 1);
		add(to, extended ? ")" : "\\)");
	}
	while (!random_below(3)) {
		const size_t sign = random_below(extended ? 5 : 3);

		if (sign == 2) {
			node = add_counts(to, node);
			continue;
		}
		add(to, sign < 2 ? "*" : sign == 3 ? "+" : "?");
		node = new_node(TIMES, node, 0);
		node->least = sign == 3;
		node->most = sign == 4 ? 1 : -1;
	}
	return node;
}

static struct node *add_branches(char *to, int depth)
{
	struct node *all = 0;

	for (;;) {
		struct node *branch = add_piece(to, depth);

		for (size_t i = random_below(4); i; i--)
			branch = new_node(BOTH, branch, add_piece(to, depth));
		all = all ? new_node(EITHER, all, branch) : branch;
		if (random_below(4) || strlen(to) > 60)
			return all;
		add(to, extended ? "|" : "\\|");
	}
}

/* A sign at an end of a pattern with alternatives would be one of theirs. */
static struct node *make_pattern(char *to)
{
	struct node *all;
	const int begins = !random_below(5), ends = !random_below(5);

	*to = 0;
	used = 0;
	has_counts = 0;
	if (begins)
		add(to, "^");
	all = add_branches(to, 0);
	if (ends)
		add(to, "$");
	if (all->kind == EITHER) {
		if (begins)
			return make_pattern(to);
		if (ends)
			to[strlen(to) - 1] = 0;
		return all;
	}
	if (begins)
		all = new_node(BOTH, new_node(BEGINNING, 0, 0), all);
	return ends ? new_node(BOTH, all, new_node(END, 0, 0)) : all;
}

/* Places in a text. */
struct places {
	byte at[LONGEST + 1];
};

/* Where the pattern may end, of where it may begin. */
static struct places ends(const struct node *node, struct places begin, const char *text, int flags)
{
	const size_t n = strlen(text);
	struct places found = { 0 }, other;

	switch (node->kind) {
	case SET:
		for (size_t i = 0; i < n; i++)
			found.at[i + 1] = begin.at[i] && takes(node, (unsigned char)text[i]);
		return found;
	case BOTH:
		return ends(node->b, ends(node->a, begin, text, flags), text, flags);
	case EITHER:
		found = ends(node->a, begin, text, flags);
		other = ends(node->b, begin, text, flags);
		for (size_t i = 0; i <= n; i++)
			found.at[i] |= other.at[i];
		return found;
	case TIMES:
		if (!node->least)
			found = begin;
		for (int i = 1; memchr(begin.at, 1, n + 1) && (node->most < 0 || i <= node->most); i++) {
			begin = ends(node->a, begin, text, flags);
			/* From places that were reached before nothing more is. */
			for (size_t k = 0; i >= node->least && k <= n; k++) {
				begin.at[k] &= !found.at[k] || node->most >= 0;
				found.at[k] |= begin.at[k];
			}
		}
		return found;
	case BEGINNING:
		for (size_t i = 0; i <= n; i++)
			found.at[i] = begin.at[i] && (i ? compiled & REG_NEWLINE && text[i - 1] == '\n' : !(flags & REG_NOTBOL));
		return found;
	default:
		for (size_t i = 0; i <= n; i++)
			found.at[i] = begin.at[i] && (i < n ? compiled & REG_NEWLINE && text[i] == '\n' : !(flags & REG_NOTEOL));
		return found;
	}
}

/* The leftmost and longest match. */
static int is_match(const struct node *pattern, const char *text, int flags, regmatch_t *match)
{
	const size_t n = strlen(text);

	for (size_t i = 0; i <= n; i++) {
		struct places begin = { 0 };
		const byte *end;

		begin.at[i] = 1;
		begin = ends(pattern, begin, text, flags);
		end = memrchr(begin.at, 1, n + 1);
		if (end) {
			match->rm_so = (regoff_t)i;
			match->rm_eo = (regoff_t)(end - begin.at);
			return 1;
		}
	}
	return 0;
}

static void make_text(char *to)
{
	size_t n = random_below(random_below(20) ? 24 : LONGEST);
	const int ascii = random_below(3) != 0 || has_counts;

	*to = 0;
	for (size_t i = 0; i < n; i++) {
		const char letter[] = { letters[random_below(sizeof letters - 1)], 0 };

		add(to, ascii || random_below(30) ? letter : random_below(2) ? "\303\251" : "\342\202\254");
	}
}

static size_t ascii_length(const char *text)
{
	size_t n = 0;

	while (text[n] && (unsigned char)text[n] < 128)
		n++;
	return n;
}

/* Whether a result is what the pattern means, of which musl's differs. Matches of parts are musl's own. Of a text that is not all
   ASCII it is known of a match in front of that. */
static int is_meant(const struct node *pattern, const char *text, int flags, size_t n, int got, const regmatch_t *match)
{
	const size_t length = ascii_length(text);
	char ascii[LONGEST * 3 + 1] = "";
	regmatch_t meant;

	if (!pattern)
		return 0;
	of_musl_wrong++;
	memcpy(ascii, text, length);
	if (!is_match(pattern, ascii, text[length] ? flags | REG_NOTEOL : flags, &meant))
		return !text[length] && got == REG_NOMATCH;
	if (text[length] && (size_t)meant.rm_eo == length)
		return 0;
	return got == 0 && (n != 1 || compiled & REG_NOSUB || (match->rm_so == meant.rm_so && match->rm_eo == meant.rm_eo));
}

static void compare(const regex_t *ours, const regex_t *musls, const char *pattern, const struct node *tree, const char *text, size_t n, int flags)
{
	regmatch_t a[MATCHES], b[MATCHES];
	int got, expected;

	memset(a, 1, sizeof a);
	memset(b, 1, sizeof b);
	got = regexec(ours, text, n, a, flags);
	expected = __musl_regexec(musls, text, n, b, flags);
	with_match += !expected;
	checks++;
	/* Without a match nothing is said of them. */
	if (got == expected && (got || !memcmp(a, b, sizeof a)))
		return;
	if (is_meant(tree, text, flags, n, got, a))
		return;
	printf("pattern `%s` of flags %d, text `%s`, %zu matches, flags %d: got %d, expected %d\n", pattern, compiled, text, n, flags, got, expected);
	for (size_t i = 0; i < n; i++)
		printf("  match %zu: got %d to %d, expected %d to %d\n", i, a[i].rm_so, a[i].rm_eo, b[i].rm_so, b[i].rm_eo);
	exit(1);
}

/* Its tree, if it was made here. */
static void compare_pattern(const char *pattern, const struct node *tree, struct area area)
{
	regex_t ours, musls;
	int got, expected;

	memset(&ours, 0x55, sizeof ours);
	got = regcomp(&ours, pattern, compiled);
	expected = __musl_regcomp(&musls, pattern, compiled);
	CHECK(pattern, 0, 0, (size_t)compiled, got, expected);
	if (got)
		return;
	CHECK(pattern, 0, 0, (size_t)compiled, ours.re_nsub, musls.re_nsub);
	for (int i = 0; i < 12; i++) {
		static const int of_text[] = { 0, 0, 0, REG_NOTBOL, REG_NOTEOL, REG_NOTBOL | REG_NOTEOL };
		char text[1000], *at;

		make_text(text);
		at = (char *)area.end - strlen(text) - 1;
		strcpy(at, text);
		compare(&ours, &musls, pattern, tree, at, (size_t)i % MATCHES, of_text[random_below(6)]);
	}
	regfree(&ours);
	__musl_regfree(&musls);
}

static int few_calls(void)
{
	regex_t regex;
	regmatch_t match[2];
	int right;

	/* Nothing of it may be called in a signal handler. */
	if (regcomp(&regex, "([a-z]+)=[0-9]+", REG_EXTENDED))
		return 0;
	right = !regexec(&regex, "set key=12, then", 2, match, 0) && match[0].rm_so == 4 && match[0].rm_eo == 10 && match[1].rm_eo == 7 &&
		regexec(&regex, "set key=, then", 2, match, 0) == REG_NOMATCH && !regexec(&regex, "a=1", 0, 0, 0);
	regfree(&regex);
	return right;
}

static const char *const given[] = {
	"lettuce", "[0-9]+", "(foo|bar|quux)", "^[a-z]+ ", "[xq]u[aeiou]+.*z", "([a-z]+)@([a-z]+)\\.com", "(a|b)*c", "^$", "a|b$", "^a|b",
	"x*", "(a*)*", "(a*)+b", "(a|ab)(c|bcd)(d*)", "a{64}", "a{65}", "(a{8}){9}", "[]a]", "[^]a]", "[a-]", "[[:alpha:]_][[:alnum:]_]*",
	"a**", "a+?", "\\(a\\)\\1", "a\\|b", "^*a", "*a", "a\\{2\\}", "(^a)", "(a$)", "a$b", "a^b", "\\$", "\\\\$", "[$]", "$", "^", "\\`a",
	"(((((((((a)))))))))", "(a?){9}", "[a-z][^a-z]?[^[:space:]]", "", "()", "(|a)", "a||b", "\303\251", "[\303\251a]", ".\303\251", "a.c", "[^b]",
};

static regex_t shared;

static void *search_shared(void *unused)
{
	char text[400];

	(void)unused;
	for (int i = 0; i < 4000; i++) {
		const int length = i % 300;

		memset(text, 'x', sizeof text);
		memcpy(text + length, "ab12c", 6);
		if (regexec(&shared, text, 0, 0, 0) != 0)
			return (void *)1;
		text[length + 2] = 'c';
		if (regexec(&shared, text, 0, 0, 0) != REG_NOMATCH)
			return (void *)1;
	}
	return 0;
}

static void share(void)
{
	pthread_t threads[4];

	CHECK("regcomp", 0, 0, 0, regcomp(&shared, "a[abc]+([0-9]{2,5}|z)c", REG_EXTENDED), 0);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], 0, search_shared, 0))
			exit(2);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		CHECK("one regex_t in threads", 0, 0, (size_t)i, (intptr_t)wrong, 0);
	}
	regfree(&shared);
}

static void compare_all(struct area area)
{
	static const int flags[] = { 0, REG_ICASE, REG_NEWLINE, REG_ICASE | REG_NEWLINE, REG_NOSUB };

	has_counts = 0;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		for (int k = 0; k < 10; k++) {
			compiled = flags[k / 2] | (k & 1 ? REG_EXTENDED : 0);
			compare_pattern(given[i], 0, area);
		}
	}
	for (int i = 0; i < (whole ? 300000 : 30000); i++) {
		char pattern[4000];
		const struct node *tree;

		extended = random_below(3) != 0;
		compiled = flags[random_below(5)] | (extended ? REG_EXTENDED : 0);
		tree = make_pattern(pattern);
		compare_pattern(pattern, tree, area);
	}
}

int main(int argc, char **argv)
{
	struct area area = new_area(PAGE);

	whole = argc > 1 && !strcmp(argv[1], "--whole");
	CHECK("constructor", 0, 0, 0, early_result, 1);
	call_from_threads();
	share();
	compare_all(area);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 2;
	compare_all(area);
	CHECK("matches", 0, 0, 0, with_match > checks / 20 && of_musl_wrong < checks / 100, 1);
	printf("regex: %lu results are right, %lu with a match, %lu of musl's are wrong\n", checks, with_match, of_musl_wrong);
	return 0;
}

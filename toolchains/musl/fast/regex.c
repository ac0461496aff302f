/* regcomp, regexec and regfree in front of musl's, which takes 5 to 40 times as
   long as a table of states to find that a text has no match (and there is one for
   most lines that a program looks at). Patterns of the usual kind become an
   automaton of at most 64 positions (Glushkov's); texts of ASCII are run through it.
   What it answers is whether there is a match, where the leftmost one may
   begin, and without subexpressions where the longest of these ends. Everything else
   is musl's: other patterns, other texts, the rest of the matches.

   Patterns are read as musl reads them, after it has accepted them; what it does is
   the specification, also where POSIX leaves it open. What this file does not
   know, it leaves to musl. */

#include <limits.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((weak, visibility("default")))

int __musl_regcomp(regex_t *, const char *, int);
int __musl_regexec(const regex_t *, const char *, size_t, regmatch_t *, int);
void __musl_regfree(regex_t *);

enum { POSITIONS = 64, ASCII = 128, STATES = 40, DEEPEST = 40, STARTS = 64 };

/* The positions that were just passed, and where each character leads; 0 is not yet known. */
struct state {
	uint64_t at;
	unsigned char next[ASCII];
};

/* Of a pattern's positions, which a set of bits names, each takes one character. */
struct automaton {
	uint64_t follow[POSITIONS];
	uint64_t takes[ASCII];
	uint64_t first, last;
	unsigned char empty, from_start, to_end, no_matches;
	/* What a search does not pass over: characters that a match may begin with, the end, others than ASCII. */
	unsigned char stops[UCHAR_MAX + 1];
	/* Who has it uses the states. */
	unsigned char taken;
	unsigned char known;
	struct state *states;
};

struct part {
	uint64_t first, last;
	int empty;
};

struct reader {
	struct automaton *to;
	/* What is read ends here: at the pattern's end, or at that of something that is read again. */
	const char *end;
	unsigned positions;
	unsigned depth;
	int extended, fold, newline;
	/* There are some outside of all subexpressions. */
	int alternatives;
	/* It is none that this file knows. */
	int strange;
};

static struct part strange(struct reader *r)
{
	r->strange = 1;
	return (struct part){ 0 };
}

static void set(uint64_t members[2], unsigned c)
{
	members[c >> 6] |= 1ull << (c & 63);
}

static int has(const uint64_t members[2], unsigned c)
{
	return members[c >> 6] >> (c & 63) & 1;
}

static int is_upper(unsigned c) { return c - 'A' < 26; }
static int is_lower(unsigned c) { return c - 'a' < 26; }
static int is_digit(unsigned c) { return c - '0' < 10; }
static int is_alpha(unsigned c) { return (c | 32) - 'a' < 26; }

/* A position for these characters. */
static struct part position(struct reader *r, const uint64_t members[2])
{
	uint64_t bit;

	if (r->positions == POSITIONS)
		return strange(r);
	bit = 1ull << r->positions++;
	for (unsigned c = 1; c < ASCII; c++)
		if (has(members, c))
			r->to->takes[c] |= bit;
	return (struct part){ bit, bit, 0 };
}

static struct part literal(struct reader *r, unsigned c)
{
	uint64_t members[2] = { 0 };

	if (c - 1 >= ASCII - 1)
		return strange(r);
	set(members, c);
	if (r->fold && is_alpha(c))
		set(members, c ^ 32);
	return position(r, members);
}

static int of_class(const char *name, size_t length, unsigned c)
{
	static const char names[12][7] = { "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit" };
	int which = 0;

	while (which < 12 && (strlen(names[which]) != length || memcmp(names[which], name, length)))
		which++;
	switch (which) {
	case 0: return is_alpha(c) || is_digit(c);
	case 1: return is_alpha(c);
	case 2: return c == ' ' || c == '\t';
	case 3: return c < 32 || c == 127;
	case 4: return is_digit(c);
	case 5: return c - 33 < 94;
	case 6: return is_lower(c);
	case 7: return c - 32 < 95;
	case 8: return c - 33 < 94 && !is_alpha(c) && !is_digit(c);
	case 9: return c == ' ' || c - '\t' < 5;
	case 10: return is_upper(c);
	case 11: return is_digit(c) || (c | 32) - 'a' < 6;
	default: return -1;
	}
}

/* Adds the characters of a class; of both cases where case is nothing. */
static int add_class(struct reader *r, uint64_t members[2], const char *name, size_t length)
{
	for (unsigned c = 1; c < ASCII; c++) {
		int is = of_class(name, length, c);

		if (is < 0)
			return 0;
		if (is || (r->fold && is_alpha(c) && of_class(name, length, c ^ 32)))
			set(members, c);
	}
	return 1;
}

/* All but these. */
static struct part others(struct reader *r, uint64_t members[2])
{
	members[0] = ~members[0];
	members[1] = ~members[1];
	return position(r, members);
}

/* Whether a line's end is one of the others differs between musl's versions, where it is special at all. */
static struct part negated(struct reader *r, uint64_t members[2])
{
	return r->newline ? strange(r) : others(r, members);
}

/* A list in brackets, behind the first one. */
static struct part bracket(struct reader *r, const char **at)
{
	const char *s = *at, *start;
	const int negate = *s == '^';
	uint64_t members[2] = { 0 };

	s += negate;
	for (start = s; *s != ']' || s == start;) {
		unsigned least = (unsigned char)*s, most = least;

		if (s >= r->end || least >= ASCII)
			return strange(r);
		if (*s == '[' && s[1] == ':') {
			const char *name = s + 2;
			const char *close = strstr(name, ":]");

			if (!close || close >= r->end || !add_class(r, members, name, (size_t)(close - name)))
				return strange(r);
			s = close + 2;
			continue;
		}
		if (*s == '[' && (s[1] == '.' || s[1] == '='))
			return strange(r);
		s++;
		if (*s == '-' && s[1] != ']') {
			most = (unsigned char)s[1];
			if (most == '[' || most < least || most >= ASCII)
				return strange(r);
			s += 2;
		}
		for (unsigned c = least; c <= most; c++) {
			set(members, c);
			if (r->fold && is_alpha(c))
				set(members, c ^ 32);
		}
	}
	*at = s + 1;
	return negate ? negated(r, members) : position(r, members);
}

/* What a backslash stands before. */
static struct part escaped(struct reader *r, unsigned c)
{
	uint64_t members[2] = { 0 };

	switch (c) {
	case 'w':
	case 'W':
		add_class(r, members, "alnum", 5);
		set(members, '_');
		return c == 'w' ? position(r, members) : negated(r, members);
	case 's':
	case 'S':
		add_class(r, members, "space", 5);
		return c == 's' ? position(r, members) : negated(r, members);
	case 'd':
	case 'D':
		add_class(r, members, "digit", 5);
		return c == 'd' ? position(r, members) : negated(r, members);
	/* Those that mean the same to everybody. */
	case '.': case '*': case '[': case ']': case '^': case '$': case '\\': case '/': case '-': case '"': case ':': case '@':
	case '#': case '%': case '&': case ',': case '=': case '!': case '~': case ' ':
		return literal(r, c);
	case '(': case ')': case '{': case '}': case '+': case '?': case '|':
		return r->extended ? literal(r, c) : strange(r);
	default:
		return strange(r);
	}
}

static struct part any(struct reader *r)
{
	uint64_t members[2] = { 0 };

	if (r->newline)
		set(members, '\n');
	return others(r, members);
}

static struct part joined(struct reader *r, struct part a, struct part b)
{
	for (unsigned i = 0; i < r->positions; i++)
		if (a.last >> i & 1)
			r->to->follow[i] |= b.first;
	return (struct part){ a.empty ? a.first | b.first : a.first, b.empty ? a.last | b.last : b.last, a.empty && b.empty };
}

static struct part repeated(struct reader *r, struct part part, int may_be_empty)
{
	joined(r, part, part);
	part.empty |= may_be_empty;
	return part;
}

static struct part alternatives(struct reader *, const char **);

/* Whether a subexpression begins or ends here, or an alternative. */
static int at_sign(const struct reader *r, const char *s, char sign)
{
	if (s >= r->end)
		return 0;
	return r->extended ? *s == sign : *s == '\\' && s + 1 < r->end && s[1] == sign;
}

static struct part atom(struct reader *r, const char **at)
{
	const char *s = *at;
	struct part part;

	if (at_sign(r, s, '(')) {
		s += r->extended ? 1 : 2;
		if (++r->depth > DEEPEST)
			return strange(r);
		part = alternatives(r, &s);
		r->depth--;
		if (r->strange || !at_sign(r, s, ')'))
			return strange(r);
		*at = s + (r->extended ? 1 : 2);
		return part;
	}
	*at = s + 1;
	switch (*s) {
	case '[':
		++s;
		part = bracket(r, &s);
		*at = s;
		return part;
	case '\\':
		if (s + 1 >= r->end)
			return strange(r);
		*at = s + 2;
		return escaped(r, (unsigned char)s[1]);
	case '.':
		return any(r);
	case '*':
	case '^':
	case '$':
		return strange(r);
	case '+': case '?': case '{': case '}': case '|': case '(': case ')':
		if (r->extended)
			return strange(r);
	}
	return literal(r, (unsigned char)*s);
}

static int number(const char **at, const char *end)
{
	int n = -1;

	for (; *at < end && is_digit((unsigned char)**at); ++*at) {
		n = (n < 0 ? 0 : n * 10) + **at - '0';
		if (n > POSITIONS)
			return POSITIONS + 1;
	}
	return n;
}

static struct part piece(struct reader *, const char **);

/* So many of what is written from `from` to `to`, whose first is there. */
static struct part copies(struct reader *r, struct part part, const char *from, const char *to, int least, int most)
{
	const char *end = r->end;
	struct part all = part;

	if (least > POSITIONS || most > POSITIONS || most == 0 || (most > 0 && most < least))
		return strange(r);
	if (most < 0 && least <= 1)
		return repeated(r, part, !least);
	all.empty |= !least;
	for (int i = 2; i <= (most < 0 ? least : most); i++) {
		const char *again = from;
		unsigned before = r->positions;

		r->end = to;
		part = piece(r, &again);
		r->end = end;
		if (r->strange || again != to || r->positions == before)
			return strange(r);
		if (most < 0 && i == least)
			part = repeated(r, part, 0);
		part.empty |= i > least;
		all = joined(r, all, part);
	}
	return all;
}

/* What is one, with signs of repetition. */
static struct part piece(struct reader *r, const char **at)
{
	const char *from = *at, *s = from;
	struct part part = atom(r, &s);

	while (!r->strange && s < r->end) {
		const char *to = s;

		if (*s == '*') {
			s++;
			part = repeated(r, part, 1);
		} else if (r->extended && *s == '+') {
			s++;
			part = repeated(r, part, 0);
		} else if (r->extended && *s == '?') {
			s++;
			part.empty = 1;
		} else if (at_sign(r, s, '{')) {
			int least, most;

			s += r->extended ? 1 : 2;
			least = most = number(&s, r->end);
			if (s < r->end && *s == ',') {
				s++;
				most = number(&s, r->end);
			}
			if (least < 0 || !at_sign(r, s, '}'))
				return strange(r);
			s += r->extended ? 1 : 2;
			part = copies(r, part, from, to, least, most);
		} else {
			break;
		}
	}
	*at = s;
	return part;
}

static struct part alternatives(struct reader *r, const char **at)
{
	struct part all = { 0 };

	for (const char *s = *at;;) {
		struct part branch = { .empty = 1 };
		const char *start = s;

		while (!r->strange && s < r->end && !at_sign(r, s, '|') && !at_sign(r, s, ')'))
			branch = joined(r, branch, piece(r, &s));
		/* What is empty as written has rules of its own. */
		if (r->strange || s == start)
			return strange(r);
		all.first |= branch.first;
		all.last |= branch.last;
		all.empty |= branch.empty;
		if (!at_sign(r, s, '|')) {
			*at = s;
			return all;
		}
		r->alternatives |= !r->depth;
		s += r->extended ? 1 : 2;
	}
}

/* Makes the automaton of a pattern, if it is one for it. */
static int read_pattern(struct automaton *to, const char *pattern, int flags)
{
	struct reader r = { .to = to, .extended = flags & REG_EXTENDED, .fold = flags & REG_ICASE, .newline = flags & REG_NEWLINE };
	const char *s = pattern;
	struct part all = { .empty = 1 };

	r.end = s + strlen(s);
	if (*s == '^') {
		to->from_start = 1;
		s++;
	}
	if (r.end > s && r.end[-1] == '$' && (r.end - 1 == s || r.end[-2] != '\\')) {
		to->to_end = 1;
		r.end--;
	}
	if (s < r.end) {
		if (*s == '*')
			return 0;
		all = alternatives(&r, &s);
	}
	/* A sign of a place would be one of an alternative's. */
	if (r.strange || s != r.end || ((to->from_start || to->to_end) && (r.newline || r.alternatives)))
		return 0;
	to->first = all.first;
	to->last = all.last;
	to->empty = all.empty;
	for (unsigned c = 0; c <= UCHAR_MAX; c++)
		to->stops[c] = c == 0 || c >= ASCII || to->takes[c] & to->first;
	return 1;
}

/* Where the automaton is kept. A regex_t that others have made has something else there. */
enum { KEPT, SEAL };

static void *seal(const struct automaton *automaton, const regex_t *regex)
{
	return (void *)~((uintptr_t)automaton ^ (uintptr_t)regex->__opaque);
}

static struct automaton *automaton_of(const regex_t *regex)
{
	struct automaton *automaton = regex->__padding[KEPT];

	return automaton && regex->__padding[SEAL] == seal(automaton, regex) ? automaton : 0;
}

PUBLIC int regcomp(regex_t *restrict regex, const char *restrict pattern, int flags)
{
	int failed = __musl_regcomp(regex, pattern, flags);
	struct automaton *automaton;

	if (failed)
		return failed;
	regex->__padding[KEPT] = 0;
	automaton = calloc(1, sizeof *automaton);
	if (!automaton)
		return 0;
	if (!read_pattern(automaton, pattern, flags)) {
		free(automaton);
		return 0;
	}
	automaton->no_matches = !!(flags & REG_NOSUB);
	regex->__padding[KEPT] = automaton;
	regex->__padding[SEAL] = seal(automaton, regex);
	return 0;
}

PUBLIC void regfree(regex_t *regex)
{
	struct automaton *automaton = automaton_of(regex);

	if (automaton) {
		regex->__padding[KEPT] = 0;
		free(automaton->states);
		free(automaton);
	}
	__musl_regfree(regex);
}

/* One character further, without the positions that a match may begin with. */
static uint64_t step(const struct automaton *a, uint64_t at, unsigned char c)
{
	uint64_t next = 0;

	for (; at; at &= at - 1)
		next |= a->follow[__builtin_ctzll(at)];
	return next & a->takes[c];
}

/* What a search has found out: whether a match ends in the text that it has seen, before which place none begins, and
   whether it met a character that is not ASCII. */
struct found {
	int is_match, is_other;
	size_t from;
};

static struct found search_by_positions(const struct automaton *a, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	struct found found = { 0 };
	uint64_t at = 0, first = a->first;

	for (;; s++) {
		if ((unsigned)*s - 1 >= ASCII - 1)
			break;
		at = step(a, at, *s) | (first & a->takes[*s]);
		if (a->from_start)
			first = 0;
		if (!a->to_end && at & a->last) {
			found.is_match = 1;
			return found;
		}
		if (!at) {
			if (a->from_start)
				return found;
			found.from = (size_t)((const char *)s + 1 - text);
		}
	}
	found.is_other = *s != 0;
	found.is_match = !*s && a->to_end && ((at & a->last) || (a->empty && (!a->from_start || s == (const unsigned char *)text)));
	return found;
}

enum { UNKNOWN, START, FOUND, FIRST_OTHER };

/* The state for positions, as a number. Without room all are forgotten. */
static unsigned state_for(struct automaton *a, uint64_t at)
{
	unsigned i;

	if (!at)
		return START;
	if (!a->to_end && at & a->last)
		return FOUND;
	for (i = FIRST_OTHER; i < a->known; i++)
		if (a->states[i].at == at)
			return i;
	if (i == STATES) {
		memset(a->states, 0, STATES * sizeof *a->states);
		i = FIRST_OTHER;
	}
	a->states[i].at = at;
	a->known = (unsigned char)(i + 1);
	return i;
}

/* The same by states; for patterns that may begin anywhere. */
static struct found search_by_states(struct automaton *a, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	struct found found = { 0 };
	unsigned state = START;

	for (;; s++) {
		unsigned next;

		if (state == START) {
			while (!a->stops[*s])
				s++;
			found.from = (size_t)((const char *)s - text);
		}
		if ((unsigned)*s - 1 >= ASCII - 1)
			break;
		next = a->states[state].next[*s];
		if (next == UNKNOWN) {
			uint64_t at = a->states[state].at;
			const unsigned known = a->known;

			next = state_for(a, step(a, at, *s) | (a->first & a->takes[*s]));
			/* Unless it is forgotten. */
			if (a->known >= known)
				a->states[state].next[*s] = (unsigned char)next;
		}
		state = next;
		if (state == FOUND) {
			found.is_match = 1;
			return found;
		}
	}
	found.is_other = *s != 0;
	found.is_match = !*s && a->to_end && (a->empty || (state != START && a->states[state].at & a->last));
	return found;
}

static struct found search(struct automaton *a, const char *text)
{
	struct found found;

	if (a->from_start || __atomic_exchange_n(&a->taken, 1, __ATOMIC_ACQUIRE))
		return search_by_positions(a, text);
	if (!a->states) {
		a->states = calloc(STATES, sizeof *a->states);
		a->known = FIRST_OTHER;
	}
	found = a->states ? search_by_states(a, text) : search_by_positions(a, text);
	__atomic_store_n(&a->taken, 0, __ATOMIC_RELEASE);
	return found;
}

/* The end of the longest match that begins here, or -1; -2 if there is a character that is not ASCII before that is known. */
static long long longest(const struct automaton *a, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	long long end = a->empty && (!a->to_end || !*s) ? 0 : -1;
	uint64_t at = 0;

	for (int first = 1; first || at; first = 0, s++) {
		if ((unsigned)*s - 1 >= ASCII - 1)
			return *s ? -2 : end;
		at = step(a, at, *s) | (first ? a->first & a->takes[*s] : 0);
		if (at & a->last && (!a->to_end || !s[1]))
			end = (const char *)s + 1 - text;
	}
	return end;
}

/* The leftmost and longest match, of which the pattern has no parts that are asked for. Whether it was found. */
static int whole_match(const struct automaton *a, const char *text, size_t from, size_t n, regmatch_t *matches)
{
	for (size_t start = from; start < from + STARTS; start++) {
		const long long length = longest(a, text + start);

		if (length == -2 || (length < 0 && (a->from_start || !text[start])))
			return 0;
		if (length < 0)
			continue;
		if (start + (size_t)length > INT_MAX)
			return 0;
		matches[0].rm_so = (regoff_t)start;
		matches[0].rm_eo = (regoff_t)(start + (size_t)length);
		for (size_t i = 1; i < n; i++)
			matches[i].rm_so = matches[i].rm_eo = -1;
		return 1;
	}
	return 0;
}

PUBLIC int regexec(const regex_t *restrict regex, const char *restrict text, size_t n, regmatch_t *restrict matches, int flags)
{
	struct automaton *a = automaton_of(regex);
	struct found found = { 0 };
	int failed;

	if (!a)
		return __musl_regexec(regex, text, n, matches, flags);
	if ((a->from_start && flags & REG_NOTBOL) || (a->to_end && flags & REG_NOTEOL))
		return REG_NOMATCH;
	if (a->no_matches)
		n = 0;
	if (a->empty && !a->to_end) {
		/* It matches at the beginning, if nothing else. */
		found.is_match = 1;
	} else {
		found = search(a, text);
		if (!found.is_match && !found.is_other)
			return REG_NOMATCH;
	}
	if (found.is_match && !found.is_other && (!n || (n == 1 || !regex->re_nsub)) && (!n || whole_match(a, text, found.from, n, matches)))
		return 0;
	if (found.from > INT_MAX)
		found.from = 0;
	failed = __musl_regexec(regex, text + found.from, n, matches, flags);
	for (size_t i = 0; !failed && i < n; i++) {
		if (matches[i].rm_so >= 0) {
			matches[i].rm_so += (regoff_t)found.from;
			matches[i].rm_eo += (regoff_t)found.from;
		}
	}
	return failed;
}

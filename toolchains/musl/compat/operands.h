/* What argp and getopt have in common: operands are put behind the options that follow them. */

static inline int is_operand(const char *word)
{
	return word[0] != '-' || !word[1];
}

static inline void reverse(char **words, int from, int to)
{
	while (from < --to) {
		char *word = words[from];
		words[from++] = words[to];
		words[to] = word;
	}
}

/* Puts the words from `from` behind those from `middle` to `to`. */
static inline void put_behind(char **words, int from, int middle, int to)
{
	reverse(words, from, middle);
	reverse(words, middle, to);
	reverse(words, from, to);
}

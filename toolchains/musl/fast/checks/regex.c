/* Whether this musl leaves those parts of a regex_t alone in which regex.c keeps what is its own: ends with 0 if so. */

#include <regex.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	regex_t regex;
	regmatch_t match;
	void *own[4];

	memset(own, 0x5a, sizeof own);
	memset(&regex, 0x5a, sizeof regex);
	if (regcomp(&regex, "b+", REG_EXTENDED) || !regex.__opaque || regexec(&regex, "abb", 1, &match, 0) || match.rm_so != 1 || match.rm_eo != 3 ||
		sizeof own != sizeof regex.__padding || memcmp(own, regex.__padding, sizeof own)) {
		fprintf(stderr, "error: this musl has a regex_t of another kind\n");
		return 1;
	}
	regfree(&regex);
	return memcmp(own, regex.__padding, sizeof own) != 0;
}

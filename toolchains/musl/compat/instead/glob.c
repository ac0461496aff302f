/* glob and its relatives as in glibc, in the place of musl's. Objects that were compiled with musl's own header call them too:
   they pass a structure of the same size, and no flag that reads what it has no name for. */

#include "../include/layer/glob.h"
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(glob_t) == sizeof(__musl_glob_t), "musl's structure");

enum { BACKSLASHES = 1, WILDCARDS = 2, HALF_BRACKET = 4 };
#define ALL_FLAGS 0x7fff
#define AS_IS (GLOB_NOCHECK | GLOB_NOMAGIC)

typedef int failed_function(const char *, int);

/* What a pattern has of these. */
static int kind(const char *pattern, int quote)
{
	int found = 0;
	for (; *pattern; pattern++) {
		if (*pattern == '?' || *pattern == '*' || (*pattern == ']' && (found & HALF_BRACKET)))
			return WILDCARDS;
		if (*pattern == '[')
			found |= HALF_BRACKET;
		if (*pattern == '\\' && quote) {
			found |= BACKSLASHES;
			if (pattern[1])
				pattern++;
		}
	}
	return found;
}

int glob_pattern_p(const char *pattern, int quote)
{
	return kind(pattern, quote) == WILDCARDS;
}

/* Three pieces as one string. */
static char *joined(const char *a, size_t length, const char *b, const char *c)
{
	size_t second = strlen(b), third = strlen(c);
	char *all = malloc(length + second + third + 1);
	if (all) {
		memcpy(all, a, length);
		memcpy(all + length, b, second);
		memcpy(all + length + second, c, third + 1);
	}
	return all;
}

/* Takes PATH, which may be null for want of memory, into the results. */
static int add(glob_t *all, char *path)
{
	size_t at = all->gl_offs + all->gl_pathc;
	char **grown = path ? realloc(all->gl_pathv, (at + 2) * sizeof *grown) : 0;
	if (!grown) {
		free(path);
		return GLOB_NOSPACE;
	}
	if (!all->gl_pathv)
		memset(grown, 0, at * sizeof *grown);
	grown[at] = path;
	grown[at + 1] = 0;
	all->gl_pathv = grown;
	all->gl_pathc++;
	return 0;
}

static int is_directory(const glob_t *all, int flags, const char *path)
{
	struct stat info;
	return !(flags & GLOB_ALTDIRFUNC ? all->gl_stat : stat)(path, &info) && S_ISDIR(info.st_mode);
}

static int exists(const glob_t *all, int flags, const char *path)
{
	struct stat info;
	return !(flags & GLOB_ALTDIRFUNC ? all->gl_lstat : lstat)(path, &info) || errno == EOVERFLOW;
}

/* Adds the entries of DIR that match; at least one, or GLOB_NOMATCH. */
static int entries(const char *pattern, const char *dir, const char *before, int *seen, failed_function *failed, glob_t *all)
{
	int flags = *seen, own = flags & GLOB_ALTDIRFUNC, status = GLOB_NOMATCH;
	int how = (flags & GLOB_PERIOD ? 0 : FNM_PERIOD) | (flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0);
	void *open = own ? all->gl_opendir(dir) : opendir(dir);
	struct dirent *entry;

	if (open)
		*seen |= GLOB_MAGCHAR;
	else
		return errno != ENOTDIR && ((failed && failed(dir, errno)) || (flags & GLOB_ERR)) ? GLOB_ABORTED : GLOB_NOMATCH;
	while (status != GLOB_NOSPACE && (entry = own ? all->gl_readdir(open) : readdir(open))) {
		int type = entry->d_type;
		if ((flags & GLOB_ONLYDIR) && type != DT_DIR && type != DT_LNK && type != DT_UNKNOWN)
			continue;
		if ((flags & GLOB_ONLYDIR) && type != DT_DIR) {
			char *path = joined(dir, strlen(dir), "/", entry->d_name);
			int leave = path && !is_directory(all, flags, path);
			free(path);
			if (leave)
				continue;
		}
		if (!fnmatch(pattern, entry->d_name, how))
			status = add(all, joined(before, strlen(before), entry->d_name, ""));
	}
	int number = errno;
	if (own)
		all->gl_closedir(open);
	else
		closedir(open);
	errno = number;
	return status;
}

/* Adds what PATTERN, without slashes, matches in DIR, with BEFORE in front of each. */
static int in_directory(const char *pattern, const char *dir, const char *before, int flags, failed_function *failed, glob_t *all)
{
	int status = GLOB_NOMATCH;
	if (kind(pattern, !(flags & GLOB_NOESCAPE))) {
		status = entries(pattern, dir, before, &flags, failed, all);
	} else if (flags & AS_IS) {
		flags |= GLOB_NOCHECK;
	} else {
		char *path = joined(dir, strlen(dir), "/", pattern);
		if (!path)
			return GLOB_NOSPACE;
		if (exists(all, flags, path))
			flags |= GLOB_NOCHECK;
		free(path);
	}
	if (status == GLOB_NOMATCH && (flags & GLOB_NOCHECK))
		status = add(all, joined(before, strlen(before), pattern, ""));
	if (!status)
		all->gl_flags = flags;
	return status;
}

/* Takes backslashes away that are before other characters, and one at the end. */
static void unescape(char *text)
{
	char *to = text;
	for (; *text; text++) {
		if (*text == '\\' && !*++text)
			break;
		*to++ = *text;
	}
	*to = 0;
}

/* Takes away a backslash at the end that is not itself behind one; says whether there was one. */
static int unescape_end(char *text)
{
	size_t length = strlen(text), last = length;
	while (last && text[last - 1] == '\\')
		last--;
	if ((length - last) & 1)
		text[length - 1] = 0;
	return (length - last) & 1;
}

static char *home_of(const char *user)
{
	struct passwd entry, *found = 0;
	char room[4096];
	if (*user)
		getpwnam_r(user, &entry, room, sizeof room, &found);
	else
		getpwuid_r(getuid(), &entry, room, sizeof room, &found);
	return found ? strdup(found->pw_dir) : 0;
}

/* A path that begins with `~`, with the home directory in its place; TEXT is freed if so. Null with `status` set. */
static char *expanded(char *text, int flags, int *status, int *changed)
{
	size_t length = strcspn(text, "/");
	char *user = joined(text + 1, length - 1, "", ""), *home = 0, *all = text;
	if (user && !(flags & GLOB_NOESCAPE))
		unescape(user);
	if (user && !*user && getenv("HOME") && *getenv("HOME"))
		home = strdup(getenv("HOME"));
	else if (user)
		home = home_of(user);
	if (home) {
		all = joined(home, strlen(home), text + length, "");
		*changed = 1;
		*status = all ? 0 : GLOB_NOSPACE;
		free(text);
	} else if (flags & GLOB_TILDE_CHECK) {
		*status = GLOB_NOMATCH;
		free(text);
		all = 0;
	}
	free(user);
	free(home);
	return all;
}

/* The end of one alternative: the `,` or `}` that is not in inner braces; null if there is none. */
static const char *alternative_end(const char *at, int flags)
{
	for (int depth = 0; *at; at++) {
		if (*at == '\\' && !(flags & GLOB_NOESCAPE)) {
			if (!*++at)
				return 0;
		} else if (*at == '{') {
			depth++;
		} else if (*at == '}' && !depth--) {
			return at;
		} else if (*at == ',' && !depth) {
			return at;
		}
	}
	return 0;
}

/* Each alternative of the first braces as a pattern of its own; -1 where the braces are none or match nothing as such. */
static int braces(const char *pattern, int flags, failed_function *failed, glob_t *all)
{
	const char *open = pattern, *end, *rest;
	size_t count = all->gl_pathc;

	while (*open && *open != '{')
		open += *open == '\\' && open[1] && !(flags & GLOB_NOESCAPE) ? 2 : 1;
	if (!*open)
		return -1;
	for (rest = alternative_end(open + 1, flags); rest && *rest != '}';)
		rest = alternative_end(rest + 1, flags);
	if (!rest)
		return glob(pattern, flags & ~GLOB_BRACE, failed, all);
	for (const char *at = open + 1;; at = end + 1) {
		end = alternative_end(at, flags);
		char *middle = joined(at, end - at, rest + 1, ""), *one = middle ? joined(pattern, open - pattern, middle, "") : 0;
		int status = one ? glob(one, (flags & ~AS_IS) | GLOB_APPEND, failed, all) : GLOB_NOSPACE;
		free(middle);
		free(one);
		if (status && status != GLOB_NOMATCH) {
			if (!(flags & GLOB_APPEND)) {
				globfree(all);
				all->gl_pathc = 0;
			}
			return status;
		}
		if (*end == '}')
			break;
	}
	return all->gl_pathc != count ? 0 : flags & AS_IS ? -1 : GLOB_NOMATCH;
}

/* What NAME matches in each directory that DIR matches. */
static int in_directories(const char *name, const char *dir, int flags, failed_function *failed, glob_t *all)
{
	glob_t dirs = *all;
	int status = glob(dir, (flags & (GLOB_ERR | GLOB_NOESCAPE | GLOB_ALTDIRFUNC)) | GLOB_NOSORT | GLOB_ONLYDIR, failed, &dirs);
	if (status)
		return status;
	for (size_t i = 0; i < dirs.gl_pathc; i++) {
		const char *each = dirs.gl_pathv[i];
		char *before = joined(each, strlen(each), strcmp(each, "/") ? "/" : "", "");
		int found = before ? in_directory(name, each, before, (flags | GLOB_APPEND) & ~AS_IS, failed, all) : GLOB_NOSPACE;
		free(before);
		if (found && found != GLOB_NOMATCH) {
			globfree(&dirs);
			globfree(all);
			all->gl_pathc = 0;
			return found;
		}
	}
	globfree(&dirs);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Marks directories from FIRST on and sorts. */
static int finish(glob_t *all, size_t first, int flags)
{
	char **paths = all->gl_pathv + all->gl_offs;
	for (size_t i = first; (flags & GLOB_MARK) && i < all->gl_pathc; i++) {
		if (!is_directory(all, flags, paths[i]))
			continue;
		char *marked = joined(paths[i], strlen(paths[i]), "/", "");
		if (!marked)
			return GLOB_NOSPACE;
		free(paths[i]);
		paths[i] = marked;
	}
	if (!(flags & GLOB_NOSORT))
		qsort(paths + first, all->gl_pathc - first, sizeof *paths, compare);
	return 0;
}

/* The results of a pattern without braces, whose part before the last slash is DIR (freed); without NAME it is a home directory. */
static int in_path(const char *pattern, char *dir, const char *name, int flags, failed_function *failed, glob_t *all)
{
	size_t first = all->gl_pathc;
	int status = 0, changed = 0, given = flags, has;
	const char *where;

	if (dir[0] == '~' && (flags & (GLOB_TILDE | GLOB_TILDE_CHECK)) && !(dir = expanded(dir, flags, &status, &changed)))
		return status;
	if (!name) {
		status = add(all, strdup(dir));
		free(dir);
		all->gl_flags = flags;
		return status ? status : finish(all, first, flags);
	}
	has = kind(dir, !(flags & GLOB_NOESCAPE));
	if (has & (WILDCARDS | HALF_BRACKET)) {
		if (!(flags & GLOB_NOESCAPE))
			unescape_end(dir);
		status = in_directories(name, dir, flags, failed, all);
		if (!status) {
			flags |= GLOB_MAGCHAR;
			status = all->gl_pathc == first ? GLOB_NOMATCH : 0;
		}
	} else {
		if (has & BACKSLASHES)
			unescape(dir);
		if (changed || (has & BACKSLASHES))
			flags &= ~AS_IS;
		where = *dir ? dir : ".";
		char *before = joined(dir, strlen(dir), *dir && strcmp(dir, "/") ? "/" : "", "");
		status = before ? in_directory(name, where, before, flags, failed, all) : GLOB_NOSPACE;
		free(before);
		if (status == GLOB_NOMATCH)
			flags = given;
	}
	free(dir);
	if (status == GLOB_NOMATCH && (flags & GLOB_NOCHECK)) {
		status = add(all, strdup(pattern));
		all->gl_flags = flags;
		return status;
	}
	return status ? status : finish(all, first, flags);
}

/* The results of a pattern with a slash at its end. */
static int with_slash(const char *pattern, char *dir, int flags, failed_function *failed, glob_t *all)
{
	int given = flags, status;
	if (!(flags & GLOB_NOESCAPE) && unescape_end(dir))
		flags &= ~AS_IS;
	status = glob(dir, flags | GLOB_MARK, failed, all);
	free(dir);
	if (!status)
		all->gl_flags = (all->gl_flags & ~GLOB_MARK) | (flags & GLOB_MARK);
	if (status == GLOB_NOMATCH && (given & ~flags & GLOB_NOCHECK)) {
		all->gl_flags = given;
		return add(all, strdup(pattern));
	}
	return status;
}

int glob(const char *restrict pattern, int flags, failed_function *failed, glob_t *restrict all)
{
	const char *name;
	size_t length;
	char *dir;

	if (!pattern || !all || (flags & ~ALL_FLAGS)) {
		errno = EINVAL;
		return -1;
	}
	if (*pattern && pattern[strlen(pattern) - 1] == '/')
		flags |= GLOB_ONLYDIR;
	if (!(flags & GLOB_DOOFFS))
		all->gl_offs = 0;
	if (!(flags & GLOB_APPEND)) {
		all->gl_pathc = 0;
		all->gl_pathv = flags & GLOB_DOOFFS ? calloc(all->gl_offs + 1, sizeof *all->gl_pathv) : 0;
		if ((flags & GLOB_DOOFFS) && !all->gl_pathv)
			return GLOB_NOSPACE;
	}
	if (flags & GLOB_BRACE) {
		int status = braces(pattern, flags, failed, all);
		if (status != -1)
			return status;
	}
	name = strrchr(pattern, '/');
	length = name ? name - pattern : 0;
	if (!name && *pattern == '~' && (flags & (GLOB_TILDE | GLOB_TILDE_CHECK))) {
		dir = strdup(pattern);
		return dir ? in_path(pattern, dir, 0, flags, failed, all) : GLOB_NOSPACE;
	}
	if (!*pattern)
		return flags & GLOB_NOCHECK ? add(all, strdup("")) : GLOB_NOMATCH;
	if (name && (!length || (length == 1 && *pattern == '\\' && !(flags & GLOB_NOESCAPE))))
		dir = strdup("/");
	else
		dir = joined(pattern, length, "", "");
	if (!dir)
		return GLOB_NOSPACE;
	name = name ? name + 1 : pattern;
	if (!*name && length > 1)
		return with_slash(pattern, dir, flags, failed, all);
	return in_path(pattern, dir, name, flags, failed, all);
}

#undef glob64
int glob64(const char *restrict, int, failed_function *, glob_t *restrict) __attribute__((__weak__, __alias__("glob")));

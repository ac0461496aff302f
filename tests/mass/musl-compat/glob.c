/* What glob finds in a tree of its own: each pattern with each set of flags, and a file system that is made up. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const patterns[] = {
	"", "*", "a", "none", "none*", "a*", "?", "[ab]", "[ab", "[!a]*", "[]]", "[", "]", ".*", ".h*", "*.c", "dir", "dir/", "dir//", "dir/*",
	"dir/.*", "dir/sub/*", "dir//x.c", "d*/", "d*//", "*/", "*/*", "*/*/*", "*/x.c", "*/none", "none/*", "none/", "none/x", "a/", "a/*",
	"l*", "l*/", "link/", "link/*", "dangling", "dang*", "dangling/", "./*", "./a", "../tree/a", "*/../a", "dir/./x.c", "/", "//", "/*ev", "/dev/nul*", "/dev/null",
	"\\a", "\\*", "\\*x", "star\\*", "star*", "sta\\r\\*", "d\\ir/*", "d\\ir/x.c", "dir\\/x.c", "d*\\/x.c", "dir\\/", "a\\", "\\", "\\/dev/null", "d\\ir/none", "d\\ir/none*", "\\/",
	"{a,b}", "{b,a}", "{b,a}*", "{}", "a{}", "{a}", "{a", "a}", "{a,b", "{,a}", "{a,}", "{a,,b}", "{none,a}", "{none,nil}", "{n*,m*}", "{none,nil}*",
	"dir/{x,y}.c", "{dir,d2}/*", "{dir,d2}/{x,y}.c", "{d{ir,2},none}/*", "{{a,b},{dir,d2}}", "*.{c,h}", "{*.h,*.c}", "\\{a,b}", "{a\\,b}", "{\\{a,b}", "{a,b\\}", "[{a,b}]", "{[a,b]}", "{a,b}{a,b}", "{a,{b,c},d{ir,2}}", "{dir/,d2/}", "{dir,d2}/", "x{a,b}{", "{a,b}}", "{{a,b}", "{~,a}",
	"~", "~/", "~/*", "~/a", "~root", "~root/", "~nobody-of-that-name", "~nobody-of-that-name/", "~nobody-of-that-name/*", "\\~", "~\\/a", "~/none", "~/none*", "a~", "*~*"};

static const int flags[] = {0, GLOB_MARK, GLOB_NOCHECK, GLOB_NOMAGIC, GLOB_NOESCAPE, GLOB_PERIOD, GLOB_ONLYDIR, GLOB_BRACE, GLOB_BRACE | GLOB_NOCHECK,
	GLOB_BRACE | GLOB_NOMAGIC, GLOB_BRACE | GLOB_MARK, GLOB_BRACE | GLOB_NOESCAPE, GLOB_BRACE | GLOB_NOESCAPE | GLOB_NOCHECK, GLOB_TILDE, GLOB_TILDE | GLOB_BRACE,
	GLOB_TILDE_CHECK, GLOB_TILDE | GLOB_NOCHECK, GLOB_TILDE_CHECK | GLOB_NOCHECK, GLOB_TILDE | GLOB_MARK, GLOB_TILDE | GLOB_NOESCAPE, GLOB_ERR, GLOB_MARK | GLOB_PERIOD, GLOB_MARK | GLOB_ONLYDIR,
	GLOB_BRACE | GLOB_ONLYDIR | GLOB_PERIOD, GLOB_NOMAGIC | GLOB_NOCHECK, GLOB_TILDE | GLOB_BRACE | GLOB_NOMAGIC | GLOB_MARK};

static int searches;

static int complain(const char *path, int number)
{
	printf("  complaint %s %d\n", path, number);
	return 0;
}

static int stop(const char *path, int number)
{
	return complain(path, number) + 1;
}

static void show(const char *pattern, int how, int status, const glob_t *found)
{
	printf("%s %#x: %d %zu %d", pattern, how, status, found->gl_pathc, !!(found->gl_flags & GLOB_MAGCHAR));
	for (size_t i = 0; found->gl_pathv && i < found->gl_offs + found->gl_pathc; i++)
		printf(" '%s'", found->gl_pathv[i] ? found->gl_pathv[i] : "-");
	puts(found->gl_pathv && !found->gl_pathv[found->gl_offs + found->gl_pathc] ? " end" : "");
	searches++;
}

/* A file system with one directory, `made`. */
static const char *const made[] = {"x", "y", "z.c", ".dot", "under"};
static struct {
	int at;
	struct dirent entry;
} opened;

static void *made_open(const char *path)
{
	printf("  open %s\n", path);
	if (strcmp(path, "made") && strcmp(path, "made/under")) {
		errno = strcmp(path, "made/x") ? EACCES : ENOTDIR;
		return 0;
	}
	opened.at = 0;
	return &opened;
}

static struct dirent *made_read(void *from)
{
	(void)from;
	if (opened.at == sizeof made / sizeof *made)
		return 0;
	strcpy(opened.entry.d_name, made[opened.at]);
	opened.entry.d_ino = 1;
	opened.entry.d_type = opened.at++ == 4 ? DT_DIR : DT_UNKNOWN;
	return &opened.entry;
}

static void made_close(void *from)
{
	(void)from;
	puts("  close");
}

static int made_stat(const char *path, struct stat *info)
{
	printf("  stat %s\n", path);
	memset(info, 0, sizeof *info);
	info->st_mode = strstr(path, "under") || !strcmp(path, "made") ? S_IFDIR : S_IFREG;
	if (!strncmp(path, "made", 4) && !strstr(path, "none"))
		return 0;
	errno = ENOENT;
	return -1;
}

static void made_up(void)
{
	static const char *const of[] = {"made/*", "made/*/", "made/[xy]", "made/[uxy]*/", "made/x", "made/none", "made/under/*", "other/*", "*", "made/x/*", "{made/[xy],other/*,made/under/z*}", "m*/x", "made/under/"};
	static const int with[] = {0, GLOB_MARK, GLOB_BRACE, GLOB_BRACE | GLOB_MARK, GLOB_ERR, GLOB_ONLYDIR, GLOB_NOCHECK};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		for (size_t j = 0; j < sizeof with / sizeof *with; j++) {
			glob_t found;
			memset(&found, 0, sizeof found);
			found.gl_opendir = made_open;
			found.gl_readdir = made_read;
			found.gl_closedir = made_close;
			found.gl_stat = found.gl_lstat = made_stat;
			int status = glob(of[i], with[j] | GLOB_ALTDIRFUNC, j % 2 ? stop : complain, &found);
			show(of[i], with[j], status, &found);
			globfree(&found);
		}
}

static void tree(void)
{
	static const char *const dirs[] = {"tree", "tree/dir", "tree/dir/sub", "tree/d2", "tree/.hidden", "tree/dir/.deep", "tree/dir.x"};
	static const char *const files[] = {"a", "b", "c.c", "h.h", "B.c", "star*", "*", "{a", "{a,b}", "b}", "a,b", "dir/x.c", "dir/y.c", "dir/sub/s", "d2/x.c", "d2/z", ".hide", "dir/.in", "~", "[", "]", "x{a", "a~", "n~e"};
	char path[200];
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		mkdir(dirs[i], 0755);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "tree/%s", files[i]);
		fclose(fopen(path, "w"));
	}
	if (chdir("tree") || (symlink("dir", "link") && errno != EEXIST) || (symlink("a", "lfile") && errno != EEXIST) || (symlink("nowhere", "dangling") && errno != EEXIST))
		exit(9);
	setenv("HOME", "../tree", 1);
}

int main(int argc, char **argv)
{
	glob_t found;
	(void)argv;
	tree();
	if (argc > 1)
		setenv("HOME", "/", 1);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
			memset(&found, 0, sizeof found);
			int status = glob(patterns[i], flags[j], complain, &found);
			show(patterns[i], flags[j], status, &found);
			globfree(&found);
		}
	/* One after another into the same results, with room before them. */
	for (int how = 0; how < 2; how++) {
		memset(&found, 0, sizeof found);
		found.gl_offs = 3;
		int more = how ? GLOB_DOOFFS : 0;
		show("none", how, glob("none", GLOB_BRACE | more, 0, &found), &found);
		show("*.h", how, glob("*.h", more | GLOB_APPEND, 0, &found), &found);
		show("{c,a}*", how, glob("{c,a}*", GLOB_BRACE | GLOB_APPEND | more, 0, &found), &found);
		show("none", how, glob("none", GLOB_APPEND | more, 0, &found), &found);
		show("{no,nil}", how, glob("{no,nil}", GLOB_BRACE | GLOB_NOCHECK | GLOB_APPEND | more, 0, &found), &found);
		globfree(&found);
	}
	errno = 0;
	printf("%d", glob("a", 1 << 20, 0, &found));
	printf(" %d\n", errno == EINVAL);
	printf("%d %d %d %d\n", glob_pattern_p("a*", 1), glob_pattern_p("a\\*", 1), glob_pattern_p("a\\*", 0), glob_pattern_p("[a", 1));
	made_up();
	printf("%d searches\n", searches);
	return 0;
}

/* Makes a tree with files, links, cycles and what can't be read, and walks it with all options. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void file(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY, 0644));
}

static void make_tree(void)
{
	char deep[64] = "tree/deep";
	mkdir("tree", 0755);
	mkdir("tree/a", 0755);
	mkdir("tree/a/b", 0755);
	mkdir("tree/empty", 0755);
	mkdir(deep, 0755);
	for (int i = 0; i < 10; i++)
		mkdir(strcat(deep, "/d"), 0755);
	file(strcat(deep, "/f"));
	file("tree/one");
	file("tree/a/two");
	file("tree/a/b/three");
	mkfifo("tree/pipe", 0644);
	symlink("a", "tree/link");
	symlink("one", "tree/link-to-file");
	symlink("nothing", "tree/dangling");
	symlink("..", "tree/a/cycle");
}

static void show(const FTSENT *entry)
{
	printf("%d %d %s %s len %d %d errno %d cycle %s", entry->fts_info, entry->fts_level, entry->fts_path, entry->fts_name,
	       (int)entry->fts_pathlen, (int)entry->fts_namelen, entry->fts_errno,
	       entry->fts_info == FTS_DC ? entry->fts_cycle->fts_name : "none");
	if (entry->fts_info == FTS_F)
		printf(" reachable %d", access(entry->fts_accpath, R_OK) == 0);
	printf(" number %ld\n", entry->fts_number);
}

static void walk(char *const *paths, int options, const char *what)
{
	FTS *tree = fts_open(paths, options, by_name);
	FTSENT *entry, *child;

	printf("== %#x %s\n", options, what);
	if (!tree) {
		printf("no walk: %d\n", errno);
		return;
	}
	if (!strcmp(what, "roots"))
		for (child = fts_children(tree, 0); child; child = child->fts_link)
			printf("root %s %d\n", child->fts_name, child->fts_info);
	while (errno = 0, (entry = fts_read(tree)) != 0) {
		show(entry);
		if (!strcmp(what, "skip") && !strcmp(entry->fts_name, "a"))
			fts_set(tree, entry, FTS_SKIP);
		if (!strcmp(what, "follow") && entry->fts_info == FTS_SL)
			fts_set(tree, entry, FTS_FOLLOW);
		if (!strcmp(what, "again") && !entry->fts_number++)
			fts_set(tree, entry, FTS_AGAIN);
		if (!strcmp(what, "bad")) {
			int refused = fts_set(tree, entry, 77);
			printf("bad %d %d\n", refused, errno);
		}
		if ((!strcmp(what, "children") || !strcmp(what, "names") || !strcmp(what, "marked")) && entry->fts_info == FTS_D) {
			for (child = fts_children(tree, what[0] == 'n' ? FTS_NAMEONLY : 0); child; child = child->fts_link) {
				printf("child %s %d\n", child->fts_name, what[0] == 'n' ? 0 : child->fts_info);
				child->fts_number = 5;
				if (what[0] == 'm' && child->fts_info == FTS_F)
					fts_set(tree, child, FTS_SKIP);
			}
			printf("wrong %d\n", fts_children(tree, 3) == 0 && errno == EINVAL);
		}
	}
	int ended = errno;
	printf("ends %d, ", ended);
	printf("closed %d\n", fts_close(tree));
}

int main(void)
{
	static char *const one[] = {"tree", 0}, *const two[] = {"tree/one", "tree/a/", "missing", "tree/dangling", "tree/link", "./tree/empty", 0},
		   *const wrong[] = {"tree", "", 0}, *const dots[] = {"tree/a/..", ".", 0};
	static const char *const ways[] = {"plain", "roots", "skip", "follow", "again", "bad", "children", "names", "marked"};

	make_tree();
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
		for (int options = FTS_PHYSICAL; options >= FTS_LOGICAL; options -= FTS_PHYSICAL - FTS_LOGICAL) {
			walk(one, options, ways[i]);
			walk(one, options | FTS_NOCHDIR | FTS_COMFOLLOW, ways[i]);
			walk(two, options, ways[i]);
			walk(two, options | FTS_COMFOLLOW | FTS_SEEDOT, ways[i]);
			walk(one, options | FTS_NOSTAT | FTS_XDEV, ways[i]);
		}
	walk(wrong, FTS_PHYSICAL, "wrong");
	walk(one, 0x4000, "wrong");
	walk(dots, FTS_PHYSICAL, "dots");
	/* A directory that can't be read, where permissions count. */
	chmod("tree/a/b", 0);
	if (setuid(65534) == 0)
		walk(one, FTS_PHYSICAL | FTS_NOCHDIR, "unreadable");
	return 0;
}

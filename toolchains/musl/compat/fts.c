/* fts.h: walking of file trees. The current directory stays what it is, as FTS_NOCHDIR lets a program ask for: a path for
   access is the path itself. */

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An entry with what it points at. */
struct entry {
	FTSENT shown;
	struct stat stat;
	char path[];
};

static FTSENT *new_entry(const char *dir, size_t length, const char *name)
{
	size_t more = strlen(name);
	int slash = length && dir[length - 1] != '/';
	struct entry *entry = calloc(1, sizeof *entry + length + slash + more + 1);

	if (!entry)
		return 0;
	memcpy(entry->path, dir, length);
	if (slash)
		entry->path[length] = '/';
	memcpy(entry->path + length + slash, name, more + 1);
	entry->shown = (FTSENT){.fts_path = entry->path, .fts_accpath = entry->path, .fts_pathlen = length + slash + more,
				.fts_name = entry->path + length + slash, .fts_namelen = more, .fts_statp = &entry->stat,
				.fts_instr = FTS_NOINSTR};
	return &entry->shown;
}

static void free_list(FTSENT *entry)
{
	while (entry) {
		FTSENT *next = entry->fts_link;
		free(entry);
		entry = next;
	}
}

static int is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* What an entry is; sets its fields. */
static int examine(FTS *fts, FTSENT *entry, int follow)
{
	struct stat *stated = entry->fts_statp;

	entry->fts_errno = 0;
	if (follow || (fts->fts_options & FTS_LOGICAL)) {
		if (stat(entry->fts_path, stated)) {
			int why = errno;
			if (!lstat(entry->fts_path, stated)) {
				errno = 0;
				return FTS_SLNONE;
			}
			entry->fts_errno = why;
		}
	} else if (lstat(entry->fts_path, stated)) {
		entry->fts_errno = errno;
	}
	if (entry->fts_errno) {
		memset(stated, 0, sizeof *stated);
		return FTS_NS;
	}
	if (S_ISDIR(stated->st_mode)) {
		entry->fts_dev = stated->st_dev;
		entry->fts_ino = stated->st_ino;
		entry->fts_nlink = stated->st_nlink;
		if (is_dot(entry->fts_name))
			return FTS_DOT;
		for (FTSENT *above = entry->fts_parent; above->fts_level >= FTS_ROOTLEVEL; above = above->fts_parent)
			if (above->fts_ino == entry->fts_ino && above->fts_dev == entry->fts_dev) {
				entry->fts_cycle = above;
				return FTS_DC;
			}
		return FTS_D;
	}
	return S_ISLNK(stated->st_mode) ? FTS_SL : S_ISREG(stated->st_mode) ? FTS_F : FTS_DEFAULT;
}

/* Merges two sorted lists; of equals, those of the first come first. */
static FTSENT *merge(FTS *fts, FTSENT *a, FTSENT *b)
{
	FTSENT *first = 0, **end = &first;

	while (a && b) {
		const FTSENT *left = a, *right = b;
		FTSENT **taken = fts->fts_compar(&left, &right) <= 0 ? &a : &b;
		*end = *taken;
		end = &(*taken)->fts_link;
		*taken = *end;
	}
	*end = a ? a : b;
	return first;
}

static FTSENT *sorted(FTS *fts, FTSENT *list)
{
	FTSENT *middle = list, *half;

	if (!fts->fts_compar || !list || !list->fts_link)
		return list;
	for (FTSENT *end = list->fts_link; end && end->fts_link; end = end->fts_link->fts_link)
		middle = middle->fts_link;
	half = middle->fts_link;
	middle->fts_link = 0;
	return merge(fts, sorted(fts, list), sorted(fts, half));
}

FTS *fts_open(char *const *paths, int options, int (*compare)(const FTSENT **, const FTSENT **))
{
	FTS *fts;
	FTSENT *parent, *start, **end;

	if (options & ~FTS_OPTIONMASK) {
		errno = EINVAL;
		return 0;
	}
	fts = calloc(1, sizeof *fts);
	parent = new_entry("", 0, "");
	start = new_entry("", 0, "");
	if (!fts || !parent || !start)
		goto failed;
	fts->fts_compar = compare;
	fts->fts_options = options;
	parent->fts_level = FTS_ROOTPARENTLEVEL;
	start->fts_info = FTS_INIT;
	start->fts_level = FTS_ROOTLEVEL;
	start->fts_parent = parent;
	end = &start->fts_link;
	for (; *paths; paths++) {
		FTSENT *root;
		if (!**paths) {
			errno = ENOENT;
			goto failed;
		}
		root = *end = new_entry("", 0, *paths);
		if (!root)
			goto failed;
		root->fts_level = FTS_ROOTLEVEL;
		root->fts_parent = parent;
		root->fts_info = examine(fts, root, options & FTS_COMFOLLOW);
		/* Named, they are directories like others. */
		if (root->fts_info == FTS_DOT)
			root->fts_info = FTS_D;
		end = &root->fts_link;
	}
	start->fts_link = sorted(fts, start->fts_link);
	fts->fts_cur = start;
	return fts;
failed:
	free_list(start);
	free(parent);
	free(fts);
	return 0;
}

/* A root that the walk comes to goes by its last component. */
static FTSENT *enter_root(FTS *fts, FTSENT *root)
{
	char *slash = strrchr(root->fts_name, '/');

	if (slash && (slash != root->fts_name || slash[1])) {
		root->fts_name = slash + 1;
		root->fts_namelen = strlen(slash + 1);
	}
	fts->fts_dev = root->fts_dev;
	return root;
}

static int is_not_asked_for(FTS *fts, const struct dirent *found)
{
	return (fts->fts_options & FTS_NOSTAT) && (fts->fts_options & FTS_PHYSICAL) && found->d_type != DT_DIR
	       && found->d_type != DT_UNKNOWN;
}

/* Reads the directory that the walk is at. Without entries, *WHY is what kept it from being read, or 0. */
static FTSENT *read_directory(FTS *fts, int names_only, int *why)
{
	FTSENT *dir = fts->fts_cur, *list = 0, **end = &list;
	DIR *stream = opendir(dir->fts_path);
	struct dirent *found;

	*why = stream ? 0 : errno;
	while (stream && (errno = 0, found = readdir(stream))) {
		if (is_dot(found->d_name) && !(fts->fts_options & FTS_SEEDOT))
			continue;
		FTSENT *entry = *end = new_entry(dir->fts_path, dir->fts_pathlen, found->d_name);
		if (!entry) {
			*why = ENOMEM;
			break;
		}
		end = &entry->fts_link;
		entry->fts_parent = dir;
		entry->fts_level = dir->fts_level + 1;
		entry->fts_info = names_only || is_not_asked_for(fts, found) ? FTS_NSOK : examine(fts, entry, 0);
	}
	if (stream && !*why)
		*why = errno;
	if (stream)
		closedir(stream);
	if (*why) {
		free_list(list);
		list = 0;
	}
	return sorted(fts, list);
}

/* Goes down into the directory that the walk is at, or says why not. */
static FTSENT *descend(FTS *fts, FTSENT *dir)
{
	int why = 0;

	if (fts->fts_child && (fts->fts_options & FTS_NAMEONLY)) {
		free_list(fts->fts_child);
		fts->fts_child = 0;
	}
	fts->fts_options &= ~FTS_NAMEONLY;
	if (!fts->fts_child)
		fts->fts_child = read_directory(fts, 0, &why);
	FTSENT *first = fts->fts_child;
	fts->fts_child = 0;
	if (first)
		return first;
	dir->fts_info = why ? FTS_DNR : FTS_DP;
	dir->fts_errno = why;
	return dir;
}

FTSENT *fts_read(FTS *fts)
{
	FTSENT *entry = fts->fts_cur;
	int instruction;

	if (!entry)
		return 0;
	instruction = entry->fts_instr;
	entry->fts_instr = FTS_NOINSTR;
	if (instruction == FTS_AGAIN) {
		entry->fts_info = examine(fts, entry, 0);
		return entry;
	}
	if (instruction == FTS_FOLLOW && (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE)) {
		entry->fts_info = examine(fts, entry, 1);
		return entry;
	}
	if (entry->fts_info == FTS_D) {
		if (instruction == FTS_SKIP || ((fts->fts_options & FTS_XDEV) && entry->fts_dev != fts->fts_dev)) {
			free_list(fts->fts_child);
			fts->fts_child = 0;
			entry->fts_info = FTS_DP;
			return entry;
		}
		return fts->fts_cur = descend(fts, entry);
	}
	goto next;
	for (;;) {
		if (entry->fts_instr == FTS_FOLLOW) {
			entry->fts_info = examine(fts, entry, 1);
			entry->fts_instr = FTS_NOINSTR;
		}
		if (entry->fts_instr != FTS_SKIP)
			return fts->fts_cur = entry;
	next:;
		FTSENT *following = entry->fts_link, *above = entry->fts_parent;
		free(entry);
		if (!following) {
			fts->fts_cur = above;
			if (above->fts_level == FTS_ROOTPARENTLEVEL) {
				free(above);
				fts->fts_cur = 0;
				errno = 0;
				return 0;
			}
			above->fts_info = above->fts_errno ? FTS_ERR : FTS_DP;
			return above;
		}
		entry = following;
		if (entry->fts_level == FTS_ROOTLEVEL)
			return fts->fts_cur = enter_root(fts, entry);
	}
}

FTSENT *fts_children(FTS *fts, int instruction)
{
	FTSENT *entry = fts->fts_cur;
	int why;

	if (instruction && instruction != FTS_NAMEONLY) {
		errno = EINVAL;
		return 0;
	}
	errno = 0;
	if (!entry)
		return 0;
	if (entry->fts_info == FTS_INIT)
		return entry->fts_link;
	if (entry->fts_info != FTS_D)
		return 0;
	free_list(fts->fts_child);
	fts->fts_options = (fts->fts_options & ~FTS_NAMEONLY) | instruction;
	fts->fts_child = read_directory(fts, instruction == FTS_NAMEONLY, &why);
	errno = why;
	return fts->fts_child;
}

int fts_set(FTS *fts, FTSENT *entry, int instruction)
{
	(void)fts;
	if (instruction && instruction != FTS_AGAIN && instruction != FTS_FOLLOW && instruction != FTS_NOINSTR
	    && instruction != FTS_SKIP) {
		errno = EINVAL;
		return 1;
	}
	entry->fts_instr = instruction;
	return 0;
}

int fts_close(FTS *fts)
{
	FTSENT *entry = fts->fts_cur;

	free_list(fts->fts_child);
	while (entry) {
		FTSENT *next = entry->fts_link ? entry->fts_link : entry->fts_parent;
		free(entry);
		entry = next;
	}
	free(fts);
	return 0;
}

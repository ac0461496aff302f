/* Walking of file trees, as fts(3) describes it. */
#ifndef _FTS_H
#define _FTS_H 1

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stat;

typedef struct _ftsent {
	struct _ftsent *fts_cycle; /* the directory that a cycle leads back to */
	struct _ftsent *fts_parent;
	struct _ftsent *fts_link; /* the next one of its directory */
	long fts_number;          /* these two are the program's */
	void *fts_pointer;
	char *fts_accpath;
	char *fts_path;
	int fts_errno;
	size_t fts_pathlen;
	size_t fts_namelen;
	ino_t fts_ino;
	dev_t fts_dev;
	nlink_t fts_nlink;
	short fts_level;
	unsigned short fts_info;
	unsigned short fts_flags;
	unsigned short fts_instr;
	struct stat *fts_statp;
	char *fts_name;
} FTSENT;

#define FTS_ROOTPARENTLEVEL -1
#define FTS_ROOTLEVEL 0

/* fts_info */
#define FTS_D 1
#define FTS_DC 2
#define FTS_DEFAULT 3
#define FTS_DNR 4
#define FTS_DOT 5
#define FTS_DP 6
#define FTS_ERR 7
#define FTS_F 8
#define FTS_INIT 9
#define FTS_NS 10
#define FTS_NSOK 11
#define FTS_SL 12
#define FTS_SLNONE 13
#define FTS_W 14

/* fts_set */
#define FTS_AGAIN 1
#define FTS_FOLLOW 2
#define FTS_NOINSTR 3
#define FTS_SKIP 4

/* fts_open */
#define FTS_COMFOLLOW 0x0001
#define FTS_LOGICAL 0x0002
#define FTS_NOCHDIR 0x0004
#define FTS_NOSTAT 0x0008
#define FTS_PHYSICAL 0x0010
#define FTS_SEEDOT 0x0020
#define FTS_XDEV 0x0040
#define FTS_WHITEOUT 0x0080
#define FTS_OPTIONMASK 0x00ff
/* fts_children */
#define FTS_NAMEONLY 0x0100

typedef struct _fts {
	struct _ftsent *fts_cur;
	struct _ftsent *fts_child;
	dev_t fts_dev;
	int (*fts_compar)(const FTSENT **, const FTSENT **);
	int fts_options;
} FTS;

FTS *fts_open(char *const *, int, int (*)(const FTSENT **, const FTSENT **));
FTSENT *fts_read(FTS *);
FTSENT *fts_children(FTS *, int);
int fts_set(FTS *, FTSENT *, int);
int fts_close(FTS *);

#ifdef __cplusplus
}
#endif

#endif

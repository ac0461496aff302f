/* All headers of the layer at once. */
#include <argp.h>
#include <error.h>
#include <execinfo.h>
#include <fts.h>
#include <getopt.h>
#include <glob.h>
#include <malloc.h>
#include <obstack.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cdefs.h>
#include <sys/queue.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/tree.h>
#include <unistd.h>
#include <wchar.h>

int main(void)
{
	return 0;
}

/* strerror_r in glibc's form, which the program asks for. */
#define _GNU_STRERROR_R 1
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	char room[40], small[4];
	const int known[] = {0, ENOENT, EACCES, EINVAL, EPIPE, ENOSPC, EEXIST, 123456, -7};
	for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
		puts(strerror_r(known[i], room, sizeof room));
	puts(room);
	puts(strerror_r(ENOENT, small, sizeof small));
	puts(strerror_r(123456, small, sizeof small));
	return 0;
}

/* rawmemchr of glibc's string.h. */

#include <stdint.h>
#include <string.h>

void *rawmemchr(const void *at, int byte)
{
	return byte ? memchr(at, byte, PTRDIFF_MAX) : (void *)((const char *)at + strlen(at));
}

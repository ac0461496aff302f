/* Copies and fills of up to 32 bytes, each by two accesses that may overlap. All is
   read before anything is written. */

#ifndef FAST_SMALL_H
#define FAST_SMALL_H

#include "fast.h"

SCALAR void move_small(char *to, const char *from, size_t n)
{
	if (n >= 16) {
		any128 first = *(const any128 *)from, last = *(const any128 *)(from + n - 16);

		*(any128 *)to = first;
		*(any128 *)(to + n - 16) = last;
	} else if (n >= 8) {
		uint64_t first = *(const any64 *)from, last = *(const any64 *)(from + n - 8);

		*(any64 *)to = first;
		*(any64 *)(to + n - 8) = last;
	} else if (n >= 4) {
		uint32_t first = *(const any32 *)from, last = *(const any32 *)(from + n - 4);

		*(any32 *)to = first;
		*(any32 *)(to + n - 4) = last;
	} else if (n) {
		char first = from[0], middle = from[n / 2], last = from[n - 1];

		to[0] = first;
		to[n / 2] = middle;
		to[n - 1] = last;
	}
}

/* Eight bytes, over and over. */
SCALAR void fill_small(char *to, uint64_t bytes, size_t n)
{
	if (n >= 16) {
		any128 v = { bytes, bytes };

		*(any128 *)to = v;
		*(any128 *)(to + n - 16) = v;
	} else if (n >= 8) {
		*(any64 *)to = bytes;
		*(any64 *)(to + n - 8) = bytes;
	} else if (n >= 4) {
		*(any32 *)to = (uint32_t)bytes;
		*(any32 *)(to + n - 4) = (uint32_t)bytes;
	} else if (n) {
		to[0] = (char)bytes;
		to[n / 2] = (char)bytes;
		to[n - 1] = (char)bytes;
	}
}

/* Zeros, of any length. */
SCALAR void clear(char *to, size_t n)
{
	if (n > 32)
		fast_fill(to, 0, n);
	else
		fill_small(to, 0, n);
}

#endif

/* fcloseall of glibc's stdio.h. */

#include <stdio.h>

int fcloseall(void)
{
	return fflush(0);
}

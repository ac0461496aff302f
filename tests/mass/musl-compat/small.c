/* Functions that stand alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	static char text[300];
	memset(text, 'x', 299);
	text[150] = 'y';
	printf("%d", (int)((char *)rawmemchr(text, 'y') - text));
	printf(" %d\n", (int)((char *)rawmemchr(text, 0) - text));
	char *path = canonicalize_file_name("/proc/../dev/./null");
	printf("%s %d\n", path, canonicalize_file_name("/none/of/these") == 0);
	free(path);
	printf("not yet written");
	printf(" %d\n", 0);
	return fcloseall();
}

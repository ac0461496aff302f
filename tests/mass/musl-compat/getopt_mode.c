/* Whether getopt passes over operands, by the macros that the program is compiled with. */
#include <stdio.h>
#include <unistd.h>
#ifdef DECLARED
int getopt(int, char *const[], const char *);
#endif

int main(void)
{
	char *words[] = {(char *)"mode", (char *)"x", (char *)"-a", 0};
	printf("%d\n", getopt(3, words, "a"));
	return 0;
}

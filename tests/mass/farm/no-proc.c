/* In place of bwrap: runs it without `--proc DIR`. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char *kept[argc + 1];
    int count = 0, done = 0;
    for (int i = 0; i < argc; ++i) {
        if (!done && strcmp(argv[i], "--proc") == 0) {
            ++i;
            done = 1;
        } else {
            kept[count++] = argv[i];
        }
    }
    kept[count] = NULL;
    execv("/usr/bin/bwrap-with-proc", kept);
    return 127;
}

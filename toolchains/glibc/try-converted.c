/* A minimal converted library: a page that becomes read-only, a slot that is filled at start, an old name. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const char staticcxx_converted[];
extern const char *const sys_siglist[];

/* As much as the largest page. */
enum { PAGE = 65536 };
static char page[2 * PAGE] __attribute__((aligned(PAGE))) = "x";

static int (*slot)(void);
static int answer(void) { return 42; }
static void *choose(void) { return (void *)answer; }

static struct { void *start; size_t length, access; } protected __attribute__((section("staticcxx_protect"), used)) = {page, PAGE, 1};
static struct { void *slot; void *(*choose)(void); } selected __attribute__((section("staticcxx_select"), used)) = {&slot, choose};
#ifdef __aarch64__
static long word;
static long offset(void) { return -7; }
static struct { void *word; long (*offset)(void); } counted __attribute__((section("staticcxx_thread_words"), used)) = {&word, offset};
#else
enum { word = -7 };
#endif

static void caught(int number)
{
    (void)number;
    static const char text[] = "42\n";
    _exit(write(1, text, 3) == 3 ? 0 : 1);
}

int main(void)
{
    if (staticcxx_converted[0] != 's' || !slot || slot() != 42 || word != -7 || !sys_siglist[SIGSEGV])
        return 1;
    page[PAGE + 1] = 1;
    signal(SIGSEGV, caught);
    *(volatile char *)page = 1;
    puts("the page is still writable");
    return 1;
}

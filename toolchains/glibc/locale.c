/* UTF-8 locales in a static glibc program, without any file.

   glibc's findlocale.c calls _nl_load_locale_from_archive first. This one calls libc.a's original, linked under another
   name, so that the machine's locale archive still works. A UTF-8 locale that is not found gets the data of C.UTF-8,
   which is part of the program.

   struct locale_head is the beginning of glibc's struct __locale_data (locale/localeinfo.h), the same since 2001;
   whether it still is, is tried with each libc.a by running a program.  */
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <unistd.h>

enum { NEVER_FREED = 2 };

struct locale_head {
    const char *name;
    const char *filedata;
    off_t filesize;
    int alloc;
};

extern struct locale_head *_nl_intern_locale_data(int category, const void *data, size_t size);
extern struct locale_head *STATICCXX_ORIGINAL(int category, const char **name);

struct embedded {
    const char *start, *end;
};

/* By category number; defined in data.S.  */
extern const struct embedded staticcxx_locale_data[13];

/* Whether a directory on the machine has this locale, so that glibc finds it there.  */
static int on_disk(const char *name, size_t stem) {
    char path[PATH_MAX];
    static const char directory[] = "/usr/lib/locale/", codeset[] = ".utf8/LC_CTYPE";
    if (sizeof directory + stem + sizeof codeset > sizeof path || memchr(name, '/', stem))
        return 0;
    char *end = mempcpy(path, directory, sizeof directory - 1);
    end = mempcpy(end, name, stem);
    memcpy(end, codeset, sizeof codeset);
    return access(path, R_OK) == 0;
}

/* Length of the name before `.UTF-8` or `.utf8`, 0 if it has neither.  */
static size_t utf8_stem(const char *name) {
    const char *dot = strchr(name, '.');
    if (!dot || (strncasecmp(dot, ".utf-8", 6) && strncasecmp(dot, ".utf8", 5)))
        return 0;
    const char *rest = dot + (dot[4] == '-' ? 6 : 5);
    return *rest == '\0' || *rest == '@' ? (size_t)(dot - name) : 0;
}

struct locale_head *_nl_load_locale_from_archive(int category, const char **name) {
    static struct locale_head *made[13];
    size_t stem = utf8_stem(*name);
    int own = stem == 1 && **name == 'C';
    if (!own) {
        struct locale_head *found = STATICCXX_ORIGINAL(category, name);
        if (found || !stem || on_disk(*name, stem))
            return found;
    }
    if (category < 0 || category > 12 || !staticcxx_locale_data[category].start)
        return NULL;
    if (!made[category]) {
        const struct embedded *data = &staticcxx_locale_data[category];
        struct locale_head *fresh = _nl_intern_locale_data(category, data->start, data->end - data->start);
        if (!fresh)
            return NULL;
        fresh->alloc = NEVER_FREED;
        fresh->name = strdup(*name);
        made[category] = fresh;
    }
    if (!made[category]->name)
        return NULL;
    *name = made[category]->name;
    return made[category];
}

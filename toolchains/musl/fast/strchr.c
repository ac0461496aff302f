/* strchr and strchrnul; a character that is 0 is the end of the string. */

#include "machine.h"

#if defined FAST_VECTORS && !defined LEVEL

#include "cpu.h"
#include "fast.h"

#define SELF "strchr.c"
#include "levels.h"

PUBLIC char *strchr(const char *s, int c)
{
	CHOOSE(strchr, s, c);
}

PUBLIC char *__strchrnul(const char *s, int c)
{
	CHOOSE(strchrnul, s, c);
}

ALIAS(strchr) char *index(const char *, int);
ALIAS(__strchrnul) char *strchrnul(const char *, int);
HIDDEN_ALIAS(strchr) char *fast_strchr(const char *, int);
HIDDEN_ALIAS(__strchrnul) char *fast_strchrnul(const char *, int);

#elif defined FAST_VECTORS

#include "find.h"

VERSION char *NAME(strchr)(const char *s, int c)
{
	const char *at = NAME(find)(s, EACH8(c), BYTE_OR_END);

	return *at == (char)c ? (char *)at : 0;
}

VERSION char *NAME(strchrnul)(const char *s, int c)
{
	return (char *)NAME(find)(s, EACH8(c), BYTE_OR_END);
}

#endif

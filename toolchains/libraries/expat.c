/* Elements are counted. */
#include <expat.h>
#include <stdio.h>
#include <string.h>

static void begin(void *count, const XML_Char *name, const XML_Char **attributes)
{
    *(int *)count += !strcmp(name, "b") && attributes[0] && !strcmp(attributes[1], "1");
}

int main(void)
{
    int count = 0;
    const char *text = "<a><b x='1'/><b x='1'>&amp;</b></a>";
    XML_Parser parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(parser, &count);
    XML_SetStartElementHandler(parser, begin);
    if (XML_Parse(parser, text, (int)strlen(text), 1) != XML_STATUS_OK || count != 2)
        return 1;
    XML_ParserFree(parser);
    puts("ok");
    return 0;
}

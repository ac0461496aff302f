/* A document in another encoding is read, asked by XPath, and refused where it is broken. */
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    static const char text[] = "<?xml version='1.0' encoding='ISO-8859-1'?><a><b n='1'>\xe4</b><b n='2'>two</b></a>";
    static const char broken[] = "<a><b></a>", page[] = "<p>one<p>two";
    LIBXML_TEST_VERSION
    int quiet = XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlDoc *doc = xmlReadMemory(text, sizeof text - 1, NULL, NULL, quiet);
    if (!doc)
        return 1;
    xmlXPathContext *context = xmlXPathNewContext(doc);
    xmlXPathObject *sum = xmlXPathEvalExpression((const xmlChar *)"sum(/a/b/@n)", context);
    xmlXPathObject *first = xmlXPathEvalExpression((const xmlChar *)"string(//b[@n = '1'])", context);
    if (!sum || sum->floatval != 3 || !first || strcmp((const char *)first->stringval, "\xc3\xa4"))
        return 2;
    if (xmlReadMemory(broken, sizeof broken - 1, NULL, NULL, quiet))
        return 3;
    xmlDoc *html = htmlReadMemory(page, sizeof page - 1, NULL, NULL, HTML_PARSE_NOERROR);
    if (!html || xmlChildElementCount(xmlDocGetRootElement(html)->children) != 2)
        return 4;
    if (!xmlHasFeature(XML_WITH_ZLIB) || !xmlHasFeature(XML_WITH_LZMA) || !xmlHasFeature(XML_WITH_THREAD))
        return 5;
    xmlFreeDoc(html);
    xmlXPathFreeObject(first);
    xmlXPathFreeObject(sum);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    xmlCleanupParser();
    puts("ok");
    return 0;
}

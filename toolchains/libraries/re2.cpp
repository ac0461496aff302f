// Parts of a text, letters of Unicode, many expressions at once, and one that takes others exponential time.
#include <cstdio>
#include <re2/re2.h>
#include <re2/set.h>
#include <string>
#include <vector>

int main()
{
    int port = 0;
    std::string host, text = "Ärger und Öl";
    if (!RE2::FullMatch("localhost:8080", "(\\w+):(\\d+)", &host, &port) || host != "localhost" || port != 8080)
        return 1;
    if (RE2::GlobalReplace(&text, "(\\p{Lu})(\\pL+)", "\\2\\1") != 2 || text != "rgerÄ und lÖ")
        return 2;
    RE2::Set many(RE2::DefaultOptions, RE2::UNANCHORED);
    std::vector<int> found;
    if (many.Add("a+b", nullptr) != 0 || many.Add("^x", nullptr) != 1 || many.Add("c$", nullptr) != 2 || !many.Compile())
        return 3;
    if (!many.Match("aab c", &found) || found.size() != 2)
        return 4;
    if (RE2::FullMatch(std::string(5000, 'a') + "b", "(a*)*(a|aa)+c") || RE2("(", RE2::Quiet).ok())
        return 5;
    std::puts("ok");
}

// Regular expressions, which use locales, maps and much of the heap.
#include <cstdio>
#include <regex>
#include <string>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

int main() {
    const std::string text = "static: 223648, static-pie: 240560";
    const std::regex pairs("([[:alpha:]-]+): ([0-9]+)");
    int found = 0, sum = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), pairs), end; it != end; ++it, ++found)
        sum += std::stoi((*it)[2]);
    CHECK(found == 2 && sum == 464208);
    CHECK(std::regex_replace(text, std::regex("[0-9]+"), "n") == "static: n, static-pie: n");
    CHECK(std::regex_match("AbC", std::regex("abc", std::regex::icase)));
    bool refused = false;
    try {
        std::regex("(");
    } catch (const std::regex_error &) {
        refused = true;
    }
    CHECK(refused);
    std::puts("ok");
}

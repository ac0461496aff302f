// Locales: the environment's, classes of characters, facets of one's own.
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

struct Points : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};
struct Commas : std::ctype<char> {
    Commas() : std::ctype<char>(table()) {}
    static const mask *table() {
        static mask all[table_size];
        for (std::size_t i = 0; i < table_size; i++)
            all[i] = classic_table()[i];
        all[','] = static_cast<mask>(all[','] | space);
        return all;
    }
};

int main() {
    // LC_ALL is C.UTF-8 here.
    std::locale environment("");
    CHECK(environment.name() == "C.UTF-8");
    std::locale::global(environment);
    bool refused = false;
    try {
        std::locale nonsense("no such locale");
    } catch (const std::runtime_error &) {
        refused = true;
    }
    CHECK(refused);
    const auto &classic = std::use_facet<std::ctype<char>>(std::locale::classic());
    CHECK(classic.is(std::ctype_base::alpha, 'x') && !classic.is(std::ctype_base::digit, 'x'));
    CHECK(classic.is(std::ctype_base::punct, '!') && classic.toupper('q') == 'Q');
    std::ostringstream grouped;
    grouped.imbue(std::locale(std::locale::classic(), new Points));
    grouped << 1234567;
    CHECK(grouped.str() == "1.234.567");
    std::istringstream list("1,2,3");
    list.imbue(std::locale(std::locale::classic(), new Commas));
    int a = 0, b = 0, c = 0;
    list >> a >> b >> c;
    CHECK(a == 1 && b == 2 && c == 3);
    std::tm day = {};
    day.tm_year = 126, day.tm_mon = 10, day.tm_mday = 24;
    std::ostringstream date;
    date << std::put_time(&day, "%Y-%m-%d %b");
    CHECK(date.str() == "2026-11-24 Nov");
    std::tm read = {};
    std::istringstream("2026-11-24") >> std::get_time(&read, "%Y-%m-%d");
    CHECK(read.tm_mday == 24 && read.tm_mon == 10);
    const char first[] = "a", second[] = "b";
    const auto &order = std::use_facet<std::collate<char>>(environment);
    CHECK(std::isspace(' ', environment) && order.compare(first, first + 1, second, second + 1) < 0);
    std::puts("ok");
}

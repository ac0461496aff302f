// Wide streams and conversions: what a library linked in parts must bring when it is needed.
#include <clocale>
#include <codecvt>
#include <cwchar>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <locale>
#include <sstream>
#include <string>

#define CHECK(x) do { if (!(x)) { std::wcout << L"line " << __LINE__ << L": " #x << std::endl; return 1; } } while (0)

int main() {
    std::wostringstream out;
    out << std::setw(4) << 42 << L' ' << std::boolalpha << true << L' ' << 2.5;
    CHECK(out.str() == L"  42 true 2.5");
    std::wistringstream in(L"17 words 0.5");
    int n = 0;
    std::wstring word;
    double d = 0;
    in >> n >> word >> d;
    CHECK(n == 17 && word == L"words" && d == 0.5);
    const auto &classes = std::use_facet<std::ctype<wchar_t>>(std::locale());
    CHECK(classes.is(std::ctype_base::upper, L'A') && classes.tolower(L'A') == L'a');
    CHECK(std::use_facet<std::numpunct<wchar_t>>(std::locale()).decimal_point() == L'.');
    std::wstring_convert<std::codecvt_utf8<wchar_t>> utf8;
    CHECK(utf8.to_bytes(L"\u00e9\u4e16") == "\xc3\xa9\xe4\xb8\x96");
    CHECK(utf8.from_bytes("\xe4\xb8\x96") == L"\u4e16");
    std::locale::global(std::locale(""));
    {
        std::wofstream file("wide.txt");
        file.imbue(std::locale());
        file << L"\u00e9\u4e16" << std::flush;
        CHECK(file.good());
    }
    std::ifstream bytes("wide.txt");
    std::string line;
    std::getline(bytes, line);
    CHECK(line == "\xc3\xa9\xe4\xb8\x96");
    std::wcout << L"ok" << std::endl;
}

// Streams: files, strings, formats, and standard streams apart from stdio.
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>

#define CHECK(x) do { if (!(x)) { std::cout << "line " << __LINE__ << ": " #x << std::endl; return 1; } } while (0)

int main() {
    std::ios::sync_with_stdio(false);
    {
        std::ofstream out("stream.txt", std::ios::binary);
        for (int i = 0; i < 1000; i++)
            out << std::setw(5) << i << '\n';
        CHECK(out.good());
    }
    std::ifstream in("stream.txt");
    int n = 0, sum = 0;
    for (int value; in >> value; n++)
        sum += value;
    CHECK(n == 1000 && sum == 499500 && in.eof());
    in.clear();
    in.seekg(6 * 500);
    std::string line;
    CHECK(std::getline(in, line) && line == "  500");
    std::ostringstream out;
    out << std::hex << std::showbase << 255 << ' ' << std::dec << std::fixed << std::setprecision(2) << 3.14159 << ' '
        << std::boolalpha << true << ' ' << std::scientific << 12345.678;
    CHECK(out.str() == "0xff 3.14 true 1.23e+04");
    double d = 0;
    std::istringstream("6.25e-2") >> d;
    CHECK(d == 0.0625);
    std::stringstream both;
    both << std::quoted("a \"b\"");
    std::string back;
    both >> std::quoted(back);
    CHECK(back == "a \"b\"");
    std::istringstream bad("word");
    bad.exceptions(std::ios::failbit);
    bool thrown = false;
    try {
        bad >> n;
    } catch (const std::ios_base::failure &) {
        thrown = true;
    }
    CHECK(thrown);
    std::cout << "ok" << std::endl;
}

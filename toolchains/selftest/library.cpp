// What else has code in the library: numbers, time, randomness, memory, hashing, sorting.
#include <any>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iomanip>
#include <list>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <typeindex>
#include <unordered_map>
#include <valarray>
#include <variant>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

int main() {
#if !defined _GLIBCXX_RELEASE || _GLIBCXX_RELEASE >= 11
    char buffer[64];
    auto to = std::to_chars(buffer, buffer + sizeof buffer, 0.1);
    CHECK(std::string_view(buffer, static_cast<std::size_t>(to.ptr - buffer)) == "0.1");
    double d = 0;
    std::string_view number = "2.5e10";
    std::from_chars(number.data(), number.data() + number.size(), d);
    CHECK(d == 2.5e10);
#endif
    CHECK(std::stod("1e3") == 1000 && std::to_string(1.5) == "1.500000");
    auto before = std::chrono::steady_clock::now();
    CHECK(std::chrono::system_clock::now().time_since_epoch().count() > 0 && std::chrono::steady_clock::now() >= before);
    std::random_device device;
    std::mt19937 engine(device());
    int dice = std::uniform_int_distribution<int>(1, 6)(engine);
    CHECK(dice >= 1 && dice <= 6);
    std::pmr::monotonic_buffer_resource pool;
    std::pmr::vector<int> pooled({1, 2, 3}, &pool);
    CHECK(pooled.size() == 3);
    std::unordered_map<std::string, int> hashed;
    std::map<int, std::string> sorted;
    for (int i = 0; i < 1000; i++) {
        hashed[std::to_string(i)] = i;
        sorted[-i] = std::to_string(i);
    }
    CHECK(hashed.at("777") == 777 && sorted.begin()->second == "999");
    std::list<int> list{3, 1, 2};
    list.sort();
    CHECK(list.front() == 1);
    std::variant<int, std::string> either = "text";
    std::any anything = 5;
    CHECK(std::get<std::string>(either) == "text" && std::any_cast<int>(anything) == 5);
    CHECK(std::error_code(2, std::generic_category()).message() == "No such file or directory");
    CHECK(std::type_index(typeid(int)) == std::type_index(typeid(int)));
    std::valarray<double> values{1, 4, 9};
    CHECK(std::sqrt(values).sum() == 6);
    std::puts("ok");
}

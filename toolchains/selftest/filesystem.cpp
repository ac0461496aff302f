// std::filesystem: made, listed, walked, moved, removed.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#define CHECK(x) do { if (!(x)) { std::printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)

namespace fs = std::filesystem;

int main() {
    const fs::path root = fs::absolute("tree");
    fs::remove_all(root);
    CHECK(fs::create_directories(root / "a" / "b"));
    std::ofstream(root / "a" / "file") << "twelve bytes";
    CHECK(fs::file_size(root / "a" / "file") == 12);
    fs::create_symlink("file", root / "a" / "link");
    CHECK(fs::is_symlink(root / "a" / "link") && fs::read_symlink(root / "a" / "link") == "file");
    std::vector<std::string> names;
    for (const auto &entry : fs::recursive_directory_iterator(root))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    CHECK((names == std::vector<std::string>{"a", "b", "file", "link"}));
    fs::copy_file(root / "a" / "file", root / "copy");
    fs::rename(root / "copy", root / "moved");
    CHECK(fs::exists(root / "moved") && !fs::exists(root / "copy"));
    fs::last_write_time(root / "moved", fs::last_write_time(root / "a" / "file"));
    CHECK(fs::equivalent(root / "a" / "link", root / "a" / "file"));
    CHECK(fs::canonical(root / "a" / ".." / "moved") == fs::canonical(root / "moved"));
    std::error_code error;
    CHECK(fs::file_size(root / "nowhere", error) == static_cast<std::uintmax_t>(-1) && error);
    CHECK(fs::space(root).capacity > 0);
    CHECK(fs::remove_all(root) == 6);
    std::puts("ok");
}

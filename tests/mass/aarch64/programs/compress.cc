// -lz -lzstd
#include <iostream>
#include <string>
#include <vector>
#include <zlib.h>
#include <zstd.h>
int main() {
    std::string text;
    for (int i = 0; i < 2000; i++)
        text += std::to_string(i * i);
    std::vector<char> packed(ZSTD_compressBound(text.size())), back(text.size());
    size_t n = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 19);
    size_t m = ZSTD_decompress(back.data(), back.size(), packed.data(), n);
    std::cout << n << ' ' << (m == text.size() && std::string(back.data(), m) == text) << ' '
              << crc32(0, reinterpret_cast<const Bytef *>(text.data()), text.size()) << ' ' << zlibVersion() << std::endl;
}

// What a program does with leveldb: DIRECTORY write|read|compact.
#include <cstdio>
#include <cstring>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <string>
#include <thread>
#include <vector>

static bool failed(const leveldb::Status &s) {
    if (s.ok()) return false;
    std::printf("%s\n", s.ToString().c_str());
    return true;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    leveldb::Options options;
    options.create_if_missing = !std::strcmp(argv[2], "write");
    options.write_buffer_size = 128 << 10;
    options.paranoid_checks = true;
    options.filter_policy = leveldb::NewBloomFilterPolicy(10);
    leveldb::DB *db;
    if (failed(leveldb::DB::Open(options, argv[1], &db))) return 1;
    bool bad = false;
    if (!std::strcmp(argv[2], "write")) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; t++)
            threads.emplace_back([=] {
                for (int i = t; i < 4000; i += 4) {
                    char key[32];
                    std::snprintf(key, sizeof key, "key-%08d", i * 7919 % 100003);
                    leveldb::WriteBatch batch;
                    batch.Put(key, std::string(50 + i % 200, char('a' + i % 26)));
                    if (i % 10 == 0) batch.Delete(key);
                    if (!db->Write(leveldb::WriteOptions(), &batch).ok()) std::puts("a write failed");
                }
            });
        for (auto &thread : threads) thread.join();
        std::string value;
        bad = failed(db->Get(leveldb::ReadOptions(), "key-00007919", &value));
        std::printf("%zu %c\n", value.size(), value.empty() ? '-' : value[0]);
        std::printf("%s\n", db->Get(leveldb::ReadOptions(), "nothing", &value).ToString().c_str());
    } else if (!std::strcmp(argv[2], "compact")) {
        db->CompactRange(nullptr, nullptr);
    } else {
        leveldb::ReadOptions checked;
        checked.verify_checksums = true;
        leveldb::Iterator *it = db->NewIterator(checked);
        unsigned long count = 0, sum = 0;
        for (it->SeekToFirst(); it->Valid(); it->Next(), count++)
            for (char c : it->key().ToString() + it->value().ToString()) sum = sum * 31 + (unsigned char)c;
        bad = failed(it->status());
        std::printf("%lu entries, %lu\n", count, sum);
        delete it;
    }
    delete db;
    delete options.filter_policy;
    return bad;
}

// Words are counted by threads under one lock; a cord, a status, times and random numbers.
#include <absl/container/flat_hash_map.h>
#include <absl/random/random.h>
#include <absl/status/statusor.h>
#include <absl/strings/cord.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <absl/synchronization/blocking_counter.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

static absl::StatusOr<int> number(absl::string_view text)
{
    int value;
    if (!absl::SimpleAtoi(text, &value))
        return absl::InvalidArgumentError(absl::StrCat("no number: ", text));
    return value;
}

static int words()
{
    absl::Mutex lock;
    absl::flat_hash_map<std::string, int> count;
    absl::BlockingCounter left(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (absl::string_view word : absl::StrSplit("to be or not to be", ' ')) {
                absl::MutexLock held(&lock);
                count[std::string(word)]++;
            }
            left.DecrementCount();
        });
    left.Wait();
    for (auto &thread : threads)
        thread.join();
    return count["to"] * 10 + static_cast<int>(count.size());
}

int main()
{
    if (words() != 84)
        return 1;
    if (number("17").value() != 17 || number("x").status().message() != "no number: x")
        return 2;
    absl::Cord cord("a");
    for (int i = 0; i < 1000; i++)
        cord.Append(absl::StrFormat("%03d", i));
    if (cord.size() != 3001 || cord.Subcord(1, 6) != "000001")
        return 3;
    absl::Time time = absl::FromUnixSeconds(1000000000);
    if (absl::FormatTime(time + absl::Minutes(1), absl::UTCTimeZone()) != "2001-09-09T01:47:40+00:00")
        return 4;
    absl::BitGen random;
    for (int i = 0; i < 100; i++)
        if (int dice = absl::Uniform(absl::IntervalClosed, random, 1, 6); dice < 1 || dice > 6)
            return 5;
    std::puts("ok");
}

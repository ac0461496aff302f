// Of two messages, the one that is important enough is written, from another thread.
#include <cstdio>
#include <memory>
#include <spdlog/async.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>

int main()
{
    std::ostringstream out;
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
    spdlog::init_thread_pool(128, 1);
    auto log = std::make_shared<spdlog::async_logger>("test", sink, spdlog::thread_pool());
    log->set_pattern("%n %l: %v");
    log->set_level(spdlog::level::warn);
    log->info("not {}", 1);
    log->warn("{:>4} of {}", 7, "seven");
    log->flush();
    log.reset();
    spdlog::shutdown();
    if (out.str() != "test warning:    7 of seven\n")
        return 1;
    std::puts("ok");
}

// Each library of Boost's that has code in an archive does a little of its work.
#define BOOST_COROUTINES_NO_DEPRECATION_WARNING
#include <boost/archive/text_iarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/atomic.hpp>
#include <boost/chrono.hpp>
#include <boost/container/pmr/monotonic_buffer_resource.hpp>
#include <boost/container/pmr/vector.hpp>
#include <boost/context/fiber.hpp>
#include <boost/coroutine/asymmetric_coroutine.hpp>
#include <boost/date_time/gregorian/gregorian.hpp>
#include <boost/fiber/all.hpp>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <boost/json.hpp>
#include <boost/locale.hpp>
#include <boost/log/core.hpp>
#include <boost/log/sinks.hpp>
#include <boost/log/trivial.hpp>
#include <boost/make_shared.hpp>
#include <boost/program_options.hpp>
#include <boost/random/random_device.hpp>
#include <boost/regex.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/string.hpp>
#include <boost/thread.hpp>
#include <boost/url.hpp>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>

namespace io = boost::iostreams;

// A text packed and unpacked again is the same, and was smaller between.
template <class Pack, class Unpack> static bool packs()
{
    const std::string text(5000, 'a');
    std::stringstream from(text), packed, to;
    io::filtering_streambuf<io::input> in, out;
    in.push(Pack());
    in.push(from);
    io::copy(in, packed);
    bool smaller = packed.str().size() < 500;
    out.push(Unpack());
    out.push(packed);
    io::copy(out, to);
    return smaller && to.str() == text;
}

static bool files()
{
    namespace fs = boost::filesystem;
    fs::path dir = "/tmp/static-library-test.d", file = dir / "a" / "b.txt";
    fs::create_directories(file.parent_path());
    fs::ofstream(file) << "hello";
    bool found = fs::file_size(file) == 5 && fs::recursive_directory_iterator(dir)->path().filename() == "a";
    return fs::remove_all(dir) == 3 && found;
}

static bool archives()
{
    std::map<std::string, int> from{{"a", 1}, {"b", 2}}, to;
    std::stringstream text;
    boost::archive::text_oarchive(text) << const_cast<const std::map<std::string, int> &>(from);
    boost::archive::text_iarchive(text) >> to;
    return from == to;
}

static bool options()
{
    namespace po = boost::program_options;
    po::options_description known;
    known.add_options()("level", po::value<int>())("name", po::value<std::string>()->default_value("x"));
    const char *words[] = {"program", "--level=3"};
    po::variables_map given;
    po::store(po::parse_command_line(2, words, known), given);
    return given["level"].as<int>() == 3 && given["name"].as<std::string>() == "x";
}

struct Large {
    long words[6];
};

static bool threads()
{
    boost::atomic<Large> shared(Large{});
    boost::mutex lock;
    int sum = 0;
    boost::thread_group group;
    for (int i = 0; i < 4; i++)
        group.create_thread([&, i] {
            shared.store(Large{{i, i, i, i, i, i}});
            boost::this_thread::sleep_for(boost::chrono::milliseconds(1));
            boost::lock_guard<boost::mutex> held(lock);
            sum += i;
        });
    auto began = boost::chrono::steady_clock::now();
    group.join_all();
    Large last = shared.load();
    return sum == 6 && last.words[0] == last.words[5] && boost::chrono::steady_clock::now() >= began;
}

static bool routines()
{
    int sum = 0;
    boost::coroutines::asymmetric_coroutine<int>::pull_type numbers([](auto &give) {
        for (int i = 1; i <= 10; i++)
            give(i);
    });
    for (int number : numbers)
        sum += number;
    boost::context::fiber fiber([&](boost::context::fiber &&back) {
        sum += 100;
        return std::move(back);
    });
    std::move(fiber).resume();
    return sum == 155;
}

// A fiber that waits for another one, and an event loop with a timer.
static bool waits()
{
    boost::fibers::buffered_channel<int> channel(2);
    boost::fibers::fiber giver([&] {
        for (int i = 1; i <= 10; i++)
            channel.push(i);
        channel.close();
    });
    int sum = 0;
    for (int number : channel)
        sum += number;
    giver.join();
    boost::asio::io_context loop;
    boost::asio::steady_timer timer(loop, boost::asio::chrono::milliseconds(1));
    timer.async_wait([&](const boost::system::error_code &failed) { sum += failed ? 0 : 100; });
    boost::asio::post(loop, [&] { sum *= 2; });
    loop.run();
    return sum == 210;
}

static bool logs()
{
    namespace sinks = boost::log::sinks;
    auto backend = boost::make_shared<sinks::text_ostream_backend>();
    auto text = boost::make_shared<std::ostringstream>();
    backend->add_stream(text);
    auto sink = boost::make_shared<sinks::synchronous_sink<sinks::text_ostream_backend>>(backend);
    boost::log::core::get()->add_sink(sink);
    BOOST_LOG_TRIVIAL(warning) << "hello " << 1;
    sink->flush();
    boost::log::core::get()->remove_sink(sink);
    return text->str() == "hello 1\n";
}

static bool texts()
{
    boost::json::value value = boost::json::parse(R"({"a": [1, true, "x"]})");
    auto url = boost::urls::parse_uri("https://example.org:8080/a%20b?c=d");
    boost::smatch parts;
    const std::string host = "localhost:80";
    auto leap = boost::gregorian::from_string("2024-02-28") + boost::gregorian::days(1);
    return boost::gregorian::to_simple_string(leap) == "2024-Feb-29" &&
           boost::json::serialize(value) == R"({"a":[1,true,"x"]})" && url && url->port_number() == 8080 &&
           boost::regex_match(host, parts, boost::regex("(\\w+):(\\d+)")) && parts[2] == "80" &&
           boost::locale::conv::to_utf<char>("\xe4", "ISO-8859-1") == "ä";
}

int main()
{
    boost::container::pmr::monotonic_buffer_resource memory;
    boost::container::pmr::vector<unsigned> numbers(&memory);
    boost::random::random_device random;
    for (int i = 0; i < 100; i++)
        numbers.push_back(random());
    if (numbers[1] == numbers[2] && numbers[2] == numbers[3])
        return 1;
    if (!packs<io::gzip_compressor, io::gzip_decompressor>() || !packs<io::bzip2_compressor, io::bzip2_decompressor>() ||
        !packs<io::lzma_compressor, io::lzma_decompressor>() || !packs<io::zstd_compressor, io::zstd_decompressor>())
        return 2;
    if (!files() || !archives() || !options())
        return 3;
    if (!threads() || !routines() || !waits())
        return 4;
    if (!logs() || !texts())
        return 5;
    std::puts("ok");
}

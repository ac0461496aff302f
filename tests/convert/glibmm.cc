// glibmm and sigc++: exceptions out of the library, and through its main loop from the program's own slots.
#include <cstdio>
#include <glibmm.h>
#include <stdexcept>

static int caught;

static void handler()
{
    try {
        throw;
    } catch (const std::runtime_error &error) {
        printf("handler: %s\n", error.what());
        caught++;
    }
}

static int count(int number, const Glib::ustring &text)
{
    return number + static_cast<int>(text.size());
}

int main()
{
    try {
        Glib::Regex::create("(unclosed");
    } catch (const Glib::RegexError &error) {
        printf("regex: %s\n", error.what().c_str());
    }
    try {
        Glib::file_get_contents("/nonexistent");
    } catch (const Glib::FileError &error) {
        printf("file: %d\n", error.code() == Glib::FileError::NO_SUCH_ENTITY);
    } catch (const Glib::Error &error) {
        printf("other: %s\n", error.what().c_str());
    }
    printf("%s\n", Glib::ustring("straße").uppercase().c_str());
    printf("%s\n", Glib::ustring::compose("%1 of %2", 3, "three").c_str());
    sigc::signal<int, int, const Glib::ustring &> signal;
    signal.connect(sigc::ptr_fun(count));
    printf("signal: %d\n", signal.emit(40, "äö"));
    Glib::add_exception_handler(sigc::ptr_fun(handler));
    auto loop = Glib::MainLoop::create();
    int ticks = 0;
    Glib::signal_timeout().connect(
        [&]() -> bool {
            printf("tick %d\n", ++ticks);
            if (ticks == 2)
                throw std::runtime_error("out of a slot");
            return true;
        },
        1);
    Glib::signal_timeout().connect([&]() -> bool { loop->quit(); return false; }, 100);
    loop->run();
    printf("caught %d\n", caught);
    return caught + ticks;
}

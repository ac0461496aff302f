// tinyxml2, p11-kit and libudev in one C++ program.
#include <cstdio>
#include <libudev.h>
#include <p11-kit/uri.h>
#include <p11-kit/p11-kit.h>
#include <tinyxml2.h>

int main()
{
    tinyxml2::XMLDocument document;
    printf("%d\n", document.Parse("<a><b c='1'>text</b><b c='2'/></a>"));
    int sum = 0;
    for (auto *e = document.FirstChildElement("a")->FirstChildElement("b"); e; e = e->NextSiblingElement("b"))
        sum += e->IntAttribute("c");
    tinyxml2::XMLPrinter printer;
    document.Print(&printer);
    printf("%d %s", sum, printer.CStr());
    P11KitUri *uri = p11_kit_uri_new();
    printf("%d\n", p11_kit_uri_parse("pkcs11:token=My%20token;object=key;type=private", P11_KIT_URI_FOR_ANY, uri));
    char *text = nullptr;
    p11_kit_uri_format(uri, P11_KIT_URI_FOR_ANY, &text);
    printf("%s\n%s\n", text, p11_kit_strerror(0x30));
    p11_kit_uri_free(uri);
    udev *context = udev_new();
    udev_list_entry *entry = nullptr;
    udev_enumerate *all = udev_enumerate_new(context);
    printf("%d %d\n", udev_enumerate_add_match_subsystem(all, "nothing"), udev_enumerate_scan_devices(all));
    entry = udev_enumerate_get_list_entry(all);
    printf("%d\n", entry == nullptr);
    udev_enumerate_unref(all);
    udev_unref(context);
    return 0;
}

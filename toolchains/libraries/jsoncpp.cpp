// A document is read, changed and written.
#include <cstdio>
#include <json/json.h>
#include <sstream>

int main()
{
    Json::Value value;
    std::istringstream text("{\"a\": [1, 2.5, \"x\"]}");
    text >> value;
    value["b"] = value["a"][1].asDouble() * 2;
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    if (Json::writeString(writer, value) != "{\"a\":[1,2.5,\"x\"],\"b\":5.0}")
        return 1;
    std::puts("ok");
}

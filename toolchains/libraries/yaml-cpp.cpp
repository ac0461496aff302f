// A document is read.
#include <cstdio>
#include <yaml-cpp/yaml.h>

int main()
{
    YAML::Node node = YAML::Load("a: [1, 2, 3]\nb: {c: yes}\n");
    if (node["a"].size() != 3 || node["a"][2].as<int>() != 3 || !node["b"]["c"].as<bool>())
        return 1;
    std::puts("ok");
}

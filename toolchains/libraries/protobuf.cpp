// A message of a type that is read at run time goes through gzip and back, and one of the usual types through JSON.
#include <cstdio>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <memory>
#include <string>

namespace pb = google::protobuf;

static const char text[] =
    "syntax = 'proto3'; package test; message Point { int32 x = 1; repeated string names = 2; map<string, double> at = 3; }";

static const pb::Descriptor *point(pb::DescriptorPool &pool)
{
    pb::io::ArrayInputStream bytes(text, sizeof text - 1);
    pb::io::Tokenizer words(&bytes, nullptr);
    pb::compiler::Parser parser;
    pb::FileDescriptorProto file;
    file.set_name("test.proto");
    return parser.Parse(&words, &file) && pool.BuildFile(file) ? pool.FindMessageTypeByName("test.Point") : nullptr;
}

int main()
{
    pb::DescriptorPool pool;
    const pb::Descriptor *type = point(pool);
    if (!type)
        return 1;
    pb::DynamicMessageFactory factory;
    std::unique_ptr<pb::Message> one(factory.GetPrototype(type)->New()), two(one->New());
    const pb::Reflection *fields = one->GetReflection();
    fields->SetInt32(one.get(), type->FindFieldByName("x"), -7);
    fields->AddString(one.get(), type->FindFieldByName("names"), "origin");

    std::string packed;
    {
        pb::io::StringOutputStream bytes(&packed);
        pb::io::GzipOutputStream gzip(&bytes);
        if (!one->SerializeToZeroCopyStream(&gzip) || !gzip.Close())
            return 2;
    }
    pb::io::ArrayInputStream bytes(packed.data(), static_cast<int>(packed.size()));
    pb::io::GzipInputStream gzip(&bytes);
    if (packed.compare(0, 2, "\x1f\x8b") || !two->ParseFromZeroCopyStream(&gzip))
        return 3;
    if (fields->GetInt32(*two, type->FindFieldByName("x")) != -7 || two->DebugString() != one->DebugString())
        return 4;

    pb::Struct read;
    std::string written;
    if (!pb::util::JsonStringToMessage(R"({"a": [1, true, "x"]})", &read).ok() ||
        read.fields().at("a").list_value().values(2).string_value() != "x" ||
        !pb::util::MessageToJsonString(read, &written).ok() || written != R"({"a":[1,true,"x"]})")
        return 5;
    std::puts("ok");
}

// taglib: tags written into a WAV file in memory, and read back.
#include <cstdio>
#include <taglib/id3v2tag.h>
#include <taglib/tbytevectorstream.h>
#include <taglib/tpropertymap.h>
#include <taglib/wavfile.h>

static TagLib::ByteVector silence()
{
    const char head[] = "RIFF\x64\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00"
                        "\x02\x00\x10\x00" "data\x40\x00\x00\x00";
    TagLib::ByteVector bytes(head, sizeof head - 1);
    bytes.append(TagLib::ByteVector(64, '\0'));
    return bytes;
}

int main()
{
    TagLib::ByteVectorStream stream(silence());
    {
        TagLib::RIFF::WAV::File file(&stream);
        printf("valid %d, rate %d, channels %d\n", file.isValid(), file.audioProperties()->sampleRate(),
               file.audioProperties()->channels());
        file.tag()->setTitle(TagLib::String("Die schöne Müllerin", TagLib::String::UTF8));
        file.tag()->setArtist("Schubert");
        file.tag()->setTrack(7);
        printf("saved %d\n", file.save());
    }
    stream.seek(0);
    TagLib::RIFF::WAV::File again(&stream);
    printf("%s by %s, %u\n", again.tag()->title().toCString(true), again.tag()->artist().toCString(true),
           again.tag()->track());
    for (auto &property : again.properties())
        printf("%s: %s\n", property.first.toCString(true), property.second.toString().toCString(true));
    return static_cast<int>(again.tag()->track());
}

/* A file is packed with each compression, and as zip, and read again. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>

static char packed[1 << 20];

static int trip(int (*filter)(struct archive *), int (*format)(struct archive *))
{
    char text[4096], back[sizeof text];
    size_t size = 0;
    memset(text, 'a', sizeof text);
    struct archive *out = archive_write_new();
    if (filter(out) != ARCHIVE_OK || format(out) != ARCHIVE_OK)
        return 0;
    if (archive_write_open_memory(out, packed, sizeof packed, &size) != ARCHIVE_OK)
        return 0;
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, "dir/file");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0640);
    archive_entry_set_size(entry, sizeof text);
    if (archive_write_header(out, entry) != ARCHIVE_OK || archive_write_data(out, text, sizeof text) != sizeof text)
        return 0;
    archive_entry_free(entry);
    if (archive_write_free(out) != ARCHIVE_OK || !size)
        return 0;
    struct archive *in = archive_read_new();
    archive_read_support_filter_all(in);
    archive_read_support_format_all(in);
    if (archive_read_open_memory(in, packed, size) != ARCHIVE_OK || archive_read_next_header(in, &entry) != ARCHIVE_OK)
        return 0;
    int same = !strcmp(archive_entry_pathname(entry), "dir/file") && archive_entry_perm(entry) == 0640
        && archive_read_data(in, back, sizeof back) == sizeof back && !memcmp(text, back, sizeof back);
    archive_read_free(in);
    return same;
}

int main(void)
{
    int (*filters[])(struct archive *) = { archive_write_add_filter_none, archive_write_add_filter_gzip, archive_write_add_filter_bzip2,
        archive_write_add_filter_xz, archive_write_add_filter_zstd, archive_write_add_filter_lz4 };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (!trip(filters[i], archive_write_set_format_pax_restricted))
            return 1 + (int)i;
    if (!trip(archive_write_add_filter_none, archive_write_set_format_zip) || !trip(archive_write_add_filter_none, archive_write_set_format_7zip))
        return 10;
    puts("ok");
    return 0;
}

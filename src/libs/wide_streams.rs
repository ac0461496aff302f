//! Wide streams of static glibc: since 2.38 the tables of streams refer weakly to the functions for wide characters, and
//! nothing that writes or reads wide characters refers to those strongly, so that it calls null (glibc 2.41, 2.43).

use memchr::memmem;

/// Functions that make a stream wide, without the marks of their variants.
const FUNCTIONS: [&[u8]; 25] = [
    b"fgetwc",
    b"fgetws",
    b"fputwc",
    b"fputws",
    b"fwide",
    b"fwprintf",
    b"fwscanf",
    b"getwc",
    b"getwchar",
    b"open_wmemstream",
    b"putwc",
    b"putwchar",
    b"ungetwc",
    b"vfwprintf",
    b"vfwscanf",
    b"vwprintf",
    b"vwscanf",
    b"woverflow",
    b"wprintf",
    b"wscanf",
    b"wuflow",
    b"wunderflow",
    b"_ZSt4wcin",
    b"_ZSt5wcerr",
    b"_ZSt5wclog",
];

/// The last stream object of C++: the list above is for exact names.
const WCOUT: &[u8] = b"_ZSt5wcout";

/// What every name above has, however it is spelled in a source.
const WORDS: [&[u8]; 9] = [b"getw", b"putw", b"fwide", b"wprintf", b"wscanf", b"wcin", b"wcout", b"wcerr", b"wclog"];

/// Whether a reference to the name leads to wide streams.
pub(crate) fn leads_to(name: &[u8]) -> bool {
    // Most names end here.
    if name.len() > 32 || !name.contains(&b'w') {
        return false;
    }
    let bare = ["__isoc99_", "__isoc23_", "__"].iter().find_map(|mark| name.strip_prefix(mark.as_bytes()));
    let bare = bare.unwrap_or(name);
    let bare = bare.strip_suffix(b"_chk").unwrap_or(bare);
    let bare = bare.strip_suffix(b"_unlocked").unwrap_or(bare);
    bare == WCOUT || FUNCTIONS.contains(&bare)
}

/// Whether a source, or code that is compiled when it is linked, may.
pub(crate) fn mentioned(text: &[u8]) -> bool {
    WORDS.iter().any(|word| memmem::find(text, word).is_some())
}

/// Whether the tables of streams call a function by this name only for wide characters.
pub(crate) fn is_of_tables(name: &[u8]) -> bool {
    name.starts_with(b"_IO_w") || name.starts_with(b"__wprintf_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_leads_to_wide_streams_and_nothing_narrow_does() {
        for name in
            ["putwc", "__fwprintf_chk", "__isoc23_wscanf", "fputws_unlocked", "__wuflow", "_ZSt5wcout", "_ZSt4wcin"]
        {
            assert!(leads_to(name.as_bytes()), "{name}");
        }
        for name in ["putc", "fwrite", "write", "swprintf", "wcslen", "mbrtowc", "_ZSt4cout", "getpwnam", "wait", ""] {
            assert!(!leads_to(name.as_bytes()), "{name}");
        }
        assert!(mentioned(b"std::wcout << 1") && !mentioned(b"fwrite"));
        assert!(is_of_tables(b"_IO_wfile_overflow") && !is_of_tables(b"_IO_file_overflow"));
    }
}

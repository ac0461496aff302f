//! The locale C.UTF-8 as part of a program.

use std::path::Path;

/// Where distributions install the locale C.UTF-8.
pub(super) const DIRS: [&str; 3] = ["/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8", "/usr/lib64/locale/C.utf8"];

/// glibc's categories by number (locale.h); `LC_ALL` has no data.
const CATEGORIES: [&str; 13] = [
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES/SYS_LC_MESSAGES",
    "",
    "LC_PAPER",
    "LC_NAME",
    "LC_ADDRESS",
    "LC_TELEPHONE",
    "LC_MEASUREMENT",
    "LC_IDENTIFICATION",
];

/// A C source that embeds the files of a locale.
pub(super) fn embedding(dir: &Path) -> String {
    let mut text = String::from("__asm__(\".section .rodata.staticcxx,\\\"a\\\",%progbits\\n\"\n");
    let mut declared = String::new();
    let mut table = String::new();
    for (number, category) in CATEGORIES.iter().enumerate() {
        let file = dir.join(category);
        if category.is_empty() || !file.is_file() {
            table.push_str("{0, 0},\n");
            continue;
        }
        text.push_str(&format!(
            "\".balign 16\\n.globl staticcxx_l{number}\\nstaticcxx_l{number}: .incbin \\\"{}\\\"\\n\
             .globl staticcxx_e{number}\\nstaticcxx_e{number}:\\n\"\n",
            file.display()
        ));
        declared.push_str(&format!("extern const char staticcxx_l{number}[], staticcxx_e{number}[];\n"));
        table.push_str(&format!("{{staticcxx_l{number}, staticcxx_e{number}}},\n"));
    }
    text.push_str("\".previous\\n\");\n");
    format!("{text}{declared}const struct {{ const char *start, *end; }} staticcxx_locale_data[13] = {{\n{table}}};\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_without_a_file_are_empty() {
        let text = embedding(tempfile::tempdir().unwrap().path());
        assert!(text.contains("{0, 0}") && !text.contains("incbin"), "{text}");
    }
}

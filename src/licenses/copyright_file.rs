//! Debian's machine-readable copyright files (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>), as far
//! as the names of licences. Of the format nothing but the first line of one field is wanted, also of files that are not
//! quite of it, which a reader of the whole format would have to refuse.

use std::collections::BTreeSet;

/// What names the format in the field `Format` of the first paragraph, in all of its drafts.
const FORMATS: [&str; 3] = ["copyright-format", "dep5", "dep-5"];

/// The first lines of all fields `License`, each once; none of a file that does not say that it is of the format. A text
/// that stands there instead of a name is among them.
pub(super) fn stated(text: &str) -> Option<BTreeSet<String>> {
    let mut fields = fields(text);
    let first = fields.first().map_or(0, |field| field.paragraph);
    let is_format = |field: &Field<'_>| {
        let value = field.value.to_ascii_lowercase();
        field.paragraph == first && field.is("Format") && FORMATS.iter().any(|format| value.contains(format))
            || field.paragraph == first && field.is("Format-Specification")
    };
    fields.iter().any(is_format).then_some(())?;
    fields.retain(|field| field.is("License") && !field.value.is_empty());
    Some(fields.iter().map(|field| field.value.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

/// A field by its first line.
struct Field<'t> {
    /// The number of its paragraph.
    paragraph: usize,
    name: &'t str,
    value: &'t str,
}

impl Field<'_> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

fn fields(text: &str) -> Vec<Field<'_>> {
    let mut paragraph = 0;
    let mut found = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        if line.trim().is_empty() {
            paragraph += 1;
        } else if !line.starts_with([' ', '\t', '#'])
            && let Some((name, value)) = line.split_once(':')
        {
            found.push(Field { paragraph, name: name.trim_end(), value: value.trim() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nComment:\n License: no\n\n\
                        # a comment\nFiles: *\nCopyright: 2020 X\nLicense: Zlib\n This software: is\n .\n provided\n\n\
                        Files: debian/*\nlicense:\tGPL-2+  or\tExpat\nLicense:\n text alone\n\nno field\nLicense: Zlib\n";

    #[test]
    fn the_first_lines_of_fields() {
        let names = stated(FILE).unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["GPL-2+ or Expat", "Zlib"]);
        assert_eq!(stated(&FILE.replace('\n', "\r\n")).unwrap().len(), 2);
        for first in
            ["Format: http://dep.debian.net/deps/dep5", "Format-Specification: svn://x", "\n\nformat : x/DEP-5"]
        {
            assert_eq!(stated(&format!("{first}\n\nFiles: *\nLicense: ISC\n")).unwrap().len(), 1, "{first}");
        }
    }

    #[test]
    fn other_files_state_nothing() {
        for text in [
            "",
            "\n\n",
            "This is the GNU C Library.\nLicense: LGPL\n",
            "License: GPL-2\n",
            "Format: other\n\nLicense: GPL-2\n",
            "Files: *\nLicense: ISC\n\nFormat: https://x/copyright-format/1.0/\n",
            " Format: copyright-format\nLicense: ISC\n",
        ] {
            assert_eq!(stated(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(Format: dep5\n)?([A-Za-z: #\t\n.]|License:|\n\n|\u{feff}|é){0,60}") {
            let names = stated(&text);
            prop_assert!(names.is_none() || text.to_lowercase().contains("format"));
            for name in names.into_iter().flatten() {
                prop_assert!(!name.is_empty() && !name.contains('\n'));
            }
        }
    }
}

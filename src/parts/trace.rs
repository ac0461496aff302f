//! What GNU ld, gold and lld took, from the list of files that they print (`-t`): objects, and each member of an archive as
//! `(ARCHIVE)MEMBER` or `ARCHIVE(MEMBER)`. GNU ld lists an archive too, as it opens it, and says each member only if the
//! option is given twice (binutils 2.35 and newer; older ones always do).

use super::{PlacedInput, PlacedInputs};
use std::collections::BTreeSet;
use std::path::Path;

/// What makes them print it, for the compiler.
pub(crate) const WORDS: [&str; 2] = ["-Wl,-t", "-Wl,-t"];

/// Whether a line of a linker's stdout is of the list.
pub(crate) fn is_entry(line: &[u8]) -> bool {
    std::str::from_utf8(line.trim_ascii_end()).ok().and_then(entry).is_some()
}

/// What was taken, by the lines of the list. Archives are listed by themselves where members are too.
pub(crate) fn placed(lines: &[Vec<u8>]) -> PlacedInputs {
    let mut compiled = false;
    let mut found = BTreeSet::new();
    for line in lines {
        let Some((path, member)) = std::str::from_utf8(line.trim_ascii_end()).ok().and_then(entry) else { continue };
        // What the compiler made for the link is of objects that are listed as well.
        if path.contains(".ltrans") || path.ends_with(".lto.o") || path.starts_with("ld-temp") {
            compiled = true;
        } else if member.is_some() || ![".a", ".ar", ".rlib"].iter().any(|end| path.ends_with(end)) {
            found.insert(PlacedInput { path: path.into(), member: member.map(str::to_owned), bytes: 0 });
        }
    }
    PlacedInputs { inputs: found.into_iter().collect(), compiled }
}

/// A file, and the member of it.
fn entry(line: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = line.strip_prefix('(') {
        return rest.split_once(')').filter(|(_, member)| !member.is_empty()).map(|(path, m)| (path, Some(m)));
    }
    if let Some((path, member)) = line.strip_suffix(')').and_then(|l| l.rsplit_once('(')) {
        return (!path.is_empty() && !path.contains(": ")).then_some((path, Some(member)));
    }
    let name = line.rsplit('/').next().unwrap_or_default();
    let known = [".o", ".a", ".ar", ".so", ".rlib", ".obj", ".lo"].iter().any(|end| name.ends_with(end));
    // A file may have any name, and then it is there.
    let there = || line.starts_with('/') && Path::new(line).is_file();
    (!line.contains(": ") && (known || there())).then_some((line, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_objects_were_taken_and_archives_only_opened() {
        let lines = [
            "/usr/lib/crt1.o\n",
            "h.o\n",
            "/usr/lib/libz.a\n",
            "(/usr/lib/libz.a)zutil.o\n",
            "/usr/lib/libsqlite3.a\n",
            "/usr/lib/libq.a(a b.o)\n",
            "/usr/lib/libq.a(a b.o)\n",
        ];
        let lines: Vec<Vec<u8>> = lines.iter().map(|l| l.as_bytes().to_vec()).collect();
        assert!(lines.iter().all(|line| is_entry(line)));
        for line in [
            "",
            "x",
            "/usr/bin/ld: h.o: warning",
            "note (see this)",
            "/usr/bin/ld: a.o: in function (x)",
            "()",
            "(a.a)",
        ] {
            assert!(!is_entry(line.as_bytes()), "{line}");
        }
        let placed = placed(&lines);
        let said: Vec<String> = placed
            .inputs
            .iter()
            .map(|i| format!("{}:{}", i.path.display(), i.member.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(said, ["/usr/lib/crt1.o:", "/usr/lib/libq.a:a b.o", "/usr/lib/libz.a:zutil.o", "h.o:"]);
        assert!(!placed.compiled);
    }

    #[test]
    fn code_that_is_compiled_at_link_time_is_known_by_its_files() {
        let placed = placed(&[b"/tmp/ccX.ltrans0.ltrans.o\n".to_vec(), b"/tmp/ccX.o\n".to_vec()]);
        assert!(placed.compiled && placed.inputs.len() == 1);
    }
}

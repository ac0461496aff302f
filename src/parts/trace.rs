//! What GNU ld, gold and lld took, from the list of files that they print (`-t`): objects, and each member of an archive as
//! `(ARCHIVE)MEMBER` or `ARCHIVE(MEMBER)`. GNU ld lists an archive too, as it opens it, and says each member only if the
//! option is given twice (binutils 2.35 and newer; older ones always do).

use super::{PlacedInputs, PlacedMember};
use memchr::memmem;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What makes them print it, for the compiler.
pub(crate) const WORDS: [&str; 2] = ["-Wl,-t", "-Wl,-t"];

/// How the names of archives end, if they are not there any more.
const ARCHIVES: [&str; 3] = [".a", ".ar", ".rlib"];
/// Those of all files that are usual in a link.
const OBJECTS: [&str; 7] = [".o", ".a", ".ar", ".so", ".rlib", ".obj", ".lo"];

/// Whether a line of a linker's stdout is of the list.
pub(crate) fn is_entry(line: &[u8]) -> bool {
    entry(line.trim_ascii_end()).is_some()
}

/// What was taken, by the lines of the list. Archives are listed by themselves where members are too.
pub(crate) fn placed(lines: &[Vec<u8>]) -> PlacedInputs {
    let mut compiled = false;
    let mut found = Vec::new();
    for line in lines {
        let Some((path, member)) = entry(line.trim_ascii_end()) else { continue };
        // What the compiler made for the link is of objects that are listed as well.
        if memmem::find(path, b".ltrans").is_some() || path.ends_with(b".lto.o") || path.starts_with(b"ld-temp") {
            compiled = true;
        } else if member.is_some() || !ends_with(path, &ARCHIVES) {
            let member = member.map(|m| String::from_utf8_lossy(m).into_owned());
            found.push((OsStr::from_bytes(path).into(), PlacedMember { name: member, bytes: 0 }));
        }
    }
    PlacedInputs::of(found, compiled)
}

/// A file, and the member of it.
fn entry(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let is_file = |path: &[u8]| Path::new(OsStr::from_bytes(path)).is_file();
    let is_archive = |path: &[u8]| ends_with(path, &ARCHIVES) || is_file(path);
    if let Some(rest) = line.strip_prefix(b"(") {
        let at = memchr::memchr(b')', rest)?;
        let (path, member) = (rest.get(..at)?, rest.get(at + 1..).filter(|m| !m.is_empty())?);
        return is_archive(path).then_some((path, Some(member)));
    }
    if let Some(inner) = line.strip_suffix(b")")
        && let Some(at) = memchr::memrchr(b'(', inner)
    {
        let (path, member) = (inner.get(..at)?, inner.get(at + 1..)?);
        // Older binutils say how a library was asked for: `-lz (/usr/lib/libz.a)`.
        if path.starts_with(b"-l") && path.ends_with(b" ") {
            return Some((member, None));
        }
        return (!is_message(path) && is_archive(path)).then_some((path, Some(member)));
    }
    // A file may have any name, and then it is there.
    let is_named = ends_with(line, &OBJECTS) || !line.is_empty() && is_file(line);
    (!is_message(line) && is_named).then_some((line, None))
}

fn ends_with(path: &[u8], ends: &[&str]) -> bool {
    ends.iter().any(|end| path.ends_with(end.as_bytes()))
}

/// Linkers put a colon and a blank behind the place that they say something about.
fn is_message(line: &[u8]) -> bool {
    memmem::find(line, b": ").is_some()
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
            "-lsqlite3 (/usr/lib/libsqlite3.a)\n",
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
            .flat_map(|i| i.members.iter().map(|m| (i.path.display(), m.name.as_deref().unwrap_or_default())))
            .map(|(path, member)| format!("{path}:{member}"))
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

//! The library references of a command line.

use super::inputs;
use super::search::SearchPath;
use crate::args::ld_options::{self, Item, LdOption, LdRole};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a library is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LibraryName {
    /// `-lfoo`: `libfoo.so` or `libfoo.a` along the search path.
    Name(OsString),
    /// `-l:FILE`: a file name along the search path.
    File(OsString),
    /// A path.
    Path(PathBuf),
}

/// A library reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LibraryRef {
    /// Item index.
    pub at: usize,
    pub named: LibraryName,
    /// As typed, for messages.
    pub typed: String,
    /// Whether `--as-needed` is in effect there; none if the command line does not say.
    pub as_needed: Option<bool>,
}

/// The name after `-l` or `--library=`.
pub(crate) fn by_name(name: &OsStr) -> LibraryName {
    match name.as_bytes().strip_prefix(b":") {
        Some(file) => LibraryName::File(OsStr::from_bytes(file).to_owned()),
        None => LibraryName::Name(name.to_owned()),
    }
}

/// All references among the items, in order.
pub(crate) fn references(items: &[Item], request: &Request) -> Vec<LibraryRef> {
    let options = ld_options::options(items);
    let values: BTreeSet<usize> = options.iter().filter_map(|o| o.value_at).collect();
    let states = as_needed_states(&options);
    let mut compiled = request.inputs.iter().filter(|i| i.kind != InputKind::Library);
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let named = match item {
            Item::Arg(a) if a.role() == Some(Role::Library) => a.value().map(by_name),
            Item::Arg(a) if a.is_input() => {
                let kind = compiled.next().map_or_else(|| InputKind::of_name(&a.word), |i| i.kind);
                // A file of any name may be a linker script or a shared object.
                let file = matches!(kind, InputKind::Archive | InputKind::Shared | InputKind::Object);
                file.then(|| LibraryName::Path(a.word.clone().into()))
            }
            Item::Word { text, .. } => match options.iter().find(|o| o.at == at) {
                Some(o) if o.role == LdRole::Library => o.value.as_deref().map(by_name),
                Some(_) => None,
                None if values.contains(&at) || text.as_bytes().starts_with(b"-") || text.is_empty() => None,
                None => Some(LibraryName::Path(text.clone().into())),
            },
            Item::Arg(_) => None,
        };
        if let Some(named) = named {
            let as_needed = states.iter().rfind(|(from, _)| *from < at).and_then(|(_, state)| *state);
            found.push(LibraryRef { at, named, typed: show(items, at), as_needed });
        }
    }
    found
}

/// The objects among the references.
pub(crate) fn objects(references: &[LibraryRef], path: &SearchPath) -> Vec<PathBuf> {
    let paths = references.iter().filter_map(|r| match &r.named {
        LibraryName::Path(path) => Some(path.clone()),
        _ => None,
    });
    let paths: Vec<PathBuf> = paths.collect();
    inputs::first(&inputs::borrowed(&paths), |file| {
        path.files.object(file);
        false
    });
    paths.into_iter().filter(|file| path.files.object(file).is_some()).collect()
}

/// The item indexes from which `--as-needed` is in effect or not.
fn as_needed_states(options: &[LdOption]) -> Vec<(usize, Option<bool>)> {
    let mut now = None;
    let mut pushed = Vec::new();
    let mut states = Vec::new();
    for option in options {
        match option.role {
            LdRole::AsNeeded => now = Some(true),
            LdRole::NoAsNeeded => now = Some(false),
            LdRole::PushState => pushed.push(now),
            LdRole::PopState => now = pushed.pop().unwrap_or(now),
            _ => continue,
        }
        states.push((option.at, now));
    }
    states
}

fn show(items: &[Item], at: usize) -> String {
    match items.get(at) {
        Some(Item::Arg(a)) => a.words().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" "),
        Some(Item::Word { text, .. }) => text.to_string_lossy().into_owned(),
        None => String::new(),
    }
}

/// `libfoo.so.1.2` → `libfoo`; none for a name without `.so`.
pub(crate) fn stem(path: &Path) -> Option<&OsStr> {
    let name = path.file_name()?.as_bytes();
    let at = name.windows(3).position(|w| w == b".so")?;
    let rest = name.get(at + 3..)?;
    // `.so`, `.so.1`, and glibc's `libm-2.31.so`, whose stem ends before the version.
    let end = if rest.is_empty() || rest.starts_with(b".") { at } else { return None };
    let stem = name.get(..end)?;
    Some(OsStr::from_bytes(stem)).filter(|s| !s.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::request;

    fn of(line: &str) -> Vec<LibraryName> {
        let request = request(line);
        references(&ld_options::split(&request.args), &request).into_iter().map(|r| r.named).collect()
    }

    #[test]
    fn every_spelling_is_a_reference() {
        let name = |n: &str| LibraryName::Name(n.into());
        for (line, expected) in [
            ("-lfoo", name("foo")),
            ("-l foo", name("foo")),
            ("--library=foo", name("foo")),
            ("-Wl,-lfoo", name("foo")),
            ("-Wl,--library=foo", name("foo")),
            ("-Wl,--library,foo", name("foo")),
            ("-l:libfoo.so.1", LibraryName::File("libfoo.so.1".into())),
            ("./libfoo.so.1.2", LibraryName::Path("./libfoo.so.1.2".into())),
            ("-Wl,libfoo.a", LibraryName::Path("libfoo.a".into())),
        ] {
            assert_eq!(of(line), [expected], "{line}");
        }
        assert_eq!(of("x.c -o libfoo.so -Wl,-soname,libq.so y.S"), []);
    }

    #[test]
    fn as_needed_holds_from_where_it_is_said() {
        let request = request("-la -Wl,--as-needed -lb -Wl,--push-state,--no-as-needed -lc -Wl,--pop-state -ld");
        let found = references(&ld_options::split(&request.args), &request);
        assert_eq!(found.iter().map(|r| r.as_needed).collect::<Vec<_>>(), [None, Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn stems_of_shared_names() {
        for (name, expected) in [
            ("/l/libz.so", Some("libz")),
            ("libz.so.1.2.13", Some("libz")),
            ("libfoo-1.2.so.3", Some("libfoo-1.2")),
            ("libz.a", None),
            ("libz.sox", None),
            (".so", None),
        ] {
            assert_eq!(stem(Path::new(name)), expected.map(OsStr::new), "{name}");
        }
    }
}

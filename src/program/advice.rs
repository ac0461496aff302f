//! What may not work as before once a program is static, guessed from its bytes and its libraries.

use crate::convert::Library;
use crate::libs::ld_so::LoadedObject;
use memchr::memmem;
use serde::Serialize;
use std::path::Path;

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ProgramHint {
    /// Kebab-case id.
    pub id: &'static str,
    pub text: String,
}

/// A library that brings a run-time system along: what of it needs a second look.
const RUNTIMES: [(&str, &str); 9] = [
    ("libLLVM", "code that it makes at run time finds functions by `dlsym`: name what it may need with --plugin"),
    ("libjli", "a Java launcher loads libjvm.so, found by its own path: name it with --plugin"),
    ("libjvm", "a Java run-time system loads its own libraries and classes: name them with --plugin"),
    ("liblua", "modules in C are shared objects: name them with --plugin"),
    ("libmozjs", "code that it makes at run time runs as before; modules are shared objects: name them with --plugin"),
    ("libnode", "add-ons are shared objects: name them with --plugin"),
    ("libperl", "XS modules are shared objects: name them with --plugin"),
    ("libpython", "extension modules are shared objects: name them with --plugin"),
    ("libruby", "extensions are shared objects: name them with --plugin"),
];

/// Strings in a program that tell what it does.
const TELLING: [(&[u8], &str, &str); 2] = [
    (
        b"/proc/self/exe",
        "own-path",
        "it reads /proc/self/exe: if it looks for files beside itself, put the result where the original was",
    ),
    (b"LD_PRELOAD", "preload", "it names LD_PRELOAD: what it starts with that is not affected if it is static"),
];

/// Says what is known. `bytes` are the program's.
pub(crate) fn of(
    program: &Library<'_>,
    bytes: &[u8],
    loaded: &[LoadedObject],
    output_is_elsewhere: bool,
) -> Vec<ProgramHint> {
    let mut hints = Vec::new();
    for (text, id, what) in TELLING {
        if memmem::find(bytes, text).is_some() && (id != "own-path" || output_is_elsewhere) {
            hints.push(ProgramHint { id, text: what.to_owned() });
        }
    }
    // Its own PT_INTERP is one.
    let loaders = [&b"/ld-linux-x86-64.so.2"[..], b"/ld-linux-aarch64.so.1"];
    if loaders.iter().map(|loader| memmem::find_iter(bytes, loader).count()).sum::<usize>() > 1 {
        let text = "it names ld.so a second time: if it starts itself or others through it, that goes on as before \
                    only with dynamic programs";
        hints.push(ProgramHint { id: "starts-ld-so", text: text.to_owned() });
    }
    for library in loaded {
        let name = Path::new(&library.name).file_name().unwrap_or_default().to_string_lossy();
        let found = RUNTIMES.iter().find(|(stem, _)| {
            name.strip_prefix(stem).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        });
        if let Some((stem, what)) = found {
            hints.push(ProgramHint { id: "run-time-system", text: format!("`{stem}`: {what}") });
        }
    }
    let uses = |name: &[u8]| program.symbols.iter().any(|s| s.name == name && !s.defined());
    if uses(b"dlopen") {
        let text = "it calls dlopen: `staticctl try --trace` shows what it wants, --plugin links it in".to_owned();
        hints.push(ProgramHint { id: "loads-plugins", text });
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_time_systems_are_sorted() {
        assert!(RUNTIMES.windows(2).all(|w| w[0].0 < w[1].0));
    }
}

//! `argv[0]` → the compiler that we are called as.

use crate::model::Language;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// How a driver was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// Its language.
    pub language: Language,
    /// The name of the compiler that it replaces; none under our own names.
    pub name: Option<OsString>,
}

/// Compiler names without prefix and suffix.
const NAMES: [(&str, Language); 8] = [
    ("c++", Language::Cxx),
    ("c89", Language::C),
    ("c99", Language::C),
    ("cc", Language::C),
    ("clang", Language::C),
    ("clang++", Language::Cxx),
    ("g++", Language::Cxx),
    ("gcc", Language::C),
];

impl Invocation {
    /// Parses `argv[0]`; a name that is not a compiler's gives the program's own language.
    pub(crate) fn parse(argv0: &OsStr, own: Language) -> Invocation {
        let name = argv0.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
        match name {
            b"staticcc" => Invocation { language: Language::C, name: None },
            b"staticcxx" => Invocation { language: Language::Cxx, name: None },
            _ => match compiler(name) {
                Some(language) => Invocation { language, name: Some(OsStr::from_bytes(name).to_owned()) },
                None => Invocation { language: own, name: None },
            },
        }
    }

    /// The target in the name: `aarch64-linux-gnu` of `aarch64-linux-gnu-g++-12`.
    pub(crate) fn target(&self) -> Option<String> {
        let name = self.name.as_ref()?.as_bytes();
        let of = strip_version(name).strip_suffix(base(name))?.strip_suffix(b"-")?;
        Some(String::from_utf8_lossy(of).into_owned())
    }

    /// Whether the name contains a target, as `aarch64-linux-gnu-g++` does.
    pub(crate) fn is_cross(&self) -> bool {
        self.name.as_ref().is_some_and(|n| strip_version(n.as_bytes()).contains(&b'-'))
    }
}

/// Whether a program has one of GCC's names.
pub(crate) fn is_gcc(program: &OsStr) -> bool {
    let name = program.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    compiler(name).is_some() && !base(name).starts_with(b"clang")
}

/// `NAME` of `[TRIPLE-]NAME[-VERSION]`.
fn base(name: &[u8]) -> &[u8] {
    strip_version(name).rsplit(|b| *b == b'-').next().unwrap_or_default()
}

/// The language of a compiler's name.
fn compiler(name: &[u8]) -> Option<Language> {
    let base = base(name);
    NAMES.iter().find(|(n, _)| n.as_bytes() == base).map(|(_, language)| *language)
}

pub(super) fn strip_version(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|b| *b == b'-') {
        Some(dash) => {
            let (head, version) = name.split_at(dash);
            let digits = version.get(1..).unwrap_or_default();
            let numeric = !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
            if numeric { head } else { name }
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcc_s_names_are_known_wherever_the_program_is() {
        for (name, is) in
            [("/usr/bin/cc", true), ("x86_64-linux-gnu-g++-12", true), ("/opt/g++", true), ("musl-gcc", true)]
                .into_iter()
                .chain([("clang", false), ("/usr/bin/clang++-14", false), ("zig", false), ("tcc", false), ("", false)])
        {
            assert_eq!(is_gcc(OsStr::new(name)), is, "{name}");
        }
    }

    #[test]
    fn names_tell_the_language() {
        for (argv0, language, name, cross) in [
            ("staticcc", Language::C, None, false),
            ("/usr/bin/staticcxx", Language::Cxx, None, false),
            ("/shims/g++", Language::Cxx, Some("g++"), false),
            ("gcc-12", Language::C, Some("gcc-12"), false),
            ("clang++-14", Language::Cxx, Some("clang++-14"), false),
            ("x86_64-linux-gnu-g++", Language::Cxx, Some("x86_64-linux-gnu-g++"), true),
            ("aarch64-linux-gnu-gcc-12", Language::C, Some("aarch64-linux-gnu-gcc-12"), true),
            ("c99", Language::C, Some("c99"), false),
            ("cpp", Language::Cxx, None, false),
            ("c++filt", Language::Cxx, None, false),
            ("staticcxx-next", Language::Cxx, None, false),
        ] {
            let got = Invocation::parse(OsStr::new(argv0), Language::Cxx);
            let expected = Invocation { language, name: name.map(OsString::from) };
            assert_eq!((&got, got.is_cross()), (&expected, cross), "{argv0}");
        }
    }
}

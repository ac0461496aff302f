//! The names under which builds call compilers, and the driver for each.

use crate::files::Identity;
use crate::model::Language;
use crate::toolchain::Invocation;
use crate::toolchain::front_end::{self, LinkedThrough, STATICFC};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// Names that builds call, and the driver for each; the drivers' own names too, so that one directory on PATH is enough.
pub(crate) const NAMES: [(&str, &str); 8] = [
    ("c++", "staticcxx"),
    ("cc", "staticcc"),
    ("clang", "staticcc"),
    ("clang++", "staticcxx"),
    ("g++", "staticcxx"),
    ("gcc", "staticcc"),
    ("staticcc", "staticcc"),
    ("staticcxx", "staticcxx"),
];

/// The versioned and target-prefixed compilers on a PATH, and the driver for each.
fn further_names(path: &OsStr, home: &Path) -> BTreeMap<OsString, &'static str> {
    let own: Vec<_> = ["staticcc", "staticcxx"].iter().filter_map(|d| Identity::of(&home.join(d))).collect();
    let entries = std::env::split_paths(path).filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    let mut names = BTreeMap::new();
    for entry in entries {
        let name = entry.file_name();
        let Some(language) = further(&name) else { continue };
        let Some(id) = Identity::of(&entry.path()) else { continue };
        if !own.contains(&id) {
            names.insert(name, if language == Language::Cxx { "staticcxx" } else { "staticcc" });
        }
    }
    names
}

/// The language of a compiler's name with a version or a target for Linux. Others make no programs that could be
/// static ELF files (`arm-none-eabi-gcc`, `x86_64-w64-mingw32-gcc`).
fn further(name: &OsStr) -> Option<Language> {
    let called = Invocation::parse(name, Language::C);
    called.name.as_ref()?;
    (!called.is_cross() || name.as_encoded_bytes().windows(5).any(|w| w == b"linux")).then_some(called.language)
}

/// The front ends on a PATH whose links come to us as their linker: our driver for Fortran stands in for each.
fn front_ends(path: Option<&OsStr>) -> impl Iterator<Item = OsString> {
    let named = front_end::table().iter().filter(|f| f.links == LinkedThrough::Ld).flat_map(|f| &f.names);
    named.filter(move |name| which::which_in(name, path, "/").is_ok()).map(OsString::from)
}

/// The name by which build systems know a compiler, of those in [`NAMES`]: `gcc` for `/usr/bin/cc`, which leads to
/// `x86_64-linux-gnu-gcc-12`. Tools that judge a compiler by its name know these.
pub(crate) fn known_name(compiler: &Path, language: Language) -> Option<&'static str> {
    let real = fs::canonicalize(compiler).ok();
    let both = [Some(compiler), real.as_deref()];
    let names: Vec<&[u8]> = both.iter().flatten().filter_map(|p| Some(p.file_name()?.as_encoded_bytes())).collect();
    let has = |part: &str| names.iter().any(|name| memchr::memmem::find(name, part.as_bytes()).is_some());
    match (has("clang") || has("zig"), has("gcc") || has("g++"), language) {
        (true, _, Language::C) => Some("clang"),
        (true, _, Language::Cxx) => Some("clang++"),
        (_, true, Language::C) => Some("gcc"),
        (_, true, Language::Cxx) => Some("g++"),
        _ => None,
    }
}

/// Whether a name is one of our own.
pub(crate) fn is_own(name: &OsStr) -> bool {
    name == "staticcc" || name == "staticcxx"
}

/// All names for a PATH, and the driver for each.
pub(crate) fn names(path: Option<&OsStr>, home: &Path) -> BTreeMap<OsString, &'static str> {
    let mut names = path.map(|p| further_names(p, home)).unwrap_or_default();
    names.extend(NAMES.iter().map(|(name, driver)| (OsString::from(name), *driver)));
    names
}

/// The same with the compilers of other languages.
pub(crate) fn names_of_all(path: Option<&OsStr>, home: &Path) -> BTreeMap<OsString, &'static str> {
    let mut names = names(path, home);
    names.extend(front_ends(path).map(|name| (name, STATICFC)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_has_a_name_that_tools_know() {
        for (path, c, cxx) in [
            ("/no/x86_64-linux-gnu-gcc-12", Some("gcc"), Some("g++")),
            ("/no/clang-16", Some("clang"), Some("clang++")),
            ("/no/tcc", None, None),
        ] {
            let known = |language| known_name(Path::new(path), language);
            assert_eq!((known(Language::C), known(Language::Cxx)), (c, cxx), "{path}");
        }
    }

    #[test]
    fn compilers_for_linux_are_further_names() {
        for (name, language) in [
            ("gcc-12", Some(Language::C)),
            ("clang++-14", Some(Language::Cxx)),
            ("x86_64-linux-gnu-g++-12", Some(Language::Cxx)),
            ("aarch64-linux-musl-gcc", Some(Language::C)),
            ("arm-none-eabi-gcc", None),
            ("x86_64-w64-mingw32-g++", None),
            ("x86_64-linux-gnu-gcc-ar-12", None),
            ("distcc", None),
        ] {
            assert_eq!(further(OsStr::new(name)), language, "{name}");
        }
    }
}

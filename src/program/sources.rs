//! Whether a library goes into the program from its archive or from its shared object. An archive
//! is used only if it is of the very same version: from the same build according to the package manager or, where it
//! knows neither file, according to their symbols.

use crate::convert::Library;
use crate::libs::ld_so::LoadedObject;
use crate::libs::library_file;
use crate::libs::library_ref::stem;
use crate::libs::{SearchPath, counterpart};
use crate::packages::Package;
use crate::toolchain_libs;
use object::read::archive::ArchiveFile;
use serde::Serialize;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands for a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LibrarySource {
    /// The toolchain's own archive: this word, or none if the compiler adds it itself.
    Toolchain(Option<OsString>),
    Archive(PathBuf),
    /// The shared object is converted.
    Converted(WhyConverted),
}

/// Why a library is not taken from an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhyConverted {
    NoArchive,
    /// There is one of another or an unknown version.
    OtherVersion,
    /// It was asked for.
    Asked,
    /// Its archive lacks parts that the shared object has inside.
    Incomplete,
    /// With the archives the program did something else.
    OtherBehaviour,
}

/// Which libraries are converted although they have archives, `--from-so`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FromShared {
    /// All of them, and why.
    all: Option<WhyConverted>,
    named: Vec<String>,
}

impl FromShared {
    /// Reads `all` or names: `libfoo`, `foo`, `libfoo.so.1`.
    pub(crate) fn new(words: &[String]) -> FromShared {
        let parts = words.iter().flat_map(|w| w.split(',')).filter(|w| !w.is_empty());
        let (all, named): (Vec<&str>, Vec<&str>) = parts.partition(|w| *w == "all");
        let short = |name: &str| {
            let name = stem(Path::new(name)).map_or_else(|| name.to_owned(), |s| s.to_string_lossy().into_owned());
            name.strip_prefix("lib").unwrap_or(&name).to_owned()
        };
        let all = (!all.is_empty()).then_some(WhyConverted::Asked);
        FromShared { all, named: named.into_iter().map(short).collect() }
    }

    /// All libraries.
    pub(crate) fn everything(why: WhyConverted) -> FromShared {
        FromShared { all: Some(why), named: Vec::new() }
    }

    fn wants(&self, short: &str) -> Option<WhyConverted> {
        self.all.or_else(|| self.named.iter().any(|n| n == short).then_some(WhyConverted::Asked))
    }

    /// Names that are none of the program's libraries.
    pub(crate) fn unknown<'a>(&'a self, loaded: &'a [LoadedObject]) -> impl Iterator<Item = &'a String> {
        self.named.iter().filter(|n| !loaded.iter().any(|l| short(l) == **n))
    }
}

/// The name after `-l`.
pub(crate) fn short(loaded: &LoadedObject) -> String {
    let name = stem(Path::new(&loaded.name)).map_or_else(|| loaded.name.clone(), |s| s.to_string_lossy().into_owned());
    name.strip_prefix("lib").unwrap_or(&name).to_owned()
}

/// glibc's libraries that the compiler adds itself, and GCC's unwinder, which is another archive in static programs.
const IMPLIED: [&str; 3] = ["c", "mvec", "gcc_s"];

/// Whether a library comes with glibc or GCC.
pub(crate) fn is_toolchain_s(loaded: &LoadedObject) -> bool {
    toolchain_libs::is_glibc(loaded.name.as_bytes()) || ["gcc_s", "stdc++"].contains(&short(loaded).as_str())
}

/// The archive that a library could be taken from.
pub(crate) fn candidate(loaded: &LoadedObject, path: &SearchPath) -> Option<PathBuf> {
    counterpart::archive_of(&loaded.path, path)
}

/// Decides for one library. `archive` is its candidate, with the packages of both.
pub(crate) fn of(
    loaded: &LoadedObject,
    archive: Option<&Path>,
    owners: (Option<&Package>, Option<&Package>),
    wanted: &FromShared,
) -> LibrarySource {
    let short = short(loaded);
    if toolchain_libs::is_glibc(loaded.name.as_bytes()) || short == "gcc_s" {
        let implied = IMPLIED.contains(&short.as_str()) || loaded.name.starts_with("ld-");
        return LibrarySource::Toolchain((!implied).then(|| format!("-l{short}").into()));
    }
    if let Some(why) = wanted.wants(&short) {
        return LibrarySource::Converted(why);
    }
    let Some(archive) = archive else { return LibrarySource::Converted(WhyConverted::NoArchive) };
    let same = match owners {
        (Some(shared), Some(archive)) => shared.same_build(archive),
        (None, None) => same_symbols(&loaded.path, archive),
        _ => false,
    };
    if same { LibrarySource::Archive(archive.to_owned()) } else { LibrarySource::Converted(WhyConverted::OtherVersion) }
}

/// Whether two files that no package manager knows appear to be of one build: they lie in one
/// directory, and the archive has what the shared object exports.
fn same_symbols(shared: &Path, archive: &Path) -> bool {
    let dir = |p: &Path| fs::canonicalize(p).ok().and_then(|p| p.parent().map(Path::to_owned));
    let look = || {
        let bytes = library_file::read(shared).ok()?;
        let library = Library::read(&bytes).ok()?;
        let archive = fs::read(archive).ok()?;
        let index = ArchiveFile::parse(&*archive).ok()?.symbols().ok()??;
        let index: HashSet<&[u8]> = index.flatten().map(|s| s.name()).collect();
        let mut exported = library.symbols.iter().filter(|s| s.exported() && !s.old).peekable();
        exported.peek()?;
        Some(exported.all(|s| index.contains(s.name)))
    };
    dir(shared) == dir(archive) && look().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::packages::Format;

    fn loaded(name: &str) -> LoadedObject {
        let image = check::inspect_headers(Path::new("/proc/self/exe")).unwrap();
        LoadedObject { name: name.into(), path: format!("/proc/none/{name}").into(), by: "p".into(), image }
    }

    fn owner(source: &str, version: &str) -> Package {
        let text = |t: &str| t.to_owned();
        Package {
            manager: Format::Deb,
            name: text("p"),
            version: text("1"),
            epoch: None,
            architecture: None,
            source: text(source),
            source_version: text(version),
            purl: String::new(),
        }
    }

    #[test]
    fn an_archive_counts_only_if_it_is_of_the_same_build() {
        let archive = Path::new("/proc/none/libq.a");
        let none = FromShared::default();
        let (one, other) = (owner("q", "1"), owner("q", "2"));
        let q = loaded("libq.so.1");
        let of = |owners, wanted: &FromShared| of(&q, Some(archive), owners, wanted);
        assert_eq!(of((Some(&one), Some(&one)), &none), LibrarySource::Archive(archive.into()));
        assert_eq!(of((Some(&one), Some(&other)), &none), LibrarySource::Converted(WhyConverted::OtherVersion));
        assert_eq!(of((Some(&one), None), &none), LibrarySource::Converted(WhyConverted::OtherVersion));
        assert_eq!(of((None, None), &none), LibrarySource::Converted(WhyConverted::OtherVersion));
        for words in [["all"], ["libq"], ["q"], ["libq.so.1"], ["x,q"]] {
            let wanted = FromShared::new(&words.map(str::to_owned));
            assert_eq!(
                of((Some(&one), Some(&one)), &wanted),
                LibrarySource::Converted(WhyConverted::Asked),
                "{words:?}"
            );
        }
        assert_eq!(super::of(&q, None, (None, None), &none), LibrarySource::Converted(WhyConverted::NoArchive));
    }

    #[test]
    fn libraries_of_the_toolchain_are_its_archives() {
        let all = FromShared::new(&["all".to_owned()]);
        for (name, words) in [
            ("libc.so.6", None),
            ("ld-linux-x86-64.so.2", None),
            ("libgcc_s.so.1", None),
            ("libm.so.6", Some("-lm")),
            ("libresolv.so.2", Some("-lresolv")),
        ] {
            let expected = LibrarySource::Toolchain(words.map(OsString::from));
            assert_eq!(of(&loaded(name), None, (None, None), &all), expected, "{name}");
        }
    }
}

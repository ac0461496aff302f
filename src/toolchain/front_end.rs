//! Front ends: compilers of all languages whose programs we make static, as a table.

use super::package_manager::this_package_manager;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::LazyLock;

/// Who links a front end's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkedThrough {
    /// A driver of ours stands in its place.
    Driver,
    /// It calls a linker that is found along COMPILER_PATH.
    Ld,
    /// It calls a C compiler, by name or path, which does that.
    Cc,
    /// It calls a linker by its path.
    Own,
}

/// A compiler driver of one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// The names of its programs, without target and version.
    pub names: Vec<String>,
    /// What it compiles.
    pub language: String,
    /// How its links come to us.
    pub links: LinkedThrough,
    /// What it writes into `.comment` of its objects begins with this; for those that call a linker by its path.
    #[serde(default)]
    pub comment: Option<String>,
    /// The driver of ours that stands in its place, for those that have one of their own.
    #[serde(default)]
    pub driver: Option<String>,
    /// The variables by which builds choose it.
    pub variables: Vec<String>,
    /// The libraries of its run time, as after `-l`.
    pub libraries: Vec<String>,
    /// Libraries of its run time that exist as shared objects under one name and as archives under another; `@` stands
    /// for a version.
    #[serde(default)]
    pub twins: BTreeMap<String, String>,
    /// Debian's package.
    pub apt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontEndTable {
    #[serde(rename = "schema")]
    _schema: u32,
    front_ends: Vec<FrontEnd>,
}

static TABLE: LazyLock<Vec<FrontEnd>> = LazyLock::new(|| {
    let table = serde_json::from_str::<FrontEndTable>(include_str!("../../toolchains/front-ends.json"));
    // The table is in the program, and a test reads it.
    table.map(|t| t.front_ends).unwrap_or_default()
});

/// The driver for Fortran.
pub(crate) const STATICFC: &str = "staticfc";

/// A front end as it was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CalledFrontEnd<'a> {
    pub front_end: &'static FrontEnd,
    /// The name of the program that we stand in for; none under our own names.
    pub name: Option<&'a OsStr>,
}

/// All front ends.
pub fn table() -> &'static [FrontEnd] {
    &TABLE
}

/// The table as Markdown, for the manual.
pub fn front_ends_markdown() -> String {
    let mut text = "| language | programs | whose links come to us | by variable |\n|---|---|---|---|\n".to_owned();
    for front_end in table() {
        let names: Vec<String> = front_end.names.iter().map(|n| format!("`{n}`")).collect();
        let links = match front_end.links {
            LinkedThrough::Driver => "as their names",
            LinkedThrough::Ld => "as their linker",
            LinkedThrough::Cc => "as the C compiler that they call, or its linker",
            LinkedThrough::Own => "not: they call a linker by its path",
        };
        let variable = match &front_end.driver {
            Some(driver) => {
                let variables: Vec<String> = front_end.variables.iter().map(|v| format!("`{v}={driver}`")).collect();
                variables.join(", ")
            }
            None => String::new(),
        };
        text += &format!("| {} | {} | {links} | {variable} |\n", front_end.language, names.join(", "));
    }
    text
}

/// The front end that a program's name or path calls, apart from those of C and C++.
pub(crate) fn called(argv0: &OsStr) -> Option<CalledFrontEnd<'_>> {
    let name = argv0.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    if name == STATICFC.as_bytes() {
        return of_driver(STATICFC).map(|front_end| CalledFrontEnd { front_end, name: None });
    }
    let front_end = of_name(name).filter(|f| f.links != LinkedThrough::Driver)?;
    Some(CalledFrontEnd { front_end, name: Some(OsStr::from_bytes(name)) })
}

/// The front end that a driver of ours stands in for.
pub(crate) fn of_driver(driver: &str) -> Option<&'static FrontEnd> {
    TABLE.iter().find(|f| f.driver.as_deref() == Some(driver))
}

/// The front end of `[TRIPLE-]NAME[-VERSION]`.
fn of_name(name: &[u8]) -> Option<&'static FrontEnd> {
    let front = |name: &[u8]| TABLE.iter().find(|f| f.names.iter().any(|n| ends_with_name(name, n)));
    front(name).or_else(|| front(super::name::strip_version(name)))
}

fn ends_with_name(name: &[u8], base: &str) -> bool {
    let head = name.strip_suffix(base.as_bytes());
    // A target has two dashes at least: `x86_64-linux-gnu-gfortran`, but not `my-go`.
    head.is_some_and(|h| h.is_empty() || (h.ends_with(b"-") && h.iter().filter(|b| **b == b'-').count() > 1))
}

/// The name of GCC's driver for C beside a front end of GCC's: `x86_64-linux-gnu-gcc-12` for
/// `x86_64-linux-gnu-gfortran-12`.
pub(crate) fn c_driver_beside(name: &OsStr) -> Option<OsString> {
    let bytes = name.as_bytes();
    let versioned = bytes.get(super::name::strip_version(bytes).len()..).unwrap_or_default();
    let base = &bytes[..bytes.len() - versioned.len()];
    let front_end = of_name(bytes).filter(|f| f.links == LinkedThrough::Ld)?;
    let target = front_end.names.iter().find_map(|n| base.strip_suffix(n.as_bytes()))?;
    Some(OsStr::from_bytes(&[target, b"gcc", versioned].concat()).to_owned())
}

/// The front end that calls a linker by its path, by a text in `.comment` of a program.
pub(crate) fn by_comment(comment: &str) -> Option<&'static FrontEnd> {
    TABLE.iter().find(|f| f.comment.as_ref().is_some_and(|begins| comment.starts_with(begins.as_str())))
}

/// The archive's name for a library that is a shared object under this name alone.
pub(crate) fn twin(library: &OsStr) -> Option<&'static str> {
    let library = library.to_str()?;
    let is = |shared: &str| match shared.split_once('@') {
        None => shared == library,
        Some((head, tail)) => {
            let version = library.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            version.is_some_and(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        }
    };
    TABLE.iter().flat_map(|f| &f.twins).find(|(shared, _)| is(shared)).map(|(_, archive)| archive.as_str())
}

/// Whether an archive is the twin of a run-time library.
pub(crate) fn is_twin(archive: &Path) -> bool {
    let name = archive.file_name().and_then(OsStr::to_str).and_then(|n| n.strip_prefix("lib")?.strip_suffix(".a"));
    name.is_some_and(|name| TABLE.iter().any(|f| f.twins.values().any(|twin| twin == name)))
}

impl FrontEnd {
    /// How to install it, where that is known.
    pub(crate) fn install_hint(&self) -> Option<String> {
        (this_package_manager()? == "apt").then(|| format!("apt-get install {}", self.apt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_target_and_version_are_known() {
        assert_eq!(
            serde_json::from_str::<FrontEndTable>(include_str!("../../toolchains/front-ends.json"))
                .map(|t| t.front_ends.len())
                .ok(),
            Some(table().len())
        );
        for (name, language) in [
            ("gfortran", Some("Fortran")),
            ("/usr/bin/gfortran-12", Some("Fortran")),
            ("x86_64-linux-gnu-gfortran-12", Some("Fortran")),
            ("flang-new-16", Some("Fortran")),
            ("staticfc", Some("Fortran")),
            ("gnatmake", Some("Ada")),
            ("ldc2", Some("D")),
            ("gcc", None),
            ("g++-12", None),
            ("staticcc", None),
            ("my-go", None),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(called(OsStr::new(name)).map(|c| c.front_end.language.as_str()), language, "{name}");
        }
    }

    #[test]
    fn the_driver_for_c_is_beside() {
        for (name, gcc) in [
            ("gfortran", Some("gcc")),
            ("x86_64-linux-gnu-gdc-12", Some("x86_64-linux-gnu-gcc-12")),
            ("gccgo-12", Some("gcc-12")),
            ("gcc-12", None),
            ("ldc2", None),
        ] {
            assert_eq!(c_driver_beside(OsStr::new(name)).as_deref(), gcc.map(OsStr::new), "{name}");
        }
    }

    #[test]
    fn a_library_has_a_twin() {
        assert_eq!(twin(OsStr::new("phobos2-ldc-shared")), Some("phobos2-ldc"));
        assert_eq!(twin(OsStr::new("gnat-12")), Some("gnat"));
        assert_eq!(twin(OsStr::new("gnat-")), None);
        assert_eq!(twin(OsStr::new("z")), None);
        assert!(is_twin(Path::new("/l/libphobos2-ldc.a")) && !is_twin(Path::new("/l/libz.a")));
    }
}

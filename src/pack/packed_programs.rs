//! The programs of a packed compiler: which, from where, and to which place in the tree.

use super::gcc_installation::GccInstallation;
use super::pack_error::PackError;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// A language whose compiler can be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
pub(crate) enum PackedLanguage {
    /// C
    #[serde(rename = "c")]
    C,
    /// C++
    #[value(name = "c++")]
    #[serde(rename = "c++")]
    Cxx,
    /// Fortran
    #[serde(rename = "fortran")]
    Fortran,
}

impl fmt::Display for PackedLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PackedLanguage::C => "C",
            PackedLanguage::Cxx => "C++",
            PackedLanguage::Fortran => "Fortran",
        })
    }
}

/// What kind of program it is, by which it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProgramKind {
    /// What users call.
    Driver,
    /// What drivers call.
    Part,
    /// A program of binutils.
    Tool,
}

use PackedLanguage::{C, Cxx, Fortran};
use ProgramKind::{Driver, Part, Tool};

/// A row: the name, the language (none for all), the kind, and whether there is no compiler without it.
const PROGRAMS: [(&str, Option<PackedLanguage>, ProgramKind, bool); 19] = [
    ("gcc", None, Driver, true),
    ("g++", Some(Cxx), Driver, true),
    ("gfortran", Some(Fortran), Driver, true),
    ("cpp", None, Driver, false),
    ("gcov", None, Driver, false),
    ("cc1", Some(C), Part, true),
    ("cc1plus", Some(Cxx), Part, true),
    ("f951", Some(Fortran), Part, true),
    ("collect2", None, Part, true),
    ("lto1", None, Part, false),
    ("lto-wrapper", None, Part, false),
    ("as", None, Tool, true),
    ("ld", None, Tool, true),
    ("ar", None, Tool, true),
    ("nm", None, Tool, true),
    ("ranlib", None, Tool, true),
    ("objcopy", None, Tool, true),
    ("objdump", None, Tool, false),
    ("strip", None, Tool, true),
];

/// The plugin by which binutils read objects of link-time optimization, which becomes part of them.
pub(crate) const LTO_PLUGIN: &str = "liblto_plugin.so";

/// One program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackedProgram {
    /// Its file on this machine.
    pub from: PathBuf,
    /// Its place in the tree.
    pub to: PathBuf,
    /// What it loads at run time.
    pub plugins: Vec<PathBuf>,
    /// Whether it compiles: what a user's `--plugin` is for.
    pub compiles: bool,
    /// Whether it reads sources, which may be in any character set.
    pub reads_sources: bool,
}

/// A name that leads to something else in the tree.
pub(crate) type PackedLink = (PathBuf, PathBuf);

/// The programs of one compiler, and further names of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PackedPrograms {
    pub programs: Vec<PackedProgram>,
    pub links: Vec<PackedLink>,
}

/// Finds the programs of a compiler for some languages. `native` is the one that is meant by names without a target.
///
/// # Errors
/// One that there must be is missing.
pub(crate) fn find(
    gcc: &GccInstallation,
    languages: &BTreeSet<PackedLanguage>,
    native: bool,
    path: Option<&OsStr>,
) -> Result<PackedPrograms, PackError> {
    let mut found = PackedPrograms::default();
    let plugin = gcc.file(LTO_PLUGIN);
    for (name, language, kind, required) in PROGRAMS {
        if language.is_some_and(|language| language != C && !languages.contains(&language)) {
            continue;
        }
        let from = match kind {
            Driver if name == "gcc" => Some(gcc.driver.clone()),
            Driver => gcc.sibling(name),
            Part => gcc.part(name),
            Tool => gcc.tool(name, path),
        };
        let Some(from) = from else {
            let part = language.map_or(name.to_owned(), |language| format!("{language} compiler"));
            if required {
                return Err(PackError::NoPart(gcc.driver.clone(), part));
            }
            continue;
        };
        let to = match kind {
            Driver | Part => gcc.place(&from)?,
            Tool => Path::new("/usr/bin").join(format!("{}-{name}", gcc.triple)),
        };
        let names = match kind {
            Driver => further(gcc, name, &to, native),
            Part => Vec::new(),
            Tool => of_tool(gcc, name, native),
        };
        found.links.extend(names.into_iter().filter(|link| *link != to).map(|link| (link, to.clone())));
        let plugins = plugin.iter().filter(|_| kind == Tool && name != "as").cloned().collect();
        let (compiles, reads_sources) = (kind == Part, kind == Part && language.is_some());
        found.programs.push(PackedProgram { from, to, plugins, compiles, reads_sources });
    }
    Ok(found)
}

/// The usual names of a driver beside its own.
fn further(gcc: &GccInstallation, name: &str, to: &Path, native: bool) -> Vec<PathBuf> {
    let plain = native.then(|| to.with_file_name(name));
    [Some(to.with_file_name(format!("{}-{name}", gcc.triple))), plain].into_iter().flatten().collect()
}

/// The names of a program of binutils by which drivers look for it, and users.
fn of_tool(gcc: &GccInstallation, name: &str, native: bool) -> Vec<PathBuf> {
    let for_drivers = Path::new("/usr").join(&gcc.triple).join("bin").join(name);
    let plain = native.then(|| Path::new("/usr/bin").join(name));
    [Some(for_drivers), plain].into_iter().flatten().collect()
}

/// The names in `bin/` that are this program, as the compilers for a target.
pub(crate) fn compiler_names(
    gcc: &GccInstallation,
    languages: &BTreeSet<PackedLanguage>,
    native: bool,
    musl: bool,
) -> Vec<String> {
    let arch = gcc.triple.split('-').next().unwrap_or_default();
    let own = gcc.driver.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let mut names = Vec::new();
    let each = [("gcc", "cc", C), ("g++", "c++", Cxx), ("gfortran", "", Fortran)];
    for (name, short, _) in each.into_iter().filter(|(_, _, language)| *language == C || languages.contains(language)) {
        names.push(format!("{}-{name}", gcc.triple));
        names.extend(musl.then(|| format!("{arch}-linux-musl-{name}")));
        let versioned = own.replacen("gcc", name, 1);
        if native {
            names.push(name.to_owned());
            names.extend(Some(short).filter(|short| !short.is_empty()).map(str::to_owned));
            names.extend(versioned.strip_prefix(&format!("{}-", gcc.triple)).map(str::to_owned));
        }
        names.push(versioned);
    }
    names.sort();
    names.dedup();
    names
}

/// The names in `bin/` of what is no compiler, and their places in `usr/bin`.
pub(crate) fn tool_names(programs: &PackedPrograms) -> Vec<(String, PathBuf)> {
    let name = |path: &Path| path.file_name().and_then(OsStr::to_str).map(str::to_owned);
    let of = |to: &Path| {
        let last = name(to)?.rsplit('-').find(|part| !part.starts_with(|c: char| c.is_ascii_digit()))?.to_owned();
        PROGRAMS
            .iter()
            .any(|(row, _, kind, _)| *row == last && (*kind == Tool || ["cpp", "gcov"].contains(row)))
            .then_some(())
    };
    let is_in_bin = |path: &Path| path.parent() == Some(Path::new("/usr/bin"));
    let own = programs.programs.iter().map(|p| (&p.to, &p.to));
    let links = programs.links.iter().map(|(link, to)| (link, to));
    let all = own.chain(links).filter(|(link, to)| is_in_bin(link) && of(to).is_some());
    let mut names: Vec<(String, PathBuf)> = all.filter_map(|(link, to)| Some((name(link)?, to.clone()))).collect();
    // Binutils read objects of link-time optimization by themselves here.
    let wrappers: Vec<(String, PathBuf)> = names
        .iter()
        .filter(|(name, _)| {
            ["ar", "nm", "ranlib"].iter().any(|tool| name == tool || name.ends_with(&format!("-{tool}")))
        })
        .map(|(name, to)| {
            let (head, tool) =
                name.rsplit_once('-').map_or((String::new(), name.as_str()), |(h, t)| (format!("{h}-"), t));
            (format!("{head}gcc-{tool}"), to.clone())
        })
        .collect();
    names.extend(wrappers);
    names.sort();
    names.dedup();
    names
}

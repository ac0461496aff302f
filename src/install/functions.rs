//! Functions that are faster than musl's, for programs whose own code calls them: `toolchains/musl/fast`.
//!
//! Every object defines its functions weakly, so that the program's own take precedence, and so do libc's where a member of
//! libc.a that has more than these is linked in as well. `called-for.txt` names functions of libc and libstdc++ that spend
//! their time in one of them: a program that calls such a function is given it too. `own-names.txt` names members of
//! libc.a that go on serving what the faster functions leave to them, under names of their own.

use super::build_context::{BuildContext, InstallError};
use super::symbol_binding;
use super::sysroot::Sysroot;
use crate::archive::{self, IndexedMember};
use crate::embedded::EmbeddedFiles;
use crate::libs::member_symbols::MemberSymbols;
use crate::toolchain::FastFunctions;
use object::read::archive::ArchiveFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The sources.
static SOURCES: EmbeddedFiles = EmbeddedFiles(include_bytes!(concat!(env!("OUT_DIR"), "/functions.tar.xz")));

/// The archives' file names.
pub(super) const OFFERED: &str = "libfast-offered.a";
pub(super) const DEFINED: &str = "libfast.a";
const REST: &str = "libfast-libc.a";
/// The directory of the objects.
pub(super) const OBJECTS: &str = "fast";

/// The archives in a toolchain's directory, if it has them.
pub(crate) fn built(lib: &Path) -> Option<FastFunctions> {
    let [offered, defined, objects, rest] = [OFFERED, DEFINED, OBJECTS, REST].map(|name| lib.join(name));
    let complete = objects.is_dir() && [&offered, &defined, &rest].iter().all(|file| file.is_file());
    complete.then_some(FastFunctions { offered, defined, objects, rest })
}

/// The directory of the programs that try whether a libc is as expected.
const CHECKS: &str = "checks";

/// How they are compiled. They run before there is thread-local storage and a stack guard, and must not become calls of
/// themselves.
const FLAGS: &str = "-std=gnu11 -O2 -fPIE -ffunction-sections -fdata-sections -fvisibility=hidden -ffreestanding -fno-builtin \
                     -fno-tree-loop-distribute-patterns -fno-stack-protector -w";

/// One line of `own-names.txt`.
#[derive(Debug, PartialEq, Eq)]
struct OwnName<'t> {
    member: &'t str,
    symbol: &'t str,
    name: &'t str,
}

/// Builds the archives into the tree, and the objects beside them. Gives a line for each object that this libc has no use for.
///
/// # Errors
/// The compiler's failure; objects that can't be read.
pub(crate) fn build(context: &BuildContext<'_>, tree: &Sysroot) -> Result<String, InstallError> {
    let io = |e: io::Error| InstallError::io("reading the string functions", e);
    let dir = context.unpacked("functions", SOURCES)?;
    let names = compile(context, tree, &dir, FLAGS)?;
    let own_names = fs::read_to_string(dir.join("own-names.txt")).map_err(io)?;
    let called_for = fs::read_to_string(dir.join("called-for.txt")).map_err(io)?;
    let own = own_members(context, tree, &dir, &own_names)?;
    let (mut members, unfit) = fitting(context, tree, &dir, names, &own)?;
    let io = |e: io::Error| InstallError::io("writing the archives of string functions", e);
    let write = |name: &str, members: &[IndexedMember]| {
        let bytes = archive::indexed_by(members)
            .ok_or_else(|| InstallError::Unfit(format!("`{name}` would be larger than an archive can be")))?;
        fs::write(tree.lib().join(name), bytes).map_err(io)
    };
    write(REST, &own)?;
    write(DEFINED, &members)?;
    let objects = tree.lib().join(OBJECTS);
    fs::create_dir_all(&objects).map_err(io)?;
    members.iter().try_for_each(|member| fs::write(objects.join(&member.name), &member.object)).map_err(io)?;
    for member in &mut members {
        let of_member = |line: &str| {
            let (object, function) = line.split_once(' ')?;
            (member.name.strip_suffix(".o") == Some(object)).then(|| function.trim().into())
        };
        let called: Vec<Vec<u8>> = called_for.lines().filter_map(of_member).collect();
        member.names.extend(called);
    }
    write(OFFERED, &members)?;
    Ok(unfit)
}

/// Of the compiled sources, the objects for this machine and this libc, and a line for each that does not fit the libc.
fn fitting(
    context: &BuildContext<'_>,
    tree: &Sysroot,
    dir: &Path,
    names: Vec<String>,
    own: &[IndexedMember],
) -> Result<(Vec<IndexedMember>, String), InstallError> {
    let io = |e: io::Error| InstallError::io("reading the string functions", e);
    let provided: BTreeSet<&[u8]> = own.iter().flat_map(|member| member.names.iter().map(Vec::as_slice)).collect();
    let (mut members, mut unfit) = (Vec::new(), String::new());
    for name in names {
        let mut object = fs::read(dir.join(format!("{name}.o"))).map_err(io)?;
        let symbols = symbols(&name, &object)?;
        let names: Vec<Vec<u8>> = symbols.defined().map(<[u8]>::to_vec).collect();
        // Nothing for this machine, or nobody to go on where it leaves off.
        let left_to_libc = |undefined: &&&[u8]| undefined.starts_with(OWN_PREFIX);
        if names.is_empty() || symbols.needed.iter().filter(left_to_libc).any(|n| !provided.contains(*n)) {
            continue;
        }
        match checked(context, tree, dir, &name) {
            Ok(()) => {}
            Err(InstallError::Interrupted(signal)) => return Err(InstallError::Interrupted(signal)),
            Err(why) => {
                let _ = writeln!(unfit, "the functions of `{name}` are musl's: {why}");
                continue;
            }
        }
        symbol_binding::weaken_defined(&mut object).map_err(|e| unreadable(&name, &e))?;
        members.push(IndexedMember { name: format!("{name}.o"), object, names });
    }
    Ok((members, unfit))
}

/// Tries whether a libc is as a source expects it that relies on more than the standard says: by the program of its name in
/// `checks`, if there is one, which is linked with that libc and ends with 0 if so.
///
/// # Errors
/// Why it is not, or could not be tried.
fn checked(context: &BuildContext<'_>, tree: &Sysroot, dir: &Path, name: &str) -> Result<(), InstallError> {
    if !dir.join(CHECKS).join(format!("{name}.c")).is_file() {
        return Ok(());
    }
    let emulator = match &context.inputs.emulator {
        _ if context.inputs.arch == std::env::consts::ARCH => String::new(),
        Some(emulator) => format!("'{}' ", emulator.display()),
        None => return Err(InstallError::Unfit("whether they fit can't be tried on this machine".into())),
    };
    // By make: what crashes fails there, and is no signal for us.
    let rules = format!(
        "{name}:\n\t\"$(CC)\" \"$(SPECS)\" -O2 -w -static {CHECKS}/{name}.c -o {CHECKS}/{name}\n\t{emulator}{CHECKS}/{name}\n.PHONY: {name}\n"
    );
    fs::write(dir.join(CHECKS).join("Makefile"), rules).map_err(|e| InstallError::io("preparing a check", e))?;
    let [compiler, specs] = compiler_variables(context, tree);
    context.make(dir, &["-f", &format!("{CHECKS}/Makefile"), &compiler, &specs, name])
}

/// How libc's own functions are called that the faster ones leave something to.
const OWN_PREFIX: &[u8] = b"__musl_";

pub(super) fn unreadable(name: &str, error: &object::Error) -> InstallError {
    InstallError::Unfit(format!("`{name}` can't be read: {error}"))
}

/// Compiles each source of a directory with these flags; gives their names without suffix, sorted.
pub(super) fn compile(
    context: &BuildContext<'_>,
    tree: &Sysroot,
    dir: &Path,
    flags: &str,
) -> Result<Vec<String>, InstallError> {
    let io = |e: io::Error| InstallError::io("preparing to compile functions for musl", e);
    let entries: Vec<PathBuf> =
        fs::read_dir(dir).map_err(io)?.map(|e| Ok(e?.path())).collect::<io::Result<_>>().map_err(io)?;
    let is_source = |path: &&PathBuf| path.extension().is_some_and(|suffix| suffix == "c");
    let mut names: Vec<String> =
        entries.iter().filter(is_source).filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    let mut makefile = format!("all: {}\n", names.iter().map(|n| format!("{n}.o")).collect::<Vec<_>>().join(" "));
    for name in &names {
        let _ = write!(
            makefile,
            "{name}.o: {name}.c\n\t\"$(CC)\" \"$(SPECS)\" {flags} -c {name}.c -o {name}.tmp\n\tmv {name}.tmp {name}.o\n"
        );
    }
    fs::write(dir.join("Makefile"), makefile).map_err(io)?;
    let [compiler, specs] = compiler_variables(context, tree);
    context.make(dir, &[&compiler, &specs])?;
    Ok(names)
}

/// The compiler and its option for the new toolchain, as make's variables `CC` and `SPECS`.
fn compiler_variables(context: &BuildContext<'_>, tree: &Sysroot) -> [String; 2] {
    let variable = |name: &str, value: &str| format!("{name}={}", value.replace('$', "$$"));
    [
        variable("CC", &context.inputs.cc.to_string_lossy()),
        variable("SPECS", &format!("-specs={}", tree.specs().display())),
    ]
}

/// Members of libc.a under names of their own, which their lines give.
fn own_members(
    context: &BuildContext<'_>,
    tree: &Sysroot,
    dir: &Path,
    lines: &str,
) -> Result<Vec<IndexedMember>, InstallError> {
    let io = |e: io::Error| InstallError::io("taking members out of libc.a", e);
    let mut by_member: BTreeMap<&str, Vec<OwnName<'_>>> = BTreeMap::new();
    for own in lines.lines().filter_map(own_name) {
        by_member.entry(own.member).or_default().push(own);
    }
    let libc = fs::read(tree.lib().join("libc.a")).map_err(io)?;
    let archive = ArchiveFile::parse(libc.as_slice()).map_err(|e| unreadable("libc.a", &e))?;
    let mut found = Vec::new();
    for member in archive.members() {
        let member = member.map_err(|e| unreadable("libc.a", &e))?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let stem = stem(&name);
        let Some(own) = by_member.get(stem) else { continue };
        let object = dir.join(format!("libc-{stem}.o"));
        fs::write(&object, member.data(libc.as_slice()).map_err(|e| unreadable(&name, &e))?).map_err(io)?;
        let objcopy = context.inputs.tool("objcopy");
        let renamed = own.iter().map(|own| format!("--redefine-sym={}={}", own.symbol, own.name));
        let words: Vec<String> = std::iter::once(objcopy).chain(renamed).collect();
        context.quick(&words.iter().map(String::as_str).collect::<Vec<_>>(), [object.clone()])?;
        let mut bytes = fs::read(&object).map_err(io)?;
        symbol_binding::weaken_defined(&mut bytes).map_err(|e| unreadable(&name, &e))?;
        // The others are libc's to give.
        let symbols = symbols(&name, &bytes)?;
        let own = symbols.defined().filter(|name| name.starts_with(OWN_PREFIX));
        let names = own.map(<[u8]>::to_vec).collect();
        found.push(IndexedMember { name: format!("{stem}.o"), object: bytes, names });
    }
    Ok(found)
}

/// A line `MEMBER SYMBOL NAME`; none for a comment.
fn own_name(line: &str) -> Option<OwnName<'_>> {
    let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
    Some(OwnName { member: stem(words.next()?), symbol: words.next()?, name: words.next()? })
}

/// A member's name without its suffix: `strtod.o` and Debian's `strtod.lo` are the same.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The global symbols of an object.
pub(super) fn symbols<'f>(name: &str, object: &'f [u8]) -> Result<MemberSymbols<'f>, InstallError> {
    MemberSymbols::of(object).ok_or_else(|| InstallError::Unfit(format!("`{name}` can't be read as an object")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_names() {
        assert_eq!(own_name("# member symbol name"), None);
        assert_eq!(own_name("strtod strtod"), None);
        let own = OwnName { member: "strtod", symbol: "strtof", name: "__musl_strtof" };
        assert_eq!(own_name("strtod.o strtof  __musl_strtof # what is left"), Some(own));
    }

    #[test]
    fn the_sources_are_packed_with_what_they_are_called_for() {
        let names = SOURCES.texts().unwrap();
        let called_for = include_str!("../../toolchains/musl/fast/called-for.txt");
        for line in called_for.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (object, function) = line.split_once(' ').unwrap();
            assert!(names.contains_key(&format!("{object}.c")) && !function.contains(' '), "{line}");
        }
    }
}

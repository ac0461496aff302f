//! Compiles the edited sources and builds the two archives.

use super::by_use::GROUPS;
use super::compiled::Compiled;
use super::objects::{Split, SplitArchive};
use super::source_edits;
use crate::install::build;
use crate::install::build_context::{BuildContext, InstallError};
use crate::install::symbol_binding;
use crate::install::sysroot::Sysroot;
use crate::libs::member_symbols::MemberSymbols;
use object::read::archive::ArchiveFile;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Splits the library that was built in `build`, and puts the archives into the tree. Gives a line about facets that do
/// not come by use.
///
/// # Errors
/// Why this version can't be split, as a [`InstallError::Unfit`]; a compiler's failure.
pub(crate) fn split(
    context: &BuildContext<'_>,
    build: &Path,
    source: &Path,
    tree: &Sysroot,
) -> Result<String, InstallError> {
    let unfit = |what: &str| InstallError::Unfit(what.to_owned());
    let log = fs::read_to_string(build.join("make.log")).map_err(|e| InstallError::io("reading the log of make", e))?;
    let directories = ["src", "src/c++98", "src/c++11", "src/c++17", "src/c++20", "src/filesystem", "libsupc++"];
    let compiled = Compiled::parse(&log).located(build, &directories);
    let split = source_edits::split(&compiled, build, source).map_err(|what| unfit(&what))?;
    let work = context.work.join("lean");
    fs::create_dir_all(&work).map_err(|e| InstallError::io("making a directory", e))?;
    let makefile = makefile(&compiled, &split, &work).map_err(|what| unfit(&what))?;
    fs::write(work.join("Makefile"), makefile).map_err(|e| InstallError::io("writing a makefile", e))?;
    context.make(&work, &["-k"])?;
    pack(context, &compiled, &split, build, tree)?;
    Ok(always_linked(&work)?.map(|why| format!("facets do not come by use: {why}\n")).unwrap_or_default())
}

/// The first reference from the facets that every stream has to those that come by use, which would bring them always.
fn always_linked(work: &Path) -> Result<Option<String>, InstallError> {
    let read = |name: &str| {
        fs::read(work.join(format!("{name}.o"))).map_err(|e| InstallError::io(format!("reading `{name}.o`"), e))
    };
    let unreadable = |name: &str| InstallError::Unfit(format!("`{name}.o` can't be read as an object"));
    let core = read("facets-n")?;
    let core = MemberSymbols::of(&core).ok_or_else(|| unreadable("facets-n"))?;
    for group in GROUPS.iter().filter(|g| g.instantiated) {
        let name = format!("facets-{}", group.name);
        let object = read(&name)?;
        let defined: BTreeSet<&[u8]> = MemberSymbols::of(&object).ok_or_else(|| unreadable(&name))?.defined().collect();
        if let Some(symbol) = core.needed.iter().find(|needed| defined.contains(**needed)) {
            return Ok(Some(format!("`facets-n.o` refers to `{}` of `{name}.o`", String::from_utf8_lossy(symbol))));
        }
    }
    Ok(None)
}

/// The rules for all pieces.
fn makefile(compiled: &Compiled, split: &Split, work: &Path) -> Result<String, String> {
    let mut rules = String::new();
    let mut all = String::from("all:");
    for piece in &split.pieces {
        let name = &piece.name;
        let object = compiled.find(&piece.like).ok_or_else(|| format!("no object is made from {}", piece.like))?;
        let command = object.command_for(name).replace('$', "$$");
        fs::write(work.join(format!("{name}.cc")), &piece.text).map_err(|e| e.to_string())?;
        let _ = write!(all, " {name}.o");
        // The file appears under its name when it is finished.
        let _ = write!(
            rules,
            "{name}.o: {name}.cc\n\tcd {} && {command} -fno-gnu-unique {} -I{} -w -c {}/{name}.cc -o {}/{name}.tmp\n",
            object.directory.display(),
            piece.options,
            object.source_dir(&object.directory).display(),
            work.display(),
            work.display(),
        );
        let _ = writeln!(rules, "\tmv {name}.tmp {name}.o");
    }
    Ok(format!("{all}\n{rules}"))
}

/// The two archives, and the linker script that names both.
fn pack(
    context: &BuildContext<'_>,
    compiled: &Compiled,
    split: &Split,
    build: &Path,
    tree: &Sysroot,
) -> Result<(), InstallError> {
    let io = |e| InstallError::io("taking the library apart", e);
    // libtool renames members of equal names: the objects themselves say which is which.
    let mut replaced = BTreeSet::new();
    for source in &split.replaced {
        let object = compiled.find(source).ok_or_else(|| InstallError::Unfit(format!("no object of {source}")))?;
        let path = build.join(&object.directory).join(&object.output);
        let data = fs::read(&path).map_err(|e| InstallError::io(format!("reading `{}`", path.display()), e))?;
        replaced.insert(data);
    }
    let work = context.work.join("lean");
    let kept = work.join("kept");
    // From an interrupted run.
    let _ = fs::remove_dir_all(&kept);
    fs::create_dir_all(&kept).map_err(io)?;
    let bytes = fs::read(build::archive(context)).map_err(io)?;
    let unreadable = |e: object::Error| InstallError::Unfit(format!("the built libstdc++.a: {e}"));
    let mut first: Vec<PathBuf> = Vec::new();
    let mut gone = 0;
    for (number, member) in ArchiveFile::parse(bytes.as_slice()).map_err(unreadable)?.members().enumerate() {
        let member = member.map_err(unreadable)?;
        let data = member.data(bytes.as_slice()).map_err(unreadable)?;
        if replaced.contains(data) {
            gone += 1;
            continue;
        }
        // Numbered, because two members may have one name.
        let path = kept.join(format!("{number}-{}", String::from_utf8_lossy(member.name())));
        fs::write(&path, data).map_err(io)?;
        first.push(path);
    }
    if gone != split.replaced.len() {
        return Err(InstallError::Unfit(format!("{gone} of {} objects are in libstdc++.a", split.replaced.len())));
    }
    let made = |side: fn(SplitArchive) -> bool| {
        split.pieces.iter().filter(move |p| side(p.side)).map(|p| work.join(format!("{}.o", p.name)))
    };
    let mut narrow: Vec<PathBuf> = made(|s| matches!(s, SplitArchive::First | SplitArchive::Both)).collect();
    narrow.extend(first);
    let mut wide: Vec<PathBuf> = made(|s| s != SplitArchive::First).collect();
    narrow.sort_by_key(|member| repeats_templates(member));
    wide.sort_by_key(|member| repeats_templates(member));
    bind(split, &work)?;
    for (name, members) in [("libstdc++-narrow.a", narrow), ("libstdc++-wide.a", wide)] {
        let into = tree.lib().join(name);
        let _ = fs::remove_file(&into);
        context.quick(&[&context.inputs.tool("ar"), "rcs"], [into.clone()].into_iter().chain(members))?;
        context.quick(&[&context.inputs.tool("strip"), "-g"], [into])?;
    }
    let script = "/* Two archives: see libstdc++-narrow.a and libstdc++-wide.a. */\nGROUP ( libstdc++-narrow.a libstdc++-wide.a )\n";
    fs::write(tree.lib().join("libstdc++.a"), script).map_err(io)
}

/// Whether an object repeats templates of others: those for the old ABI of `std::string`, and C++20's part of the string
/// streams, by the names that libstdc++ gives its sources and `source_edits` to what it makes. A linker that takes each name's
/// first definition in an archive, whatever is linked already, would take in the old ABI or streams for them.
fn repeats_templates(member: &Path) -> bool {
    let name = member.file_name().unwrap_or_default().to_string_lossy();
    name.contains("cow-") || name.contains("_cow") || name.starts_with("old-") || name.contains("inst20")
}

/// Makes weak what the pieces are to have weak: the definitions that only repeat others, and references to what a program
/// may be without.
fn bind(split: &Split, work: &Path) -> Result<(), InstallError> {
    let io = |e| InstallError::io("taking the library apart", e);
    let unreadable = |e: object::Error| InstallError::Unfit(format!("a part of libstdc++: {e}"));
    for piece in &split.pieces {
        let repeats = piece.side == SplitArchive::Second { weak: true };
        if !repeats && piece.weak_references.is_empty() {
            continue;
        }
        let object = work.join(format!("{}.o", piece.name));
        let mut bytes = fs::read(&object).map_err(io)?;
        if repeats {
            symbol_binding::weaken_defined(&mut bytes).map_err(unreadable)?;
        }
        symbol_binding::weaken_undefined(&mut bytes, &piece.weak_references).map_err(unreadable)?;
        fs::write(object, bytes).map_err(io)?;
    }
    Ok(())
}

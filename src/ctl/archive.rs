//! `staticctl archive`: a shared object as an archive that works with any compiler and linker.

use super::output::{Reported, fail, keep_inputs, produce, report_error};
use crate::convert::sections::tag;
use crate::convert::{ConversionOptions, Layout, Library, Refusal, Versions, acceptable, convert, start};
use crate::files::write_atomic;
use crate::libs::{ld_so, library_file, library_ref};
use crate::model::Language;
use crate::options::exit_codes::EXIT_YES;
use crate::repairs;
use crate::settings::Settings;
use crate::supply::{converted_libraries, glibc, load_order};
use crate::toolchain::{CallNeed, Facts, Invocation};
use crate::{archive, check};
use object::read::archive::ArchiveFile;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_128;

/// Converts `shared` and writes the archive.
pub(crate) fn run(settings: &Settings, shared: &Path, output: Option<PathBuf>) -> u8 {
    let hint = |text: &str| Some(text.to_owned());
    let output = match output.or_else(|| default_output(shared)) {
        Some(output) => output,
        None => {
            return fail(
                format!("`{}` is not named like a library", shared.display()),
                hint("name the archive with `-o`"),
            );
        }
    };
    if let Err(Reported(status)) = keep_inputs(&output, [shared]) {
        return status;
    }
    let (facts, support) = match toolchain(settings) {
        Ok(found) => found,
        Err(Reported(status)) => return status,
    };
    let support = match members_of(&support) {
        Ok(members) => members,
        Err(error) => return fail(format!("`{}` can't be read: {error}", support.display()), None),
    };
    let LibraryMembers { mut members, needed } = match convert_library(shared, &facts) {
        Ok(converted) => converted,
        Err(refusal) => {
            return fail(format!("`{}` can't be converted: {refusal}", shared.display()), hint(refusal.hint()));
        }
    };
    members.extend(support);
    let written = archive::of_members(&members)
        .ok_or_else(|| io::Error::other("it has too many symbols"))
        .and_then(|bytes| write_atomic(&output, &bytes));
    if let Err(error) = written {
        return fail(format!("`{}` can't be written: {error}", output.display()), None);
    }
    let words: Vec<String> = needed.iter().filter_map(|n| flag(n)).collect();
    let text = match words.is_empty() {
        true => format!("{}: needs nothing but libc\n", output.display()),
        false => format!("{}: link it with {}\n", output.display(), words.join(" ")),
    };
    produce(&text, EXIT_YES)
}

/// The facts of the toolchain, and its archive of start-up code for converted libraries.
fn toolchain(settings: &Settings) -> Result<(Facts, PathBuf), Reported> {
    let invocation = Invocation::parse(OsStr::new("cc"), Language::C);
    let selected = repairs::select(settings, &invocation, CallNeed::Link, &[]).map_err(|error| {
        let hint = error.hint();
        report_error(error, hint)
    })?;
    let support = |f: &Facts| f.repairs.as_ref()?.converted.clone();
    selected.facts.and_then(|f| support(&f).map(|s| (f, s))).ok_or_else(|| {
        report_error(
            format!("the toolchain `{}` has no start-up code for converted libraries", selected.toolchain),
            Some("it must link static programs against glibc: `staticctl doctor`".into()),
        )
    })
}

struct LibraryMembers {
    members: Vec<Vec<u8>>,
    /// Its DT_NEEDED.
    needed: Vec<String>,
}

fn convert_library(shared: &Path, facts: &Facts) -> Result<LibraryMembers, Refusal> {
    let bytes = library_file::read(shared)?;
    let library = Library::read(&bytes)?;
    acceptable(&library)?;
    let name = library.soname.map_or_else(String::new, |s| String::from_utf8_lossy(s).into_owned());
    let tag = tag(&name, XxHash3_128::oneshot(&bytes));
    let libc = glibc::libc(&facts.library_dirs);
    let options = ConversionOptions {
        tag: &tag,
        layout: Layout::Data,
        versions: &Versions::of(&[&library]),
        libc: &libc,
        module: None,
        program: None,
        null: None,
    };
    let mut members = vec![convert(&library, &options)?.object];
    let plan = converted_libraries::planned(&library, Layout::Data);
    members.extend(start::object(&library, &plan, &tag, Some(load_order::FIRST + depth(shared, &bytes)?)));
    Ok(LibraryMembers {
        members,
        needed: library.needed.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect(),
    })
}

/// `libfoo.so.1` → `libfoo.a` in the current directory.
fn default_output(shared: &Path) -> Option<PathBuf> {
    let mut name = library_ref::stem(shared)?.to_owned();
    name.push(".a");
    Some(name.into())
}

/// The option that links a needed library statically.
fn flag(soname: &str) -> Option<String> {
    let stem = library_ref::stem(Path::new(soname))?.to_string_lossy().into_owned();
    let name = stem.strip_prefix("lib")?;
    (!["c", "gcc_s"].contains(&name)).then(|| format!("-l{name}"))
}

/// How many libraries stand above this one, so that constructors of what it needs run before its own.
fn depth(shared: &Path, bytes: &[u8]) -> Result<usize, Refusal> {
    let image = check::inspect_header_bytes(bytes).map_err(|e| Refusal::Unreadable { error: e.to_string() })?;
    Ok(ld_so::load_list(shared, &image, &[]).needs.iter().map(|n| &n.name).collect::<BTreeSet<_>>().len())
}

fn members_of(archive: &Path) -> io::Result<Vec<Vec<u8>>> {
    let bytes = fs::read(archive)?;
    let members = ArchiveFile::parse(&*bytes).and_then(|archive| {
        archive.members().map(|member| member?.data(&*bytes).map(<[u8]>::to_vec)).collect::<Result<_, _>>()
    });
    members.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

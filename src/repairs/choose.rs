//! The iconv converters and name services that a link gets.

use super::archives::{CONVERTING, Kit, LeftOut};
use super::iconv::ConverterTables;
use super::nss;
use crate::archive;
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::files::{Stamp, is_sealed, kept, seal, seal_of, write_atomic};
use crate::libs::mentions;
use crate::libs::{Resolution, inputs};
use crate::model::Libc;
use crate::options;
use crate::plan::policy::is_probe;
use crate::settings::Settings;
use crate::supply::glibc;
use crate::toolchain::{Facts, Mechanism, Repairs};
use memchr::memmem::find;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_128;

/// Warnings and errors of the choice.
#[derive(Debug, Default)]
pub(crate) struct RepairChoice {
    /// What is not available, without being an error.
    pub warnings: Vec<String>,
    /// What was requested by name and is not available: error and hint.
    pub problem: Option<(String, &'static str)>,
}

/// Replaces the default archives by those that a call requests, which are built once.
pub(crate) fn choose(
    settings: &Settings,
    request: &Request,
    facts: &mut Facts,
    resolution: &mut Resolution,
) -> RepairChoice {
    let mut said = RepairChoice::default();
    let strong = named(settings, request).as_deref() == Some("mold");
    let custom = !settings.iconv.is_common() && !settings.iconv.is_none() && settings.repairs.iconv
        || strong && offers_converters(settings, request, facts, resolution);
    if is_probe(request.output_path()) || !custom && settings.services.is_empty() {
        return said;
    }
    let dirs = facts.library_dirs.clone();
    let ignored = ignored(settings, facts, custom);
    let own = if nss::own_are_shared(facts) { &nss::OWN[..] } else { &[] };
    let Some(repairs) = facts.repairs.as_mut().filter(|r| facts.libc == Libc::Glibc && r.iconv.is_some()) else {
        said.warnings.push(ignored);
        return said;
    };
    if custom {
        match converters(settings, repairs, &dirs, strong) {
            Ok(made) => {
                repairs.iconv = Some(made.archive);
                said.warnings.extend(made.left_out.map(|left| format!("{}: {left}", options::ICONV.name)));
                said.warnings.extend(made.unknown.iter().map(|n| {
                    format!(
                        "{}: `{n}` is not a character set of this machine's glibc: `iconv -l` lists them",
                        options::ICONV.name
                    )
                }));
            }
            Err(error) => {
                said.problem = Some((
                    format!("{}: {error}", options::ICONV.name),
                    "set it to `common`, `all`, `none` or names of character sets",
                ))
            }
        }
    }
    if !settings.services.is_empty() && settings.repairs.name_services {
        let names: Vec<String> = own.iter().map(|n| (*n).to_owned()).chain(settings.services.iter().cloned()).collect();
        match services(&names, repairs, &dirs, strong) {
            Ok(archive) => {
                repairs.name_services = Some(archive);
                // Users may rely on them; unreferenced ones are not linked in.
                resolution.closure.push("-lm".into());
            }
            Err(error) => {
                said.problem = Some((
                    format!("{}: {error}", options::NSS.name),
                    "set it to names as in nsswitch.conf: `myhostname` is `libnss_myhostname.so.2`",
                ))
            }
        }
    }
    said
}

/// What is said of a choice where there are no modules of libc.
fn ignored(settings: &Settings, facts: &Facts, custom: bool) -> String {
    let names = [(custom, options::ICONV.name), (!settings.services.is_empty(), options::NSS.name)];
    let names: Vec<&str> = names.iter().filter(|n| n.0).map(|n| n.1).collect();
    let why = match facts.off.get(&Mechanism::Converters) {
        Some(why) => format!("modules of libc can't be linked in with this toolchain: {why}"),
        None => "only glibc programs for x86-64 and AArch64 can have modules of libc linked in".to_owned(),
    };
    format!("{} is ignored: {why}", names.join(" and "))
}

/// Converters that a call asks for.
struct ChosenConverters {
    archive: PathBuf,
    /// Names that match nothing.
    unknown: Vec<String>,
    /// What is said of those that can't be had.
    left_out: Option<String>,
}

fn converters(settings: &Settings, repairs: &Repairs, dirs: &[PathBuf], strong: bool) -> io::Result<ChosenConverters> {
    let common = repairs.iconv.as_deref().unwrap_or(Path::new(""));
    let tables =
        ConverterTables::read(dirs).ok_or_else(|| io::Error::other("glibc's directory `gconv` was not found"))?;
    let chosen = tables.choose(&settings.iconv);
    let key = format!("{strong} {:?} {:?} {:?}", repairs.libc, chosen.files, chosen.aliases.len());
    let make = |kit: &Kit<'_>| {
        let (archive, left) = kit.converters(&tables, &chosen)?;
        Ok((archive, LeftOut::line(&left)))
    };
    let (archive, left_out) = made(common, "iconv", &key, make, (dirs, strong))?;
    Ok(ChosenConverters { archive, unknown: chosen.unknown, left_out })
}

fn services(names: &[String], repairs: &Repairs, dirs: &[PathBuf], strong: bool) -> io::Result<PathBuf> {
    let common = repairs.iconv.as_deref().unwrap_or(Path::new(""));
    let found = nss::find(names, dirs)?;
    let state: Vec<_> = found.iter().map(|s| (&s.name, Stamp::of(&s.path))).collect();
    let key = format!("{strong} {:?} {state:?}", repairs.libc);
    let make = |kit: &Kit<'_>| Ok((kit.services(names, &repairs.functions)?, None));
    Ok(made(common, "services", &key, make, (dirs, strong))?.0)
}

/// An archive next to the default one, and what is said of it; built if it does not exist.
fn made(
    beside: &Path,
    name: &str,
    key: &str,
    make: impl FnOnce(&Kit<'_>) -> io::Result<(Vec<u8>, Option<String>)>,
    (dirs, strong): (&[PathBuf], bool),
) -> io::Result<(PathBuf, Option<String>)> {
    let dir = beside.parent().unwrap_or(Path::new("."));
    let path = dir.join(file_name(kept::REPAIRS, name, key));
    let (beside, record) = (path.with_extension("said"), seal_of(&path));
    let mut files = vec![path.clone()];
    if is_sealed(&record, &[&path]) {
        return Ok((path, fs::read_to_string(beside).ok()));
    }
    let libc = glibc::libc_for_modules(dirs);
    let (bytes, said) = make(&Kit { dir, library_dirs: dirs, libc: &libc, strong })?;
    if let Some(said) = &said {
        write_atomic(&beside, said.as_bytes())?;
        files.push(beside);
    }
    write_atomic(&path, &bytes)?;
    seal(&record, &files)?;
    Ok((path, said))
}

/// The name of an archive for a key and these sources.
fn file_name(sources: &str, name: &str, key: &str) -> String {
    format!("{name}-{:032x}{}", XxHash3_128::oneshot(format!("{sources} {key}").as_bytes()), archive::ENDING)
}

/// The linker that the call or the environment names.
fn named(settings: &Settings, request: &Request) -> Option<String> {
    let word = request.args.iter().rfind(|a| a.role() == Some(Role::UseLinker)).map(|a| a.word.to_string_lossy());
    let of_call = word.map(|w| w.trim_start_matches("-fuse-ld=").to_owned());
    of_call.or(settings.linker.named().map(str::to_owned))
}

/// Whether the compiler's linker is one of these: its name for `-fuse-ld`, and what its version line contains.
pub(crate) fn links_with(settings: &Settings, request: &Request, facts: &Facts, linkers: &[(&str, &str)]) -> bool {
    match named(settings, request) {
        Some(name) => linkers.iter().any(|l| l.0 == name),
        None => linkers.iter().any(|l| facts.linker.contains(l.1)),
    }
}

/// Linkers that find members by an archive's symbol index.
const BY_INDEX: [(&str, &str); 2] = [("bfd", "GNU ld"), ("gold", "GNU gold")];

/// Linkers that read the members instead, so that no archive can be offered for functions that it does not define: LLD
/// since version 15.
const BY_MEMBERS: [(&str, &str); 2] = [("lld", "LLD"), ("mold", "mold")];

/// Words that pull in archives for such a linker.
pub(crate) fn words(settings: &Settings, request: &Request, facts: &Facts, resolution: &Resolution) -> Vec<OsString> {
    let mut words = Vec::new();
    if !links_with(settings, request, facts, &BY_MEMBERS) {
        return words;
    }
    if offers_converters(settings, request, facts, resolution) {
        words.push("--undefined=staticcxx_converters".into());
    }
    let functions = facts.repairs.iter().flat_map(|r| &r.functions).map(String::as_str).collect::<Vec<_>>();
    if !settings.services.is_empty() && settings.repairs.name_services && mentioned(request, resolution, &functions) {
        words.push("--undefined=staticcxx_name_services".into());
    }
    words
}

/// Whether converters are offered to the compiler's linker. One that goes by an archive's symbol index extracts them
/// only for a program that refers to iconv, as long as libstdc++, which does too, comes after them. For all others the
/// inputs are searched.
pub(crate) fn offers_converters(
    settings: &Settings,
    request: &Request,
    facts: &Facts,
    resolution: &Resolution,
) -> bool {
    let there = facts.repairs.as_ref().is_some_and(|r| r.iconv.is_some());
    if !settings.repairs.iconv || !there {
        return false;
    }
    let by_index = links_with(settings, request, facts, &BY_INDEX);
    let is_cxx = |w: &OsStr| w == "-lstdc++" || w == "stdc++";
    let typed =
        request.inputs.iter().any(|i| is_cxx(&i.text)) || request.args.iter().any(|a| a.value().is_some_and(is_cxx));
    if by_index && !typed && !resolution.closure.iter().any(|w| is_cxx(w)) {
        return true;
    }
    mentioned(request, resolution, &CONVERTING)
}

/// Whether an input contains the name of one of the functions.
fn mentioned(request: &Request, resolution: &Resolution, functions: &[&str]) -> bool {
    let of = |kinds: &[InputKind]| -> Vec<&Path> {
        request.inputs.iter().filter(|i| kinds.contains(&i.kind)).map(|i| Path::new(&i.text)).collect()
    };
    let mut files = of(&[InputKind::Object, InputKind::Archive]);
    files.extend(resolution.libraries.iter().map(|l| l.path.as_path()));
    let sources = of(&[InputKind::Source, InputKind::Assembly]);
    let in_text =
        |file: &&Path| inputs::look(file, |text| functions.iter().any(|f| find(text, f.as_bytes()).is_some()));
    sources.iter().any(|s| in_text(s) == Some(true))
        || mentions::which(&files, &resolution.path.files, functions).contains(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_archive_tells_what_made_it() {
        let name = |sources: &str, key: &str| file_name(sources, "iconv", key);
        assert_eq!(name(kept::REPAIRS, "KOI8-R"), name(kept::REPAIRS, "KOI8-R"));
        assert_ne!(name(kept::REPAIRS, "KOI8-R"), name("0123456789abcdef", "KOI8-R"));
        assert_ne!(name(kept::REPAIRS, "KOI8-R"), name(kept::REPAIRS, "KOI8-U"));
    }
}

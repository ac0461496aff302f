//! The relink kit of a program (`STATICCXX_RELINK_KIT`): its objects, a script that links them again with any compiler and
//! another version of a library, and the licences of what it is linked with.

use super::kit_words::{self, FileOwner, KitScene, KitWords};
use super::link_job::LinkJob;
use super::part_sources::{self, PartOwners};
use crate::archive;
use crate::args::option_table::Role;
use crate::files::place_directory;
use crate::licenses::gathered::GatheredLicenses;
use crate::licenses::written;
use crate::message;
use crate::model::{Language, Libc};
use crate::parts::linked_parts::LinkedParts;
use crate::plan::policy::is_probe;
use crate::settings::Settings;
use object::read::archive::{ArchiveFile, ArchiveMember};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_128;

/// Package URLs of our own code, which travels with a kit.
const OURS: &str = "pkg:generic/staticcxx@";
/// What says which program a kit is of.
const INDEX: &str = "kit.json";
/// What links.
const SCRIPT: &str = "relink.sh";
/// Longer words are in a file of their own: Linux limits arguments to some 2 MB.
const LONG: usize = 256 * 1024;

/// Writes the kit of a program that was linked, if that is wanted. The link does not depend on it: what can't be written is
/// a warning.
pub(super) fn write(settings: &Settings, job: &LinkJob, parts: Option<&LinkedParts>) {
    let output = job.request.output_path();
    let Some(dir) = settings.relink_kit.as_deref() else { return };
    if settings.trial.is_some() || job.request.dry_run || is_probe(output) || job.converts_program() {
        return;
    }
    let shown = output.display();
    if let Some(source) = job.request.inputs.iter().find(|input| input.kind.is_compiled()) {
        let source = source.text.to_string_lossy();
        message::warning(format!(
            "no relink kit for `{shown}`: `{source}` leaves no object in this call; compile it with `-c`"
        ));
        return;
    }
    if let Err(error) = made(settings, job, parts, dir) {
        message::warning(format!("the relink kit of `{shown}` can't be written to `{}`: {error}", dir.display()));
    }
}

fn made(settings: &Settings, job: &LinkJob, parts: Option<&LinkedParts>, dir: &Path) -> io::Result<()> {
    let owners = PartOwners::open(settings, job);
    let name = job.request.output_path().file_name().unwrap_or(OsStr::new("program")).to_owned();
    let words = words(settings, job, &owners);
    fs::create_dir_all(dir)?;
    let mut builder = tempfile::Builder::new();
    let kit = builder.prefix(".staticcxx-").permissions(Permissions::from_mode(0o755)).tempdir_in(dir)?;
    for (place, from) in &words.files {
        let to = kit.path().join(place);
        fs::create_dir_all(to.parent().unwrap_or(kit.path()))?;
        copy(from, &to)?;
    }
    let script = script(job, &words, &name, kit.path())?;
    fs::write(kit.path().join(SCRIPT), script)?;
    fs::set_permissions(kit.path().join(SCRIPT), Permissions::from_mode(0o755))?;
    let offered = || LinkedParts::offered(&part_sources::sources(settings, job, &owners));
    let parts = parts.cloned().unwrap_or_else(offered);
    let program = name.to_string_lossy().into_owned();
    let licenses = GatheredLicenses::of(settings, &[(program.clone(), parts)]);
    fs::create_dir_all(kit.path().join("licenses"))?;
    written::write(&kit.path().join("licenses"), &licenses)?;
    fs::write(kit.path().join("README"), readme(job, &program, &words, &licenses))?;
    let id = identity(job.request.output_path());
    let index = json!({ "schema": 1, "program": program, "id": id, "compiler": job.facts.version });
    fs::write(
        kit.path().join(INDEX),
        format!("{}\n", serde_json::to_string_pretty(&index).map_err(io::Error::other)?),
    )?;
    place(kit, dir, &name, &id)
}

fn words(settings: &Settings, job: &LinkJob, owners: &PartOwners) -> KitWords {
    // It has libc's code, and is in no other toolchain with that libc.
    let rest = job.facts.functions.as_ref().map(|functions| owners.paths.of(&functions.rest));
    let owner = |file: &Path| {
        if rest.as_ref().is_some_and(|rest| *rest == owners.paths.of(file)) {
            return FileOwner::Us;
        }
        let purl = owners.of(settings, &[file.to_owned()]).pop().flatten();
        match owners.plain(owners.paths.of(file), purl).purl {
            Some(purl) if purl.starts_with(OURS) => FileOwner::Us,
            Some(_) => FileOwner::Package,
            None => FileOwner::Project,
        }
    };
    let made = job.store.made_dir().map(|dir| owners.paths.of(dir));
    let is_note = |file: &Path| {
        let beside = file.parent().map(|dir| owners.paths.of(dir));
        file.file_name().is_some_and(|name| name == "parts.o") && beside.is_some() && beside == made
    };
    let dirs = &job.resolution.path.dirs;
    let searched = dirs.get(job.resolution.path.user..).unwrap_or_default();
    let scene = KitScene { owner: &owner, is_note: &is_note, dirs, searched };
    kit_words::kit_words(&job.plan.argv, &scene)
}

/// Copies a file; an archive that only names its members gets them.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut head = Vec::new();
    File::open(from)?.take(kit_words::THIN.len() as u64).read_to_end(&mut head)?;
    if head != kit_words::THIN {
        // Build systems may have files that nobody may write.
        fs::copy(from, to)?;
        return fs::set_permissions(to, Permissions::from_mode(0o644));
    }
    let whole = whole_archive(from)?;
    fs::write(to, whole)
}

/// A thin archive's members as an archive, with the same index.
fn whole_archive(thin: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(thin)?;
    let damaged = |error: object::Error| io::Error::other(format!("`{}` is damaged: {error}", thin.display()));
    let read = ArchiveFile::parse(bytes.as_slice()).map_err(damaged)?;
    let mut names: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for symbol in read.symbols().map_err(damaged)?.into_iter().flatten() {
        let symbol = symbol.map_err(damaged)?;
        let member = read.member(symbol.offset()).map_err(damaged)?;
        names.entry(member.name().to_vec()).or_default().push(symbol.name().to_vec());
    }
    let beside = thin.parent().unwrap_or(Path::new(""));
    let object = |member: ArchiveMember<'_>| {
        let object = fs::read(beside.join(OsStr::from_bytes(member.name())))?;
        Ok((object, names.get(member.name()).cloned().unwrap_or_default()))
    };
    let objects: Vec<(Vec<u8>, Vec<Vec<u8>>)> =
        read.members().map(|member| object(member.map_err(damaged)?)).collect::<io::Result<_>>()?;
    archive::indexed(&objects).ok_or_else(|| io::Error::other(format!("`{}` can't be made whole", thin.display())))
}

/// Text of a shell script that links.
fn script(job: &LinkJob, words: &KitWords, name: &OsStr, kit: &Path) -> io::Result<Vec<u8>> {
    let quoted =
        |word: &OsStr| shlex::bytes::try_quote(word.as_bytes()).map(|w| w.into_owned()).map_err(io::Error::other);
    let (variable, compiler) = compiler(job);
    let mut text = format!(
        "#!/bin/sh\n# {SCRIPT} [-o FILE] [LIBDIR]...\n# Links the program again; libraries in LIBDIR go before all others.\nset -eu\n\
         if [ \"${{1-}}\" = -o ] && [ $# -ge 2 ]; then\n    output=$2\n    shift 2\nelse\n    output="
    )
    .into_bytes();
    text.extend(quoted(name)?);
    text.extend_from_slice(
        b"\nfi\ncase $output in /*) ;; *) output=$PWD/$output ;; esac\ncount=$#\nwhile [ \"$count\" -gt 0 ]; do\n    dir=$1\n    shift\n    \
          case $dir in /*) ;; *) dir=$PWD/$dir ;; esac\n    set -- \"$@\" \"-L$dir\"\n    count=$((count - 1))\ndone\n\
          case $0 in */*) cd -- \"${0%/*}\" ;; esac\n",
    );
    text.extend_from_slice(format!("exec ${{{variable}:-{compiler}}} \"$@\" -L{}", kit_words::LIBRARIES).as_bytes());
    for dir in &words.dirs {
        text.extend_from_slice(b" \\\n    -L");
        text.extend(quoted(dir.as_os_str())?);
    }
    let length: usize = words.words.iter().map(|word| word.len() + 1).sum();
    if length > LONG {
        fs::write(kit.join("words"), crate::args::response::quote(&words.words))?;
        text.extend_from_slice(b" \\\n    @words");
    } else {
        for word in &words.words {
            text.extend_from_slice(b" \\\n    ");
            text.extend(quoted(word)?);
        }
    }
    text.extend_from_slice(b" \\\n    -o \"$output\"\n");
    Ok(text)
}

/// The variable that names a compiler, and the one that links without it: the machine's own by the name that it was called by.
fn compiler(job: &LinkJob) -> (&'static str, String) {
    let (variable, usual) = match job.selected.language {
        Language::C => ("CC", "gcc"),
        Language::Cxx => ("CXX", "g++"),
    };
    let name = match job.selected.compiler.as_slice() {
        [program] => Path::new(program).file_name().and_then(OsStr::to_str),
        _ => None,
    };
    let is_plain = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
    (variable, name.filter(is_plain).unwrap_or(usual).to_owned())
}

fn readme(job: &LinkJob, program: &str, words: &KitWords, licenses: &GatheredLicenses) -> String {
    let (variable, compiler) = compiler(job);
    let mut text = format!(
        "What it takes to link {program} again, with another version of a library.\n\n\
         \u{20}   ./{SCRIPT} [-o FILE] [LIBDIR]...\n\n\
         Libraries (libNAME.a) in LIBDIR go before all others: those in lib/, which no package has, and those of the\n\
         compiler and of packages, which are not in here. It runs `{compiler}`, or what {variable} names, and was made with\n\
         {}.\n",
        job.facts.version
    );
    if job.facts.libc == Libc::Musl {
        text += &format!("\nThe program is linked with musl: {variable} has to name a compiler for it.\n");
    }
    if job.request.args.iter().any(|arg| arg.role() == Some(Role::Lto)) {
        text += "\nObjects are of code that is compiled when it is linked (LTO): only that version of the compiler reads them.\n";
    }
    for (dir, what) in [(kit_words::LIBRARIES, "Libraries of no package"), (kit_words::MADE, "What staticcxx adds")] {
        let files: Vec<&PathBuf> = words.files.keys().filter(|place| place.starts_with(dir)).collect();
        if !files.is_empty() {
            text += &format!("\n{what}:\n\n");
        }
        for place in files {
            text += &format!("    {}\n", place.display());
        }
    }
    text += "\nWhat it is linked with (the texts are in licenses/):\n\n";
    text + &written::table(licenses, None)
}

/// Which output a kit is of, without its name.
fn identity(output: &Path) -> String {
    let place = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
    format!("{:032x}", XxHash3_128::oneshot(place.as_os_str().as_bytes()))
}

/// Moves a kit to its place: that of an earlier kit of the same output, or the first free one of `NAME`, `NAME-2`. Two links
/// at a time take turns.
fn place(kit: tempfile::TempDir, dir: &Path, name: &OsStr, id: &str) -> io::Result<()> {
    let turn = File::open(dir)?;
    turn.lock()?;
    let place = |number: usize| {
        let mut name: OsString = name.to_owned();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        dir.join(name)
    };
    let is_ours = |place: &PathBuf| match fs::read(place.join(INDEX)) {
        Ok(bytes) => {
            serde_json::from_slice::<Value>(&bytes).is_ok_and(|index| index.get("id").is_some_and(|of| of == id))
        }
        Err(_) => !place.exists() && !place.is_symlink(),
    };
    let place = (1..).map(place).find(is_ours).unwrap_or_default();
    place_directory(kit, &place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(dir: &Path, name: &str, id: &str, text: &str) {
        let fresh = tempfile::tempdir_in(dir).unwrap();
        fs::write(fresh.path().join(INDEX), json!({ "id": id }).to_string()).unwrap();
        fs::write(fresh.path().join("text"), text).unwrap();
        place(fresh, dir, OsStr::new(name), id).unwrap();
    }

    #[test]
    fn a_kit_replaces_that_of_the_same_output_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        kit(dir.path(), "p", "one", "1");
        kit(dir.path(), "p", "two", "2");
        kit(dir.path(), "p", "one", "3");
        fs::write(dir.path().join("q"), "a file").unwrap();
        kit(dir.path(), "q", "three", "4");
        let read = |place: &str| fs::read_to_string(dir.path().join(place)).unwrap();
        assert_eq!((read("p/text"), read("p-2/text"), read("q-2/text")), ("3".into(), "2".into(), "4".into()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    }

    #[test]
    fn outputs_are_told_apart_by_their_places() {
        assert_ne!(identity(Path::new("a/p")), identity(Path::new("b/p")));
        assert_eq!(identity(Path::new("p")), identity(&std::env::current_dir().unwrap().join("p")));
    }

    #[test]
    fn a_thin_archive_without_its_members_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let thin = dir.path().join("libq.a");
        for content in [
            &b"!<thin>\n"[..],
            b"!<thin>\ngone.o/         0           0     0     644     5         `\n",
            b"!<thin>\nx",
        ] {
            fs::write(&thin, content).unwrap();
            let copied = copy(&thin, &dir.path().join("to"));
            assert_eq!(copied.is_err(), content.len() > 8, "{content:?}");
        }
    }
}

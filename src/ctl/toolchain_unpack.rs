//! `staticctl toolchain unpack`.

use super::cli_args::UnpackArgs;
use super::output::{Reported, report_error, unwritable};
use crate::files::{place_directory, temporary_for_programs};
use crate::install::place::ToolchainPlace;
use crate::install::selftest::{self, TestedCompiler};
use crate::message;
use crate::model::Language;
use crate::options;
use crate::options::exit_codes::EXIT_YES;
use crate::pack::unpack::unpack;
use crate::pack::{PackError, PackManifest};
use crate::parallel::processors;
use crate::repairs;
use crate::run::{self, Guard};
use crate::settings::Settings;
use crate::toolchain::descriptor::{self, Descriptor};
use crate::toolchain::{CallNeed, Invocation, packed};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Unpacks a toolchain. Gives the exit status.
pub(super) fn run(settings: &Settings, args: &UnpackArgs) -> u8 {
    let guard = Guard::install();
    let ended = unpack_into_place(settings, args, &guard);
    match (guard.caught(), ended) {
        (Some(signal), _) => run::die_by(signal),
        (None, Ok(())) => EXIT_YES,
        (None, Err(Reported(code))) => code,
    }
}

fn reported(error: PackError) -> Reported {
    let hint = error.hint();
    report_error(error, hint)
}

fn unpack_into_place(settings: &Settings, args: &UnpackArgs, guard: &Guard) -> Result<(), Reported> {
    let Some(data) = &settings.data_dir else {
        let hint = "set HOME or XDG_DATA_HOME; without either, unpack it with tar and use its bin/ as it is";
        return Err(report_error("there is no data directory", Some(hint.into())));
    };
    let toolchains = data.join("toolchains");
    fs::create_dir_all(&toolchains).map_err(|e| unwritable(&toolchains, &e))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unpack-").permissions(fs::Permissions::from_mode(0o755));
    let work = builder.tempdir_in(&toolchains).map_err(|e| unwritable(&toolchains, &e))?;
    unpack(&args.pack, work.path(), &|| guard.caught().is_some()).map_err(reported)?;
    let named = |error| match error {
        PackError::NoPack(_, why) => PackError::NoPack(args.pack.clone(), why),
        PackError::Damaged(_, why) => PackError::Damaged(args.pack.clone(), why),
        other => other,
    };
    let manifest = PackManifest::load(work.path()).map_err(named).map_err(reported)?;
    if manifest.machine != std::env::consts::ARCH {
        return Err(reported(PackError::OtherMachine { path: args.pack.clone(), of: manifest.machine }));
    }
    manifest.verify(work.path()).map_err(named).map_err(reported)?;
    let name = args.name.clone().unwrap_or_else(|| manifest.name.clone());
    if name.is_empty() || name.contains(['/', '\n']) || name.starts_with('.') {
        return Err(report_error(format!("`{name}` is not a valid toolchain name"), None));
    }
    works(settings, work.path()).map_err(reported)?;
    let place = ToolchainPlace::new(data, &name);
    let lock = place.lock(|| message::note("another install is running: waiting for it"));
    let _lock = lock.map_err(|e| unwritable(&place.prefix, &e))?;
    put_to_use(&place, &manifest, work).map_err(|(path, e)| unwritable(&path, &e))?;
    if !args.quiet {
        say(&place, &manifest);
    }
    Ok(())
}

/// Builds a program with a tree and runs it: what was tried on another machine may not work on this one.
fn works(settings: &Settings, tree: &Path) -> Result<(), PackError> {
    const TRIED: [&str; 2] = ["c", "exceptions"];
    let own = |why: String| PackError::DoesNotWork(why);
    let file = descriptor::in_directory(tree).into_iter().next();
    let file = file.ok_or_else(|| own("it has no descriptor".into()))?;
    let descriptor = Descriptor::load(&file).map_err(|e| own(e.to_string()))?;
    if packed::is_of_another_version(&descriptor) {
        message::note(
            "it was packed by another version of staticctl: what it can do is measured again when it is used",
        );
    }
    let cache = temporary_for_programs("staticcxx-unpack", None).map_err(|e| own(e.to_string()))?;
    let only = Settings {
        toolchain: Some(file.clone().into()),
        cache_dir: Some(cache.path().join("staticcxx")),
        launcher: None,
        ..settings.clone()
    };
    let compiler = |language| {
        let selected = repairs::select(&only, &Invocation { language, name: None }, CallNeed::Link, &[]).ok()?;
        TestedCompiler::of(&selected, file.as_os_str(), &only)
    };
    if compiler(Language::C).is_none() {
        let invocation = Invocation { language: Language::C, name: None };
        let why = repairs::select(&only, &invocation, CallNeed::Link, &[]).err().map(|e| e.to_string());
        return Err(own(why.unwrap_or_default()));
    }
    let foreign = !descriptor.target.as_deref().unwrap_or_default().starts_with(std::env::consts::ARCH);
    let programs: Vec<_> = selftest::PROGRAMS.iter().filter(|p| TRIED.contains(&p.name) && !foreign).copied().collect();
    let results = selftest::test_programs(&compiler, &programs, &None, processors(), &|_| {});
    let failed = results.map_err(|e| own(e.to_string()))?.into_iter().find_map(|r| Some((r.name, r.failed?)));
    failed.map_or(Ok(()), |(name, why)| Err(own(format!("{name}: {why}"))))
}

/// Moves the tree to its place, with the user's prefix in it, and writes the descriptors for it.
fn put_to_use(place: &ToolchainPlace, manifest: &PackManifest, work: TempDir) -> Result<(), (PathBuf, std::io::Error)> {
    let (tree, to) = (work.path().to_owned(), place.build(&manifest.id));
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    for dir in ["include", "lib"] {
        let dir = place.prefix.join(dir);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
    }
    let locals = walkdir::WalkDir::new(&tree).into_iter().flatten().filter(|e| {
        e.file_type().is_dir() && e.file_name() == "local" && e.path().parent().is_some_and(|p| p.join("lib").is_dir())
    });
    for local in locals.map(|e| e.path().to_owned()).collect::<Vec<_>>() {
        fs::remove_dir_all(&local).map_err(io(&local))?;
        symlink(&place.prefix, &local).map_err(io(&local))?;
    }
    place_directory(work, &to).map_err(io(&to))?;
    let mut descriptors = Vec::new();
    for file in descriptor::in_directory(&to) {
        let mut d = Descriptor::load(&file).map_err(|e| (file.clone(), std::io::Error::other(e.to_string())))?;
        if descriptors.is_empty() {
            d.name.clone_from(&place.name);
        }
        d.prefix = Some(place.prefix.clone());
        let text = serde_json::to_vec_pretty(&d).unwrap_or_default();
        descriptors.push((file.file_name().unwrap_or_default().to_owned(), text));
    }
    place.swap(&manifest.id, &descriptors).map_err(io(&place.prefix))
}

fn say(place: &ToolchainPlace, manifest: &PackManifest) {
    let more = manifest.toolchains.iter().skip(1).map(|t| format!(", `{}` for {}", t.name, t.target));
    let first = manifest.toolchains.first().map_or(String::new(), |t| t.target.clone());
    message::note(format!("toolchain `{}` for {first}{}", place.name, more.collect::<String>()));
    message::hint(format!(
        "{1}={0} CC=staticcc CXX=staticcxx make, or `staticctl toolchain default {0}`",
        place.name,
        options::TOOLCHAIN.name
    ));
}

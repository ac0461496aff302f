//! `staticctl convert`: a finished dynamic program made static.

use super::cli::ConvertArgs;
use super::{EXIT_ERROR, EXIT_NO, EXIT_YES, fail, produce};
use crate::check::{self, CallEvidence, Expect, judge};
use crate::convert::{self, Library};
use crate::driver::{ProgramLink, ProgramLinked, link_program, select_for_program};
use crate::files::{AtomicFile, Identity, Stamp, place_file, workplace};
use crate::libs::ld_so::{self, AbsentObject, LoadList};
use crate::libs::library_file;
use crate::libs::plugin_list;
use crate::libs::policy::ProgramFile;
use crate::libs::{Provider, SearchPath};
use crate::message;
use crate::message::progress::Progress;
use crate::options::convert::ConvertChoice;
use crate::packages;
use crate::program::advice::{self, Hint};
use crate::program::eligibility::{self, Kind};
use crate::program::record::{self, From, Part, Record};
use crate::program::sources::{self, FromShared, Source, Why};
use crate::program::{listing, privileges};
use crate::report::Outcome;
use crate::run::{self, Guard};
use crate::settings::Settings;
use crate::toolchain::Facts;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stops a conversion: an exit status, after what is to be said was said.
pub(super) struct Said(u8);

/// Says an error with a hint.
pub(super) fn say(error: impl std::fmt::Display, hint: Option<String>) -> Said {
    Said(fail(error, hint))
}

/// The original, read.
struct Original {
    path: PathBuf,
    bytes: Vec<u8>,
    image: check::Image,
}

/// Converts a program. Gives the exit status.
pub fn run(settings: &Settings, args: &ConvertArgs) -> u8 {
    let guard = Guard::install();
    let ended = convert(settings, args, &guard);
    match (guard.caught(), ended) {
        (Some(signal), _) => run::die_by(signal),
        (None, Ok(code) | Err(Said(code))) => code,
    }
}

fn convert(settings: &Settings, args: &ConvertArgs, guard: &Guard) -> Result<u8, Said> {
    let path = find(settings, &args.program);
    let output = place(&args.output, &path);
    let (bytes, image) = read(&path)?;
    let original = Original { path, bytes, image };
    if same_file(&original.path, &output) {
        let error = format!("`{}` is the original itself, which is kept", output.display());
        return Err(say(error, Some("name another file with -o".into())));
    }
    let verdict = judge(&original.image, &Expect::default(), &CallEvidence::default());
    let shown = original.path.display();
    match eligibility::of(&original.image, &verdict, &original.bytes) {
        Kind::Dynamic => {}
        Kind::Static => {
            message::note(format!("`{shown}` is static already: it is copied"));
            install_copy(&original, &output, args.allow_privileged)?;
            return Ok(EXIT_YES);
        }
        Kind::Refused(why, hint) => return Err(say(format!("`{shown}` {why}"), hint)),
    }
    refuse_privileges(&original, args.allow_privileged)?;
    let library = readable(&original)?;
    let found = ld_so::load_list(&original.path, &original.image, &settings.loader_path());
    if !found.absent.is_empty() {
        return Err(say_lost(&original, &found.absent));
    }
    let progress = Progress::new(vec![1, 3, 1], args.quiet || !message::is_terminal());
    progress.step(0, "looking at libraries");
    let mut selected = select_for_program(settings).map_err(|e| {
        let hint = e.hint();
        say(e, hint)
    })?;
    let toolchain = selected.toolchain.clone();
    let Some(facts) = selected.facts.take() else { return Err(say("the toolchain is not complete", None)) };
    if facts.repairs.as_ref().is_none_or(|r| r.converted.is_none()) {
        let error = format!("the toolchain `{toolchain}` has no start-up code for converted programs");
        return Err(say(error, Some("it must link static programs against glibc: `staticctl doctor`".into())));
    }
    let wanted = FromShared::new(&args.from_so);
    for name in wanted.unknown(&found.loaded) {
        message::warning(format!("--from-so: `{shown}` needs no library `{name}`"));
    }
    let mut plan = Plan::of(settings, &found, &facts, &wanted);
    let plugins = Some(args.plugin.join(OsStr::new(","))).filter(|p| !p.is_empty()).or(settings.plugins.clone());
    if let Some(words) = &plugins {
        plan.convert_for_plugins(words, &found, &facts, settings)?;
    }
    let before = stamps(&original, &found);
    let temporary = workplace(&output)
        .and_then(|dir| tempfile::Builder::new().prefix(".staticcxx").tempdir_in(dir))
        .map_err(|e| say(format!("`{}` can't be written: {e}", output.display()), None))?;
    let unfinished = temporary.path().join(output.file_name().unwrap_or(OsStr::new("program")));
    progress.step(1, "converting and linking");
    let linked = {
        let place = temporary.path().join("program.o");
        let program = ProgramFile { path: original.path.clone(), bytes: original.bytes.clone(), place };
        let link = ProgramLink {
            program: Arc::new(program),
            fixed: library.fixed,
            libraries: &plan.words,
            output: &unfinished,
            rest: behind(&library),
        };
        let settings = Settings { convert: plan.choice.clone(), plugins, ..settings.clone() };
        link_program(&settings, selected, facts, &link)
    };
    if let Some(refusal) = &linked.refused {
        return Err(say(format!("`{shown}` can't be converted: {refusal}"), Some(refusal.hint().to_owned())));
    }
    if linked.status != 0 || guard.caught().is_some() || linked.signal.is_some() {
        return Err(Said(EXIT_NO));
    }
    if linked.outcome != Outcome::Verified {
        message::error(format!("`{shown}`: the linker left no program, though it says that it did"));
        return Err(Said(EXIT_NO));
    }
    if stamps(&original, &found) != before {
        let error = format!("`{shown}` or one of its libraries was changed while it was converted");
        return Err(say(error, Some("convert it again once the installation is finished".into())));
    }
    copy_mode(&original.path, &unfinished)?;
    progress.step(2, "checking");
    let compared = match args.verify {
        true => Some(super::verify::run(&original.path, &unfinished, &args.arguments)?),
        false => None,
    };
    if guard.caught().is_some() || compared == Some(false) {
        return Ok(EXIT_NO);
    }
    let bytes = fs::metadata(&unfinished).map_or(0, |m| m.len());
    place_file(&unfinished, &output).map_err(|e| say(format!("`{}` can't be written: {e}", output.display()), None))?;
    drop(progress);
    let elsewhere = original.path.file_name() != output.file_name() || original.path.parent() != output.parent();
    let hints = advice::of(&library, &original.bytes, &found.loaded, elsewhere);
    let summary =
        Summary { original: &original, output: &output, bytes, found: &found, plan: &plan, toolchain: &toolchain };
    Ok(summary.print(settings, args, &linked, &hints, compared))
}

/// The file of that name here, else along PATH.
fn find(settings: &Settings, name: &OsStr) -> PathBuf {
    let here = PathBuf::from(name);
    if name.as_bytes().contains(&b'/') || here.is_file() {
        return here;
    }
    which::which_in_global(name, settings.path.as_ref()).ok().and_then(|mut all| all.next()).unwrap_or(here)
}

/// Where the result goes: into a directory under the original's name.
fn place(output: &Path, program: &Path) -> PathBuf {
    match (output.is_dir(), program.file_name()) {
        (true, Some(name)) => output.join(name),
        _ => output.to_owned(),
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    Identity::of(a).is_some_and(|a| Identity::of(b) == Some(a))
}

fn read(path: &Path) -> Result<(Vec<u8>, check::Image), Said> {
    let shown = path.display();
    let image = check::inspect_headers(path);
    let bytes = match library_file::read(path) {
        Ok(bytes) => bytes,
        Err(refusal) => {
            let why = image.err().map_or_else(|| refusal.to_string(), |e| e.to_string());
            return Err(say(format!("`{shown}` {why}"), None));
        }
    };
    match image {
        Ok(image) => Ok((bytes.to_vec(), image)),
        Err(error) => match eligibility::unreadable(&error, &bytes) {
            Kind::Refused(why, hint) => Err(say(format!("`{shown}` {why}"), hint)),
            Kind::Dynamic | Kind::Static => Err(say(format!("`{shown}` {error}"), None)),
        },
    }
}

fn readable(original: &Original) -> Result<Library<'_>, Said> {
    let look = || {
        let library = Library::read_program(&original.bytes)?;
        convert::acceptable(&library)?;
        convert::program::main(&library)?;
        Ok(library)
    };
    look().map_err(|refusal: convert::Refusal| {
        let go = eligibility::is_go(&original.bytes).then_some(eligibility::GO_HINT);
        let hint = go.unwrap_or_else(|| refusal.hint()).to_owned();
        say(format!("`{}` can't be converted: {refusal}", original.path.display()), Some(hint))
    })
}

fn refuse_privileges(original: &Original, allowed: bool) -> Result<(), Said> {
    let Some(what) = privileges::of(&original.path).filter(|_| !allowed) else { return Ok(()) };
    let error =
        format!("`{}` {what}: who runs it gets rights that a copy of it should not give", original.path.display());
    let hint = "--allow-privileged converts it all the same; the result has none of these rights";
    Err(say(error, Some(hint.into())))
}

/// All libraries that are missing, at once.
fn say_lost(original: &Original, lost: &[AbsentObject]) -> Said {
    for one in lost {
        let name = &one.name;
        let other = one.other.as_ref().map(|p| format!("; `{}` is for another machine", p.display()));
        message::error(format!("`{name}`, which `{}` needs, is not there{}", one.by, other.unwrap_or_default()));
    }
    let shown = run::shell_line(&[original.path.as_os_str().to_owned()]);
    message::hint(format!(
        "install what they are in (`apt-file search NAME`, `dnf provides '*/NAME'`), or name their directories in \
         LD_LIBRARY_PATH; `staticctl check {shown}` lists all that it needs"
    ));
    Said(EXIT_ERROR)
}

/// The first address for the rest of a program that stays at its addresses: well behind it.
fn behind(library: &Library<'_>) -> u64 {
    const ROOM: u64 = 16 << 20;
    let end = library.memory.segments.last().map_or(0, |s| s.end());
    end.next_multiple_of(ROOM) + ROOM
}

/// The state of all files that are read.
fn stamps(original: &Original, found: &LoadList) -> Vec<Option<Stamp>> {
    let paths = std::iter::once(&original.path).chain(found.loaded.iter().map(|l| &l.path));
    paths.map(|p| Stamp::of(p)).collect()
}

/// Permissions of the original, without what gives rights of others.
fn copy_mode(from: &Path, to: &Path) -> Result<(), Said> {
    let mode = fs::metadata(from).map_or(0o755, |m| m.mode()) & 0o777;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))
        .map_err(|e| say(format!("`{}` can't be written: {e}", to.display()), None))
}

/// A program that is static already, copied whole or not at all.
fn install_copy(original: &Original, output: &Path, allowed: bool) -> Result<(), Said> {
    refuse_privileges(original, allowed)?;
    let write = || -> std::io::Result<()> {
        let mut file = AtomicFile::create(output)?;
        file.write_all(&original.bytes)?;
        file.set_mode(fs::metadata(&original.path)?.mode() & 0o777)?;
        file.commit()
    };
    write().map_err(|e| say(format!("`{}` can't be written: {e}", output.display()), None))
}

/// What becomes of each library.
struct Plan {
    /// One for each that was found.
    sources: Vec<Source>,
    /// Words for the link.
    words: Vec<OsString>,
    choice: ConvertChoice,
}

impl Plan {
    fn of(settings: &Settings, found: &LoadList, facts: &Facts, wanted: &FromShared) -> Plan {
        let target = Expect::from_triple(&facts.triple);
        let path = SearchPath { dirs: facts.library_dirs.clone(), target, ..SearchPath::default() };
        let archives: Vec<Option<PathBuf>> = found.loaded.iter().map(|l| sources::candidate(l, &path)).collect();
        let files = found.loaded.iter().map(|l| l.path.clone()).chain(archives.iter().flatten().cloned());
        let owners = packages::owners(settings, &files.collect::<Vec<_>>());
        let mut of_archives = owners.iter().skip(found.loaded.len());
        let mut plan = Plan { sources: vec![], words: vec![], choice: ConvertChoice::default() };
        for (number, (loaded, archive)) in found.loaded.iter().zip(&archives).enumerate() {
            let of_shared = owners.get(number).and_then(Option::as_ref);
            let of_archive = archive.as_ref().and_then(|_| of_archives.next()).and_then(Option::as_ref);
            let source = sources::of(loaded, archive.as_deref(), (of_shared, of_archive), wanted);
            match &source {
                Source::Toolchain(word) => plan.words.extend(word.clone()),
                // The driver finds the archive beside it, and whether that can be linked.
                Source::Archive(_) => plan.words.push(loaded.path.clone().into()),
                Source::Converted(_) => {
                    plan.words.push(loaded.path.clone().into());
                    plan.choice.named.push(sources::short(loaded));
                }
            }
            plan.sources.push(source);
        }
        plan
    }
}

impl Plan {
    /// What plugins need besides is converted with them, whether or not there are archives: those would have to be of
    /// the same version, and their names are the whole program's.
    fn convert_for_plugins(
        &mut self,
        words: &OsStr,
        found: &LoadList,
        facts: &Facts,
        settings: &Settings,
    ) -> Result<(), Said> {
        let words = plugin_list::words(&words.to_string_lossy());
        let wanted = plugin_list::read(&words, Path::new(""), &facts.library_dirs)
            .map_err(|e| say(format!("--plugin: {e}"), Some("name a shared object by its path".into())))?;
        for plugin in wanted.plugins {
            let Ok(image) = check::inspect_headers(&plugin.path) else { continue };
            for loaded in ld_so::load_list(&plugin.path, &image, &settings.loader_path()).loaded {
                if !found.loaded.iter().any(|l| l.name == loaded.name) && !sources::is_toolchain_s(&loaded) {
                    self.choice.named.push(sources::short(&loaded));
                }
            }
        }
        self.choice.named.sort();
        self.choice.named.dedup();
        Ok(())
    }
}

/// All that is to be said at the end.
struct Summary<'a> {
    original: &'a Original,
    output: &'a Path,
    /// Its size.
    bytes: u64,
    found: &'a LoadList,
    plan: &'a Plan,
    toolchain: &'a str,
}

impl Summary<'_> {
    fn print(
        &self,
        settings: &Settings,
        args: &ConvertArgs,
        linked: &ProgramLinked,
        hints: &[Hint],
        compared: Option<bool>,
    ) -> u8 {
        let parts = self.parts(settings, linked);
        let shared = self.found.loaded.iter().map(|l| l.image.bytes).sum::<u64>();
        let record = Record {
            schema: record::SCHEMA,
            program: self.original.path.clone(),
            output: self.output.to_owned(),
            bytes: self.bytes,
            bytes_before: self.original.image.bytes + shared,
            kind: linked.kind,
            toolchain: self.toolchain,
            parts: &parts,
            findings: linked.verdict.as_ref().map_or(&[], |v| v.findings.as_slice()),
            hints,
            compared,
            image: linked.image.as_ref(),
            times: linked.times,
        };
        if args.json {
            return produce(&(serde_json::to_string(&record).unwrap_or_default() + "\n"), EXIT_YES);
        }
        if args.quiet {
            return EXIT_YES;
        }
        produce(&listing::text(&record, message::table::stdout_width()), EXIT_YES)
    }

    /// The program, its libraries in ld.so's order, and what the archives needed besides.
    fn parts(&self, settings: &Settings, linked: &ProgramLinked) -> Vec<Part> {
        let part = |name: &str, from, path: &Path| Part {
            name: name.to_owned(),
            from,
            path: path.to_owned(),
            shared: None,
            why: None,
            bytes: fs::metadata(path).map_or(0, |m| m.len()),
            build_id: None,
            needed_by: None,
            package: None,
            purl: None,
        };
        let name = self.original.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let program =
            Part { build_id: self.original.image.build_id.clone(), ..part(&name, From::Program, &self.original.path) };
        let mut parts = vec![program];
        let mut said = Vec::new();
        for (loaded, source) in self.found.loaded.iter().zip(&self.plan.sources) {
            let taken = |path: &Path| linked.libraries.iter().find(|l| same_path(&l.path, path));
            let (from, path, why) = match source {
                Source::Toolchain(_) => (From::Toolchain, loaded.path.clone(), None),
                Source::Archive(archive) if taken(archive).is_some() => (From::Archive, archive.clone(), None),
                // The archive turned out to be incomplete.
                Source::Archive(_) => (From::Converted, loaded.path.clone(), Some(Why::Incomplete)),
                Source::Converted(why) => (From::Converted, loaded.path.clone(), Some(*why)),
            };
            said.push(path.clone());
            parts.push(Part {
                shared: (path != loaded.path).then(|| loaded.path.clone()),
                why,
                build_id: loaded.image.build_id.clone(),
                needed_by: Some(loaded.by.clone()),
                ..part(&loaded.name, from, &path)
            });
        }
        for library in &linked.libraries {
            if !said.iter().any(|p| same_path(p, &library.path)) {
                let from = From::from(library.provider);
                let build_id = library.build_id.clone().filter(|_| library.provider == Provider::Converted);
                let needed_by = library.because.clone();
                parts.push(Part { build_id, needed_by, ..part(&library.name, from, &library.path) });
            }
        }
        let files: Vec<PathBuf> = parts.iter().map(|p| p.path.clone()).collect();
        for (part, package) in parts.iter_mut().zip(packages::owners(settings, &files)) {
            part.purl = package.as_ref().map(|p| p.purl.clone());
            part.package = package;
        }
        parts
    }
}

fn same_path(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

//! `staticctl convert`: a finished dynamic program made static.

use super::cli_args::ConvertArgs;
use super::convert_original::{self, Original};
use super::convert_plan::LibraryPlan;
use super::convert_root;
use super::convert_summary::ConversionSummary;
use super::first_run::{self, FirstRun};
use super::output::{Reported, keep_inputs, report_error, report_error_as, unwritable};
use super::verify;
use crate::check::{self, CallEvidence, Expect, judge};
use crate::convert::{self, Library};
use crate::driver::{Addresses, ProgramLink, ProgramLinked, Trials, link_program, select_for_program};
use crate::files::{AtomicFile, Identity, Stamp, place_file, workplace};
use crate::libs::convert_policy::ProgramFile;
use crate::libs::ld_so::{self, AbsentObject, LoadList};
use crate::message;
use crate::message::progress::Progress;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::program::advice::{self, ProgramHint};
use crate::program::eligibility::{self, Eligibility};
use crate::program::sources::FromShared;
use crate::program::{null_references, privileges, recipes};
use crate::report::Outcome;
use crate::run::{self, Guard};
use crate::settings::Settings;
use crate::toolchain::{Facts, Mechanism, Selected};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Converts a program. Gives the exit status.
pub(crate) fn run(settings: &Settings, args: &ConvertArgs) -> u8 {
    let guard = Guard::install();
    let ended = convert(settings, args, &guard);
    match (guard.caught(), ended) {
        (Some(signal), _) => run::die_by(signal),
        (None, Ok(code) | Err(Reported(code))) => code,
    }
}

/// The same below a guard of the caller's.
pub(super) fn convert(settings: &Settings, args: &ConvertArgs, guard: &Guard) -> Result<u8, Reported> {
    let original = convert_original::read(find(settings, &args.program))?;
    let output = place(&args.output, &original.path);
    refuse_same_file(&original, &output)?;
    if is_static(&original)? {
        if !args.quiet {
            message::note(format!("`{}` is static already: it is copied", original.path.display()));
        }
        install_copy(&original, &output, args.allow_privileged)?;
        return Ok(EXIT_YES);
    }
    refuse_privileges(&original, args.allow_privileged)?;
    let library = readable(&original)?;
    let (selected, facts) = select(settings)?;
    let settings = &convert_root::settings(settings, args, &original, (&selected, &facts))?;
    let found = find_libraries(settings, &original)?;
    keep_inputs(&output, found.loaded.iter().map(|l| l.path.as_path()))?;
    let progress = Progress::new(vec![1, 3, 1], args.quiet || !message::is_terminal());
    progress.step(0, "looking at libraries");
    let toolchain = selected.toolchain.clone();
    let plan = plan(settings, args, &original, &found, &facts)?;
    let before = stamps(&original, &found);
    let temporary = temporary_beside(&output)?;
    progress.step(1, "converting and linking");
    let (original, found, place) = (&original, &found, temporary.path().join("first"));
    let library = &library;
    let job = ConversionJob { settings, args, original, library, found, before: &before, guard };
    let mut made = job.make((selected.clone(), facts.clone()), plan, &place)?;
    progress.step(2, "checking");
    // What runs a program in namespaces must be the only thread.
    drop(progress);
    made.ran = run_result(args, original, &made.file)?;
    if !made.ran.is_like_the_original()
        && guard.caught().is_none()
        && let Some(plan) = made.plan.without_archives(settings, found, &facts)?
        && let Some(other) = job.make_another((selected, facts), plan, &temporary.path().join("second"))?
    {
        made = other;
    }
    made.ran.report()?;
    if guard.caught().is_some() || made.ran.compared == Some(false) {
        return Ok(EXIT_NO);
    }
    let bytes = fs::metadata(&made.file).map_or(0, |m| m.len());
    place_file(&made.file, &output).map_err(|e| unwritable(&output, &e))?;
    let elsewhere = original.path.file_name() != output.file_name() || original.path.parent() != output.parent();
    let mut hints = advice::of(library, &original.bytes, &found.loaded, elsewhere);
    hints.extend(original.payload.text().map(|text| ProgramHint { id: "payload", text: format!("{text}: kept") }));
    let (output, plan, toolchain) = (&output, &made.plan, &toolchain);
    let summary = ConversionSummary { original, output, bytes, found, plan, toolchain };
    Ok(summary.print(settings, args, &made.linked, &hints, &made.ran))
}

/// What all links of one conversion have in common.
struct ConversionJob<'a> {
    settings: &'a Settings,
    args: &'a ConvertArgs,
    original: &'a Original,
    library: &'a Library<'a>,
    found: &'a LoadList,
    /// The state of all files before the first one.
    before: &'a [Option<Stamp>],
    guard: &'a Guard,
}

/// A result that is not in its place yet.
struct MadeProgram {
    file: PathBuf,
    plan: LibraryPlan,
    linked: ProgramLinked,
    /// Nothing before it is run.
    ran: FirstRun,
}

impl ConversionJob<'_> {
    /// Links, in a directory of its own.
    fn make(&self, toolchain: (Selected, Facts), plan: LibraryPlan, directory: &Path) -> Result<MadeProgram, Reported> {
        fs::create_dir(directory).map_err(|e| unwritable(directory, &e))?;
        let original = self.original;
        let file = directory.join(original.path.file_name().unwrap_or(OsStr::new("program")));
        let into = LinkInto { addresses: addresses(self.args, self.library), bare: self.args.bare, output: &file };
        let linked = link(self.settings, toolchain, original, self.library, (self.found, &plan), &into);
        refuse_unlinked(original, &linked, self.guard)?;
        if stamps(original, self.found) != self.before {
            let error = format!("`{}` or one of its libraries changed during the conversion", original.path.display());
            return Err(report_error(error, Some("convert it again once the installation is finished".into())));
        }
        keep_payload(original, &file)?;
        copy_mode(&original.path, &file)?;
        Ok(MadeProgram { file, plan, linked, ran: FirstRun::default() })
    }

    /// Links otherwise than before; none if that is not like the original either.
    fn make_another(
        &self,
        toolchain: (Selected, Facts),
        plan: LibraryPlan,
        directory: &Path,
    ) -> Result<Option<MadeProgram>, Reported> {
        let mut made = self.make(toolchain, plan, directory)?;
        made.ran = run_result(self.args, self.original, &made.file)?;
        if !made.ran.is_like_the_original() {
            return Ok(None);
        }
        if !self.args.quiet {
            let shown = self.original.path.display();
            message::note(format!("with archives `{shown}` did something else: all its libraries are converted"));
        }
        Ok(Some(made))
    }
}

/// Runs original and result, as far as the user wants it.
fn run_result(args: &ConvertArgs, original: &Original, result: &Path) -> Result<FirstRun, Reported> {
    let mut ran = FirstRun::default();
    if args.verify {
        let limit = Duration::from_secs(args.timeout);
        ran.compared = Some(verify::same_behaviour(&original.path, result, &args.arguments, limit)?);
    } else if !args.no_verify {
        ran = first_run::of(&original.path, result, args.quiet);
    }
    Ok(ran)
}

fn refuse_same_file(original: &Original, output: &Path) -> Result<(), Reported> {
    if !same_file(&original.path, output) {
        return Ok(());
    }
    let error = format!("`{}` is the original itself, which is kept", output.display());
    Err(report_error(error, Some("name another file with -o".into())))
}

/// Whether the original is static already; an error for what is no dynamic program either.
fn is_static(original: &Original) -> Result<bool, Reported> {
    let verdict = judge(&original.image, &Expect::default(), &CallEvidence::default());
    match eligibility::of(&original.image, &verdict, &original.bytes) {
        Eligibility::Dynamic => Ok(false),
        Eligibility::Static => Ok(true),
        Eligibility::Refused(why, hint) => Err(report_error(format!("`{}` {why}", original.path.display()), hint)),
    }
}

fn find_libraries(settings: &Settings, original: &Original) -> Result<LoadList, Reported> {
    let found = ld_so::load_list(&original.path, &original.image, &settings.loader_path());
    if found.absent.is_empty() { Ok(found) } else { Err(report_lost(original, &found.absent)) }
}

/// The toolchain, which must have start-up code for converted programs.
fn select(settings: &Settings) -> Result<(Selected, Facts), Reported> {
    let mut selected = select_for_program(settings).map_err(|e| {
        let hint = e.hint();
        report_error(e, hint)
    })?;
    let Some(facts) = selected.facts.take() else { return Err(report_error("the toolchain is not complete", None)) };
    if facts.repairs.as_ref().is_none_or(|r| r.converted.is_none()) {
        let error = format!("the toolchain `{}` has no start-up code for converted programs", selected.toolchain);
        return Err(report_error(error, Some("it must link static programs against glibc: `staticctl doctor`".into())));
    }
    if let Some(why) = Trials::of(settings, &selected, &[], &facts).off(Mechanism::ConvertedPrograms) {
        let error = format!("with the toolchain `{}` converted programs do not work: {why}", selected.toolchain);
        return Err(report_error(error, Some("`staticctl doctor` lists what works".into())));
    }
    Ok((selected, facts))
}

fn plan(
    settings: &Settings,
    args: &ConvertArgs,
    original: &Original,
    found: &LoadList,
    facts: &Facts,
) -> Result<LibraryPlan, Reported> {
    let wanted = FromShared::new(&args.from_so);
    for name in wanted.unknown(&found.loaded) {
        message::warning(format!("--from-so: `{}` needs no library `{name}`", original.path.display()));
    }
    let mut plan = LibraryPlan::of(settings, found, facts, &wanted);
    let named = Some(plugins(settings, args, original, found).join(OsStr::new(","))).filter(|p| !p.is_empty());
    plan.plugins = named.or(settings.plugins.clone());
    plan.convert_for_plugins(found, facts, settings)?;
    Ok(plan)
}

/// What `--plugin` names; `auto` stands for what the recipes find.
fn plugins(settings: &Settings, args: &ConvertArgs, original: &Original, found: &LoadList) -> Vec<OsString> {
    let (auto, mut words): (Vec<OsString>, Vec<OsString>) =
        args.plugin.iter().cloned().partition(|word| word == "auto");
    if auto.is_empty() {
        return words;
    }
    let usual = recipes::of(&original.path, found, &settings.loader_path());
    if !args.quiet {
        let taken = if usual.taken.is_empty() { "nothing was found".to_owned() } else { usual.taken.join("; ") };
        message::note(format!("--plugin auto: {taken}"));
    }
    words.extend(usual.patterns.into_iter().map(OsString::from));
    words
}

/// A directory on the output's file system, so that the result can be renamed into place.
fn temporary_beside(output: &Path) -> Result<TempDir, Reported> {
    let make = |dir| tempfile::Builder::new().prefix(".staticcxx").tempdir_in(dir);
    workplace(output).and_then(make).map_err(|e| unwritable(output, &e))
}

/// What a link is to make.
struct LinkInto<'a> {
    addresses: Addresses,
    bare: bool,
    output: &'a Path,
}

fn link(
    settings: &Settings,
    (selected, facts): (Selected, Facts),
    original: &Original,
    library: &Library<'_>,
    (found, plan): (&LoadList, &LibraryPlan),
    into: &LinkInto<'_>,
) -> ProgramLinked {
    let LinkInto { addresses, bare, output } = *into;
    let place = output.with_file_name("program.o");
    let null = null_references::of(library, found);
    let data_from = original.payload.behind_from();
    let (path, bytes) = (original.path.clone(), original.bytes.clone());
    let program = ProgramFile { path, bytes, place, data_from, null, bare };
    let link = ProgramLink { program: Arc::new(program), addresses, libraries: &plan.words, output };
    let settings = Settings { convert: plan.choice.clone(), plugins: plan.plugins.clone(), ..settings.clone() };
    link_program(&settings, selected, facts, &link)
}

/// Reports a link that gave no verified program, as far as the link itself did not.
fn refuse_unlinked(original: &Original, linked: &ProgramLinked, guard: &Guard) -> Result<(), Reported> {
    let shown = original.path.display();
    if let Some(refusal) = &linked.refused {
        return Err(report_error(format!("`{shown}` can't be converted: {refusal}"), Some(refusal.hint().to_owned())));
    }
    if linked.status != 0 || guard.caught().is_some() || linked.signal.is_some() {
        return Err(Reported(EXIT_NO));
    }
    if linked.outcome != Outcome::Verified {
        return Err(report_error_as(EXIT_NO, format!("`{shown}`: linker reported success but wrote no output"), None));
    }
    Ok(())
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

fn readable(original: &Original) -> Result<Library<'_>, Reported> {
    let look = || {
        let library = Library::read_program(&original.bytes)?;
        convert::acceptable(&library)?;
        convert::program::main(&library)?;
        Ok(library)
    };
    look().map_err(|refusal: convert::Refusal| {
        let go = eligibility::is_go(&original.bytes).then_some(eligibility::GO_HINT);
        let hint = go.unwrap_or_else(|| refusal.hint()).to_owned();
        report_error(format!("`{}` can't be converted: {refusal}", original.path.display()), Some(hint))
    })
}

fn refuse_privileges(original: &Original, allowed: bool) -> Result<(), Reported> {
    let Some(what) = privileges::of(&original.path).filter(|_| !allowed) else { return Ok(()) };
    let error =
        format!("`{}` {what}: who runs it gets rights that a copy of it should not give", original.path.display());
    let hint = "--allow-privileged converts it all the same; the result has none of these rights";
    Err(report_error(error, Some(hint.into())))
}

/// All libraries that are missing, at once.
fn report_lost(original: &Original, lost: &[AbsentObject]) -> Reported {
    for one in lost {
        let name = &one.name;
        let other = one.other.as_ref().map(|p| format!("; `{}` is for another machine", p.display()));
        message::error(format!("`{name}`, needed by `{}`, was not found{}", one.by, other.unwrap_or_default()));
    }
    let shown = run::shell_line(&[original.path.as_os_str().to_owned()]);
    message::hint(format!(
        "install what they are in (`apt-file search NAME`, `dnf provides '*/NAME'`), or name their directories in \
         LD_LIBRARY_PATH; `staticctl check {shown}` lists all that it needs"
    ));
    Reported(EXIT_ERROR)
}

/// Where the result is to lie: a program that is not a PIE can only be where it was.
fn addresses(args: &ConvertArgs, library: &Library<'_>) -> Addresses {
    match library.fixed {
        true => Addresses::Kept { rest: address_after(library) },
        false if args.fixed => Addresses::Fixed,
        false => Addresses::Random,
    }
}

/// The first address for the rest of a program that keeps its addresses: well after it.
fn address_after(library: &Library<'_>) -> u64 {
    const ROOM: u64 = 16 << 20;
    let end = library.memory.segments.last().map_or(0, |s| s.end());
    end.next_multiple_of(ROOM) + ROOM
}

/// Adds what the original has besides the program, and reads the result back once more.
fn keep_payload(original: &Original, result: &Path) -> Result<(), Reported> {
    if original.payload.is_empty() {
        return Ok(());
    }
    let shown = original.path.display();
    original.payload.add(&original.bytes, &original.file, result).map_err(|error| {
        let hint = error.hint();
        report_error(format!("`{shown}` can't be converted: {error}"), hint)
    })?;
    let image = check::inspect(result).map_err(|e| report_error(format!("the result {e}"), None))?;
    match judge(&image, &Expect::default(), &CallEvidence::default()).is_static() {
        true => Ok(()),
        false => Err(report_error(format!("`{shown}` with what is kept of it is not a static program"), None)),
    }
}

/// The state of all files that are read.
fn stamps(original: &Original, found: &LoadList) -> Vec<Option<Stamp>> {
    let paths = std::iter::once(&original.path).chain(found.loaded.iter().map(|l| &l.path));
    paths.map(|p| Stamp::of(p)).collect()
}

/// Permissions of the original, without what gives rights of others.
fn copy_mode(from: &Path, to: &Path) -> Result<(), Reported> {
    let mode = fs::metadata(from).map_or(0o755, |m| m.mode()) & 0o777;
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(|e| unwritable(to, &e))
}

/// A program that is static already, copied whole or not at all.
fn install_copy(original: &Original, output: &Path, allowed: bool) -> Result<(), Reported> {
    refuse_privileges(original, allowed)?;
    let write = || -> std::io::Result<()> {
        let mut file = AtomicFile::create(output)?;
        io::copy(&mut File::open(&original.path)?, &mut file)?;
        file.set_mode(fs::metadata(&original.path)?.mode() & 0o777)?;
        file.commit()
    };
    write().map_err(|e| unwritable(output, &e))
}

//! `staticctl toolchain pack`.

use super::cli_args::{ConvertArgs, PackArgs};
use super::convert;
use super::output::{Reported, report_error, temporary_beside, unwritable};
use super::toolchain_pack_tree::{self, Compilers};
use crate::files::{AtomicFile, place_directory, workplace};
use crate::image::layer::{self, LayerSettings, Packing};
use crate::install::selftest::{self, TestedCompiler};
use crate::message;
use crate::message::progress::Progress;
use crate::message::size::size;
use crate::model::{Language, Libc};
use crate::options::exit_codes::EXIT_YES;
use crate::options::repairs::GlibcFixes;
use crate::pack::pack_manifest::{self, PackManifest, PackedToolchain, SCHEMA};
use crate::pack::pack_plan::{self, PackRequest, PlannedCompiler};
use crate::pack::packed_libc::PackedLibc;
use crate::pack::packed_programs::{self, PackedProgram};
use crate::pack::source_packages;
use crate::parallel::processors;
use crate::repairs;
use crate::rootfs::tree::FileTree;
use crate::run::{self, Guard};
use crate::settings::{Settings, own_program};
use crate::toolchain::descriptor::{self, Descriptor};
use crate::toolchain::packed::{FACTS, MANIFEST, PackedFacts};
use crate::toolchain::{CallNeed, Facts, Invocation, Selected};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The steps, with their usual seconds on two cores.
const STEPS: [(&str, u64); 4] = [
    ("converting the compiler's programs", 20),
    ("copying headers and libraries", 3),
    ("measuring and testing", 20),
    ("compressing", 100),
];

/// What the names of our temporary directories begin with.
const PREFIX: &str = ".staticcxx-pack-";

/// The first day that every kind of archive can tell.
const EARLIEST: u64 = 315_532_800;

/// The time of all files in a tree: another one for other contents, since caches tell compilers apart by size and time.
fn time_of(manifest: &PackManifest) -> u64 {
    EARLIEST + u64::from_str_radix(&manifest.id, 16).unwrap_or(0) % 1_000_000_000
}

/// Packs a toolchain. Gives the exit status.
pub(super) fn run(settings: &Settings, args: &PackArgs) -> u8 {
    let guard = Guard::install();
    let ended = pack(settings, args, &guard);
    match (guard.caught(), ended) {
        (Some(signal), _) => run::die_by(signal),
        (None, Ok(()) | Err(Reported(EXIT_YES))) => EXIT_YES,
        (None, Err(Reported(code))) => code,
    }
}

fn pack(settings: &Settings, args: &PackArgs, guard: &Guard) -> Result<(), Reported> {
    let output: PathBuf = args.output.components().collect();
    let is_file = is_archive(&output)?;
    let request = request(args);
    let compilers = pack_plan::plan(settings, &request).map_err(|e| {
        let hint = e.hint();
        report_error(e, hint)
    })?;
    let compilers = with_programs(settings, compilers, &request)?;
    let (work, stage) = (temporary_beside(&output, !is_file, PREFIX)?, temporary_beside(&output, !is_file, PREFIX)?);
    let usual = STEPS.map(|(_, seconds)| seconds);
    let usual = usual.iter().take(if is_file { STEPS.len() } else { STEPS.len() - 1 }).copied().collect();
    let progress = Progress::new(usual, args.quiet || !message::is_terminal());
    let step = |number: usize| progress.step(number, STEPS.get(number).map_or("", |s| s.0));
    step(0);
    let converted = convert_all(settings, args, &compilers, work.path(), guard)?;
    step(1);
    let made = toolchain_pack_tree::make(settings, &compilers, &request, &converted)?;
    let tree = fs::canonicalize(stage.path()).map_err(|e| unwritable(stage.path(), &e))?;
    toolchain_pack_tree::write(&made.tree, &tree)?;
    uninterrupted(guard)?;
    step(2);
    let (toolchains, mut facts) = measure(settings, &compilers, &tree, work.path())?;
    toolchain_pack_tree::take_repairs(&mut facts, &compilers, &tree)?;
    uninterrupted(guard)?;
    let text = facts.text(tree.to_str().unwrap_or_default());
    put(&tree.join(FACTS), text.as_bytes())?;
    let manifest = manifest(&compilers, &request, toolchains, &made, &tree)?;
    put(&tree.join(MANIFEST), manifest.text().as_bytes())?;
    let dated = set_times(&tree, time_of(&manifest));
    dated.map_err(|e| unwritable(&tree, &e))?;
    if is_file {
        step(3);
        write_archive(&tree, &output, (args.level, time_of(&manifest)), guard)?;
    } else {
        place_directory(stage, &output).map_err(|e| unwritable(&output, &e))?;
    }
    drop(progress);
    if let Some(dir) = &args.sources {
        source_packages::fetch(&manifest.packages, dir, args.quiet, guard).map_err(|e| {
            let hint = e.hint();
            report_error(e, hint)
        })?;
    }
    if !args.quiet {
        say(&manifest, &output, is_file);
    }
    Ok(())
}

/// Whether the result is a file; an error where something is in its place.
fn is_archive(output: &Path) -> Result<bool, Reported> {
    let is_file = output.extension().is_some_and(|e| e == "zst");
    let is_empty = fs::read_dir(output).map(|mut entries| entries.next().is_none());
    match fs::symlink_metadata(output) {
        Ok(m) if !(is_file || m.is_dir() && is_empty.unwrap_or(false)) => {
            let hint = "name a new directory, or a file `*.tar.zst`";
            Err(report_error(format!("`{}` exists", output.display()), Some(hint.into())))
        }
        _ => Ok(is_file),
    }
}

fn request(args: &PackArgs) -> PackRequest {
    let own = || vec![std::env::consts::ARCH.to_owned()];
    let unique = |all: Vec<String>| {
        let mut seen = BTreeSet::new();
        all.into_iter().filter(|a| seen.insert(a.clone())).collect::<Vec<_>>()
    };
    let mut libcs = args.libc.clone();
    libcs.dedup();
    PackRequest {
        name: args.name.clone(),
        languages: args.lang.iter().copied().collect(),
        targets: if args.target.is_empty() { own() } else { unique(args.target.clone()) },
        libcs,
    }
}

/// The programs of each compiler.
fn with_programs(
    settings: &Settings,
    compilers: Vec<PlannedCompiler>,
    request: &PackRequest,
) -> Result<Compilers, Reported> {
    let of = |compiler: PlannedCompiler| {
        let found = packed_programs::find(&compiler.gcc, &request.languages, compiler.native, settings.path.as_deref());
        found.map(|programs| (compiler, programs)).map_err(|e| {
            let hint = e.hint();
            report_error(e, hint)
        })
    };
    compilers.into_iter().map(of).collect()
}

fn uninterrupted(guard: &Guard) -> Result<(), Reported> {
    // The signal is what the caller sees.
    if guard.caught().is_some() { Err(Reported(EXIT_YES)) } else { Ok(()) }
}

/// Converts each program once: place in the tree to file.
fn convert_all(
    settings: &Settings,
    args: &PackArgs,
    compilers: &Compilers,
    work: &Path,
    guard: &Guard,
) -> Result<BTreeMap<PathBuf, PathBuf>, Reported> {
    let own = own_program(settings.path.as_deref());
    let own = own.ok_or_else(|| report_error("this program's own file is not found", None))?;
    let ours = PackedProgram {
        from: own,
        to: Path::new("/").join(toolchain_pack_tree::OWN_PROGRAM),
        plugins: Vec::new(),
        compiles: false,
        reads_sources: false,
    };
    let all = compilers.iter().flat_map(|(_, programs)| &programs.programs).chain([&ours]);
    let mut converted = BTreeMap::new();
    for (number, program) in all.enumerate() {
        let output = work.join(format!("program-{number}"));
        let of_user = args.plugin.iter().filter(|_| program.compiles).cloned();
        let convert_args = ConvertArgs {
            root: None,
            program: program.from.clone().into(),
            output: output.clone(),
            from_so: Vec::new(),
            plugin: program.plugins.iter().map(Into::into).chain(of_user).collect(),
            verify: false,
            timeout: 60,
            // What they do is seen in the tests.
            no_verify: true,
            fixed: true,
            allow_privileged: false,
            json: false,
            quiet: true,
            arguments: Vec::new(),
            // GCC and binutils are compiled without exceptions.
            bare: true,
        };
        // A compiler asks for no names of hosts and users: pinning those services would read a file of the machine. The
        // converters of character sets are half the size of the programs that convert nothing.
        let iconv = settings.repairs.iconv && program.reads_sources;
        let repairs = GlibcFixes { name_services: false, iconv, ..settings.repairs };
        let settings = Settings { toolchain: None, report: None, repairs, ..settings.clone() };
        let status = convert::convert(&settings, &convert_args, guard).unwrap_or_else(|Reported(code)| code);
        uninterrupted(guard)?;
        if status != EXIT_YES {
            let (program, work) = (program.from.display(), work.display());
            let error = format!("`{program}` can't be packed: it was not converted in `{work}`");
            return Err(report_error(error, None));
        }
        converted.insert(program.to.clone(), output);
    }
    Ok(converted)
}

/// Probes and tests each toolchain of a tree.
fn measure(
    settings: &Settings,
    compilers: &Compilers,
    tree: &Path,
    work: &Path,
) -> Result<(Vec<PackedToolchain>, PackedFacts), Reported> {
    let mut facts = PackedFacts { sources: crate::files::kept::FACTS.into(), toolchains: BTreeMap::new() };
    let mut toolchains = Vec::new();
    for file in descriptor::in_directory(tree) {
        let descriptor = Descriptor::load(&file).map_err(|e| report_error(e, None))?;
        let only = only(settings, &file, &work.join("cache/staticcxx"));
        let measured = select_all(&only, &descriptor)?;
        let tests = test(&only, &descriptor, &measured, &file)?;
        let of_languages = measured.into_iter().filter_map(|(language, selected)| Some((language, selected.facts?)));
        facts.toolchains.insert(descriptor.name.clone(), of_languages.collect());
        toolchains.push(PackedToolchain {
            name: descriptor.name,
            target: descriptor.target.unwrap_or_default(),
            libc: if descriptor.libc == Some(Libc::Musl) { PackedLibc::Musl } else { PackedLibc::Glibc },
            tests,
        });
    }
    // The first compiler's usual C library is the first toolchain.
    let first = compilers.first().and_then(|(c, _)| Some(c.toolchain_name(c.libcs.first()?.libc)));
    toolchains.sort_by_key(|t| Some(&t.name) != first.as_ref());
    Ok((toolchains, facts))
}

/// For one toolchain of a tree, with a cache of its own.
fn only(settings: &Settings, file: &Path, cache: &Path) -> Settings {
    Settings {
        toolchain: Some(file.into()),
        cache_dir: Some(cache.to_owned()),
        launcher: None,
        report: None,
        ..settings.clone()
    }
}

/// What each language's compiler is and can do.
fn select_all(only: &Settings, descriptor: &Descriptor) -> Result<BTreeMap<Language, Selected>, Reported> {
    let select = |language: &Language| {
        let invocation = Invocation { language: *language, name: None };
        let mut selected = repairs::select(only, &invocation, CallNeed::Link, &[]).map_err(|e| {
            let hint = e.hint();
            report_error(e, hint)
        })?;
        if let Some(mut facts) = selected.facts.take() {
            facts.tried = true;
            let tried = crate::driver::Trials::of(only, &selected, &[], &Facts { tried: false, ..facts.clone() });
            facts.off.extend(tried.all_off());
            facts.object = None;
            selected.facts = Some(facts);
        }
        Ok((*language, selected))
    };
    descriptor.languages.iter().map(select).collect()
}

/// Runs the self-test; what passed, in words.
fn test(
    settings: &Settings,
    descriptor: &Descriptor,
    measured: &BTreeMap<Language, Selected>,
    file: &Path,
) -> Result<String, Reported> {
    let target = descriptor.target.as_deref().unwrap_or_default();
    let emulator = super::install::emulator(settings, target).unwrap_or(None);
    if !target.starts_with(std::env::consts::ARCH) && emulator.is_none() {
        message::note(format!("programs for {target} can't be run here: `{}` is not tested", descriptor.name));
        return Ok(String::new());
    }
    let find = |language: Language| TestedCompiler::of(measured.get(&language)?, file.as_os_str(), settings);
    let programs = selftest::programs_for(find(Language::Cxx).as_ref());
    let results = selftest::test_programs(&find, &programs, &emulator, processors(), &|_| {});
    let results = results.map_err(|e| report_error(format!("testing: {e}"), None))?;
    let failed: Vec<String> =
        results.iter().filter_map(|r| Some(format!("{}: {}", r.name, r.failed.as_ref()?))).collect();
    if failed.is_empty() {
        return Ok(format!("{0}/{0} tests", results.len()));
    }
    let error = format!("the packed toolchain `{}` fails its tests: {}", descriptor.name, failed.join("; "));
    Err(report_error(error, None))
}

fn manifest(
    compilers: &Compilers,
    request: &PackRequest,
    toolchains: Vec<PackedToolchain>,
    made: &toolchain_pack_tree::MadeTree,
    tree: &Path,
) -> Result<PackManifest, Reported> {
    let mut all = FileTree::default();
    all.add(tree, Path::new("/")).map_err(|e| report_error(e, None))?;
    let files = pack_manifest::files(&all, tree, &made.packages_of).map_err(|e| report_error(e, None))?;
    let manifest = PackManifest {
        schema: SCHEMA,
        name: toolchains.first().map_or(String::new(), |t| t.name.clone()),
        id: String::new(),
        made_by: env!("CARGO_PKG_VERSION").into(),
        machine: std::env::consts::ARCH.into(),
        compiler: compilers.first().map_or(String::new(), |(c, _)| c.gcc.title.clone()),
        languages: request.languages.iter().copied().collect(),
        toolchains,
        packages: made.packages.clone(),
        files,
    };
    Ok(manifest.identified())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Reported> {
    fs::write(path, bytes).map_err(|e| unwritable(path, &e))
}

/// Gives all files of a tree one time.
fn set_times(tree: &Path, time: u64) -> io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
    for entry in walkdir::WalkDir::new(tree).into_iter().flatten().filter(|e| e.file_type().is_file()) {
        File::open(entry.path())?.set_modified(time)?;
    }
    Ok(())
}

fn write_archive(tree: &Path, output: &Path, (level, time): (i32, u64), guard: &Guard) -> Result<(), Reported> {
    let mut all = FileTree::default();
    all.add(tree, Path::new("/")).map_err(|e| report_error(e, None))?;
    let directory = workplace(output).map_err(|e| unwritable(output, &e))?;
    let interrupted = || guard.caught().is_some();
    let making =
        LayerSettings { packing: Packing::ZstdLong(level), time, directory: &directory, interrupted: &interrupted };
    let layer = match layer::make(&all, &making) {
        Ok(layer) => layer,
        Err(_) if interrupted() => return Err(Reported(EXIT_YES)),
        Err(error) => return Err(report_error(format!("`{}`: {error}", output.display()), None)),
    };
    let write = || {
        let mut file = AtomicFile::create(output)?;
        io::copy(&mut layer.blob.open()?, &mut file)?;
        file.commit()
    };
    write().map_err(|e| unwritable(output, &e))
}

fn say(manifest: &PackManifest, output: &Path, is_file: bool) {
    let packed = fs::metadata(output).map_or(0, |m| m.len());
    let in_file = if is_file { format!(" in {}", size(packed)) } else { String::new() };
    message::note(format!(
        "`{}`: {} of {}, {} packages{in_file}",
        output.display(),
        size(manifest.size()),
        manifest.compiler,
        manifest.packages.len()
    ));
    for toolchain in &manifest.toolchains {
        let tests = Some(toolchain.tests.as_str()).filter(|t| !t.is_empty()).unwrap_or("not run here");
        message::note(format!("toolchain `{}` for {}: {tests}", toolchain.name, toolchain.target));
    }
    message::hint(match is_file {
        true => format!("staticctl toolchain unpack {}", output.display()),
        false => format!("CC={0}/bin/gcc CXX={0}/bin/g++ make", output.display()),
    });
}

//! Preparing the link of an executable: libraries are resolved, their replacements written, and the call planned.

use super::compile::{self, as_it_is};
use super::compiled_sources::CompiledSources;
use super::trials::Trials;
use super::{link_supply, plugin_link};
use crate::args::ld_options::{self, Item};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::check::{BoundSymbol, Expect};
use crate::convert::Refusal;
use crate::libs::binding_audit;
use crate::libs::convert_policy::ProgramFile;
use crate::libs::other_machine;
use crate::libs::weak_names;
use crate::libs::{self, LinkedLibrary, Provider, Resolution, SearchPath, library_ref, pic};
use crate::model::{Family, Language, Libc};
use crate::options::repairs::GlibcFixes;
use crate::plan::kind::START_FILES;
use crate::plan::policy::is_probe;
use crate::plan::{self, Context, Plan};
use crate::repairs::choose;
use crate::report::milliseconds;
use crate::run::Command;
use crate::settings::Settings;
use crate::supply::store::LinkStore;
use crate::supply::wrapped::{self, WrapShelter};
use crate::toolchain::{Facts, Selected};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// A link that is ready to run.
pub(crate) struct LinkJob {
    pub request: Request,
    pub selected: Selected,
    pub facts: Facts,
    pub resolution: Resolution,
    /// Replacements of libraries without an archive; its files exist as long as this.
    pub store: LinkStore,
    /// Time to resolve the libraries, in milliseconds.
    pub closure: f64,
    /// Of planning, the time that keeps the program the same as a dynamic one.
    pub audit: f64,
    /// The rewritten call.
    pub plan: Plan,
    /// Symbols that the linker is asked for, so that it binds what ld.so would.
    pub asked: Vec<String>,
    /// What the output must be.
    pub expect: Expect,
    /// Why it can't be linked as requested: error and hint.
    pub problem: Option<(String, &'static str)>,
    /// Why the program can't be converted.
    pub refused: Option<Refusal>,
    /// The sources that were compiled for this link.
    pub compiled: Option<CompiledSources>,
    /// `--wrap` is in effect, and not for all archives.
    pub wraps: bool,
    /// What works with this compiler.
    pub trials: Arc<Trials>,
}

impl LinkJob {
    /// Whether it is the link of a converted program.
    pub(super) fn converts_program(&self) -> bool {
        self.store.converts_program()
    }

    /// Each reference between the modules of the program, beside what ld.so would have made of it.
    ///
    /// # Errors
    /// Why that is not known.
    pub(crate) fn bindings(&self) -> Result<Vec<BoundSymbol>, String> {
        if let Some(source) = self.request.inputs.iter().find(|i| i.kind.is_compiled()) {
            return Err(format!("`{}` is compiled first", source.text.to_string_lossy()));
        }
        if self.request.args.iter().any(|a| a.role() == Some(Role::Lto)) {
            return Err("its code is compiled when it is linked".into());
        }
        Ok(binding_audit::audit(&self.request, &self.facts, self.selected.language, &self.resolution, &self.asked))
    }

    pub(crate) fn command(&self) -> Command {
        as_it_is(&self.selected, &self.plan.argv)
    }
}

/// Resolves and plans a link; `program` is the program that is converted, if one is.
pub(super) fn link_job(
    settings: &Settings,
    request: Request,
    mut selected: Selected,
    mut facts: Facts,
    program: Option<Arc<ProgramFile>>,
) -> LinkJob {
    selected.compile_args.extend(compile::added(settings, &request, &selected));
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = ld_options::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    let start = Instant::now();
    let trials = Arc::new(Trials::of(settings, &selected, &request.abi, &facts));
    let found =
        FoundLibraries::of(settings, &request, &mut selected, &facts, (&items, &path), program.as_ref(), &trials);
    let closure = milliseconds(start);
    let FoundLibraries { mut resolution, mut store, problem } = found;
    let chosen = choose::choose(settings, &request, &mut facts, &mut resolution);
    selected.warnings.extend(chosen.warnings);
    let place = program.as_ref().map(|p| p.place.as_path());
    let mut written = Written::of(settings, &request, &facts, (&mut resolution, &mut store), place);
    let replacements = milliseconds(start) - closure;
    let loose = weak_names::to_ask_for(&request, &facts, selected.language, &resolution);
    let bindings = milliseconds(start) - closure - replacements;
    let language = (&facts, selected.language);
    written.add_tables(settings, &request, language, (&mut resolution, &mut store), loose.never_asks);
    let tables = milliseconds(start) - closure - replacements - bindings;
    // A converted program's own resolvers run later, in our start-up code.
    let wanted = loose.chosen && program.is_none() && settings.repairs != GlibcFixes::default();
    let early_tls = facts.repairs.as_ref().filter(|_| wanted).and_then(|r| r.early_tls.clone());
    let mut repairs = written.repairs(settings, &request, &facts, &resolution);
    let shelter = sheltered(&request, &facts, (&mut resolution, &mut store), &mut repairs, &mut selected.warnings);
    let sheltered = written.or_problem("copies of archives that `--wrap` must not reach", shelter);
    let audit = resolution.audit.as_secs_f64() * 1000.0 + bindings + tables;
    let extras = LinkExtras { repairs, words: &written.words, weak_names: loose.names, early_tls, sheltered };
    log::debug!(
        "libraries {closure:.2} ms, replacements {replacements:.2} ms, bindings {bindings:.2} ms, tables {tables:.2} ms"
    );
    let plan = planned(settings, &request, &facts, &resolution, &extras);
    if request.inputs.iter().any(|i| i.kind == InputKind::Source) {
        selected.compile_args.extend(compile::pipe(&request, &selected));
    }
    LinkJob {
        wraps: extras.sheltered.is_some(),
        asked: extras.weak_names.into_iter().chain(resolution.started.iter().cloned()).collect(),
        request,
        selected,
        facts,
        resolution,
        store,
        closure,
        audit,
        plan,
        expect,
        problem: problem.or(chosen.problem).or(written.problem),
        refused: written.refused,
        compiled: None,
        trials,
    }
}

/// Shelters the libraries of a link from its `--wrap`; returns the directory with those that are found by name, if any
/// refers to a wrapped name.
///
/// # Errors
/// Copies that can't be written.
fn sheltered(
    request: &Request,
    facts: &Facts,
    (resolution, store): (&mut Resolution, &mut LinkStore),
    repairs: &mut [PathBuf],
    warnings: &mut Vec<String>,
) -> io::Result<Option<PathBuf>> {
    let names = wrapped::names(request);
    // The libraries that a probe is told of with `-v` would be remembered.
    let told = request.has(Role::Verbose) && is_probe(request.output_path());
    if names.is_empty() || told || facts.family == Family::Zig {
        return Ok(None);
    }
    let dir = store.dir()?.join("wrapped");
    let mut shelter = WrapShelter::new(&names, dir, resolution.path.files.clone())?;
    shelter.take(request, facts, resolution, repairs)?;
    warnings.extend(
        shelter.reached.iter().map(|file| {
            format!("`--wrap` reaches `{}` too: what it holds is compiled when it is linked", file.display())
        }),
    );
    Ok(shelter.copied().then_some(shelter.dir))
}

/// The libraries of a link before anything is written.
struct FoundLibraries {
    resolution: Resolution,
    store: LinkStore,
    problem: Option<(String, &'static str)>,
}

impl FoundLibraries {
    fn of(
        settings: &Settings,
        request: &Request,
        selected: &mut Selected,
        facts: &Facts,
        (items, path): (&[Item], &SearchPath),
        program: Option<&Arc<ProgramFile>>,
        trials: &Arc<Trials>,
    ) -> FoundLibraries {
        let (asked, problem) = match plugin_link::asked(settings, request, facts) {
            Ok(asked) => (asked, None),
            Err(error) => {
                let problem = (format!("{}: {error}", libs::missing::PLUGINS), plugin_link::HINT);
                (plugin_link::PluginRequest::default(), Some(problem))
            }
        };
        selected.warnings.extend(asked.warning);
        let mut store = link_supply::store(settings, request, selected, facts, program, trials);
        let wanted = asked.wanted.plugins;
        store.optional_plugins = wanted.iter().filter(|p| !p.named).map(|p| p.path.clone()).collect();
        let plugins = |found: &Resolution| {
            let opens = wanted.is_empty() || program.is_some() || plugin_link::opens(found, path, request, facts);
            if opens { wanted } else { Vec::new() }
        };
        let resolution = libs::resolve(items, request, facts, path, selected.language, &mut store, plugins);
        store.modules.symbols = asked.wanted.symbols;
        let problem = problem.or_else(|| other_machine::refused(request, &path.files, &path.target));
        FoundLibraries { resolution, store, problem }
    }
}

/// What was written for a link.
#[derive(Default)]
struct Written {
    archives: Vec<PathBuf>,
    words: Vec<OsString>,
    refused: Option<Refusal>,
    /// What could not be written, without which the program would be another one.
    problem: Option<(String, &'static str)>,
}

impl Written {
    /// `program` is the output file of a program that is converted.
    fn of(
        settings: &Settings,
        request: &Request,
        facts: &Facts,
        (resolution, store): (&mut Resolution, &mut LinkStore),
        program: Option<&Path>,
    ) -> Written {
        let archives: Vec<PathBuf> = resolution.archives().map(|l| l.path.clone()).collect();
        let mut written = Written::default();
        let extras = written.or_problem("the objects of shared libraries", store.write(&archives));
        if let Some((_, hint)) = written.problem.as_mut().filter(|_| program.is_some()) {
            *hint = "they are written beside the output";
        }
        written.refused = extras.refused.iter().find(|(p, _)| Some(p.as_path()) == program).map(|(_, why)| why.clone());
        link_supply::note_refused(resolution, extras.refused);
        written.words = extras.words;
        written.words.extend(choose::words(settings, request, facts, resolution));
        written.archives = extras.archives;
        written
    }

    /// Plugins, and the tables of what is in the program.
    fn add_tables(
        &mut self,
        settings: &Settings,
        request: &Request,
        language: (&Facts, Language),
        (resolution, store): (&mut Resolution, &mut LinkStore),
        never_asks: bool,
    ) {
        let made = plugin_link::write(resolution, store, request, language, settings, never_asks);
        let archives = self.or_problem("plugins", made.map(|made| made.archives));
        self.archives.extend(archives);
    }

    /// What was written; without it, the program would be another one.
    fn or_problem<T: Default>(&mut self, what: &str, written: io::Result<T>) -> T {
        written.unwrap_or_else(|error| {
            let hint = "TMPDIR names another directory for temporary files";
            self.problem.get_or_insert((format!("{what} can't be written: {error}"), hint));
            T::default()
        })
    }

    /// These archives and those that repair the libc, each once.
    fn repairs(&self, settings: &Settings, request: &Request, facts: &Facts, resolution: &Resolution) -> Vec<PathBuf> {
        let mut wanted = settings.repairs;
        wanted.iconv = choose::offers_converters(settings, request, facts, resolution);
        let repairs = facts.repairs.iter().flat_map(|r| r.archives(wanted)).cloned();
        let mut repairs: Vec<PathBuf> = self.archives.iter().cloned().chain(repairs).collect();
        let mut offered = BTreeSet::new();
        repairs.retain(|r| offered.insert(r.clone()));
        repairs
    }
}

/// What a link gets beside its libraries.
struct LinkExtras<'a> {
    /// Archives of ours.
    repairs: Vec<PathBuf>,
    /// Linker words for converted libraries.
    words: &'a [OsString],
    /// Weak references that a dynamic program would have bound.
    weak_names: Vec<String>,
    /// The entry for functions that are chosen when the program starts.
    early_tls: Option<PathBuf>,
    /// Where the libraries are that `--wrap` does not reach.
    sheltered: Option<PathBuf>,
}

fn planned(
    settings: &Settings,
    request: &Request,
    facts: &Facts,
    resolution: &Resolution,
    extras: &LinkExtras<'_>,
) -> Plan {
    // Of archives in the toolchain's directories the resolution knows it, since that is cached.
    let items = ld_options::split(&request.args);
    let typed = library_ref::references(&items, request).into_iter().filter_map(|r| match r.named {
        library_ref::LibraryName::Path(path) => Some(path),
        _ => None,
    });
    let with_objects = |l: &&LinkedLibrary| matches!(l.provider, Provider::Archive | Provider::FatShared);
    let archives = resolution.libraries.iter().filter(with_objects).map(|l| l.path.clone());
    let archives = archives.filter(|p| !resolution.path.is_system(p));
    let files: Vec<PathBuf> = typed.chain(archives).collect();
    let typed = || pic::fixed_input(&files, &resolution.path.files);
    let fixed = if facts.default_pie { resolution.fixed.clone().or_else(typed) } else { None };
    let start_files = start_files_beside(request);
    let context = Context {
        start_files: &start_files,
        repairs: &extras.repairs,
        malloc: settings.malloc,
        fast: settings.fast,
        stack_size: Some(settings.stack_size).filter(|s| facts.libc == Libc::Musl && *s > 0),
        converted: extras.words,
        facts,
        linker: settings.linker.named(),
        small: settings.small,
        harden: settings.harden,
        fixed_input: fixed.as_deref(),
        substitutes: &resolution.substitutes,
        closure: &resolution.closure,
        started: &resolution.started,
        weak_names: &extras.weak_names,
        early_tls: extras.early_tls.as_deref(),
        sheltered: extras.sheltered.as_deref(),
    };
    plan::plan(request, &context)
}

/// The start files that exist beside those on the command line.
fn start_files_beside(request: &Request) -> Vec<PathBuf> {
    if !request.has(Role::NoStartFiles) && !request.has(Role::NoStdlib) {
        return Vec::new();
    }
    let paths = request.inputs.iter().map(|i| Path::new(&i.text));
    let beside = paths.flat_map(|path| {
        let of =
            START_FILES.iter().find(|(names, _, _)| path.file_name().is_some_and(|n| names.iter().any(|w| n == *w)));
        of.into_iter().flat_map(move |(_, fixed, pie)| [*fixed, *pie]).map(|name| path.with_file_name(name))
    });
    beside.filter(|path| path.is_file()).collect()
}

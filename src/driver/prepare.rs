//! What a call comes to: it is understood, its toolchain and libraries are found, and its link is planned.

use super::outcome::milliseconds;
use super::shared_link::shared_job;
use super::{SharedJob, compile, convert_policy, plugin_link, program_link};
use crate::args::ld_options::Item;
use crate::args::{self, Action, InputKind, Request, ld_options};
use crate::check::Expect;
use crate::convert::Refusal;
use crate::libs::plugin_list::Plugin;
use crate::libs::{self, Resolution, SearchPath, library_ref, pic};
use crate::model::{Language, Libc};
use crate::options::check::CheckMode;
use crate::plan::policy::{Policy, Reason, policy};
use crate::plan::{self, Context, Plan};
use crate::repairs;
use crate::repairs::choose;
use crate::run::Command;
use crate::settings::Settings;
use crate::supply::converted::{Extras, Means};
use crate::supply::plugins::Made;
use crate::supply::program_object::ProgramFile;
use crate::toolchain::{self, Facts, Invocation, Need, SelectError, Selected};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;

/// What a call comes to.
pub enum Prepared {
    /// Run it as it is.
    PassThrough(Command, Reason),
    /// It can't be done.
    Refused(Box<Selected>, Reason),
    /// Link it statically.
    Link(Box<Job>),
    /// Link a shared object as asked, and attach what is needed to link it statically later.
    Shared(Box<SharedJob>),
}

/// A link, ready to run.
pub struct Job {
    /// The call.
    pub request: Request,
    /// The toolchain.
    pub selected: Selected,
    /// Its facts.
    pub facts: Facts,
    /// The libraries.
    pub resolution: Resolution,
    /// The directory of what was made for this link alone.
    pub start_code: Option<TempDir>,
    /// How many milliseconds that took.
    pub closure: f64,
    /// The rewritten call.
    pub plan: Plan,
    /// What the output must be for.
    pub expect: Expect,
    /// Why it can't be linked as asked.
    pub problem: Option<(String, &'static str)>,
    /// Why the program that is converted can't be.
    pub refused: Option<Refusal>,
}

/// Understands and plans a call without running it. `argv` begins with the program's own name.
///
/// # Errors
/// No toolchain for it.
pub fn prepare(settings: &Settings, own: Language, argv: &[OsString]) -> Result<Prepared, SelectError> {
    let (argv0, words) = argv.split_first().map_or((OsString::new(), &[][..]), |(a, w)| (a.clone(), w));
    let invocation = Invocation::parse(&argv0, own);
    if settings.chain.is_some() {
        let selected = toolchain::pass_through(settings, &invocation)?;
        return Ok(Prepared::PassThrough(as_it_is(&selected, words), Reason::Nested));
    }
    let request = args::classify(words, invocation.language);
    let need = match policy(&request) {
        Policy::Rewrite => Need::Link,
        Policy::LeaveAlone(Reason::SharedObject) if settings.fat_shared && !request.dry_run => {
            return shared_job(settings, &invocation, request, words);
        }
        Policy::LeaveAlone(reason) => {
            let mut selected = repairs::select(settings, &invocation, Need::Compile, &request.abi)?;
            if matches!(request.action, Action::Compile | Action::Assemble) {
                let pipe = compile::pipe(&request, &selected);
                selected.compile_args.extend(compile::small(settings).chain(pipe));
            }
            return Ok(Prepared::PassThrough(as_it_is(&selected, words), reason));
        }
        Policy::Refuse(reason) => {
            let selected = repairs::select(settings, &invocation, Need::Compile, &request.abi)?;
            return Ok(match settings.check {
                CheckMode::Strict => Prepared::Refused(Box::new(selected), reason),
                CheckMode::Warn | CheckMode::Off => Prepared::PassThrough(as_it_is(&selected, words), reason),
            });
        }
    };
    let mut selected = repairs::select(settings, &invocation, need, &request.abi)?;
    let Some(facts) = selected.facts.take() else {
        return Ok(Prepared::PassThrough(as_it_is(&selected, words), Reason::NotALink));
    };
    Ok(Prepared::Link(Box::new(link_job(settings, request, selected, facts, None))))
}

/// Resolves and plans a link; for the link of a converted program, `program` is that.
pub(super) fn link_job(
    settings: &Settings,
    request: Request,
    mut selected: Selected,
    mut facts: Facts,
    program: Option<Arc<ProgramFile>>,
) -> Job {
    selected.compile_args.extend(compile::small(settings));
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = ld_options::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    let start = Instant::now();
    let Found { mut resolution, start_code, symbols, problem } =
        Found::of(settings, &request, &mut selected, &facts, &items, &path, program.as_ref());
    let closure = milliseconds(start);
    let said = choose::choose(settings, &request, &mut facts, &mut resolution);
    selected.warnings.extend(said.warnings);
    let problem = problem.or(said.problem);
    resolution.store.modules.symbols = symbols;
    let place = program.as_ref().map(|p| p.place.as_path());
    let written = Written::of(settings, &request, &mut selected, &facts, &mut resolution, place);
    let plan = planned(settings, &request, &selected, &facts, &resolution, &path, &written);
    if request.inputs.iter().any(|i| i.kind == InputKind::Source) {
        selected.compile_args.extend(compile::pipe(&request, &selected));
    }
    let refused = written.refused;
    Job { request, selected, facts, resolution, start_code, closure, plan, expect, problem, refused }
}

/// The libraries of a link, before anything is written for it.
struct Found {
    resolution: Resolution,
    start_code: Option<TempDir>,
    /// What plugins may ask for by name.
    symbols: Vec<String>,
    problem: Option<(String, &'static str)>,
}

impl Found {
    fn of(
        settings: &Settings,
        request: &Request,
        selected: &mut Selected,
        facts: &Facts,
        items: &[Item],
        path: &SearchPath,
        program: Option<&Arc<ProgramFile>>,
    ) -> Found {
        let (asked, problem) = match plugin_link::asked(settings, request, facts) {
            Ok(asked) => (asked, None),
            Err(error) => (
                plugin_link::Asked::default(),
                Some((format!("{}: {error}", libs::missing::PLUGINS), plugin_link::HINT)),
            ),
        };
        selected.warnings.extend(asked.warning);
        let language = selected.language;
        let resolve = |means: Option<&Means>| libs::resolve(items, request, facts, path, language, means);
        let resolved = |support, plugins: &[Plugin]| {
            let means = convert_policy::means(settings, request, facts, support);
            let means = means.map(|m| program_link::means(m, program));
            convert_policy::resolved(resolve, facts, means.map(|m| Means { plugins: plugins.to_owned(), ..m }))
        };
        let support = facts.repairs.as_ref().and_then(|r| r.converted.clone());
        let mut resolution = resolved(support.clone(), &asked.wanted.plugins);
        if !asked.wanted.plugins.is_empty() && program.is_none() && !plugin_link::opens(&resolution, request) {
            resolution = resolved(support, &[]);
        }
        let mut start_code = None;
        if convert_policy::wants_start_code(settings, facts, &resolution) {
            match repairs::start_code(selected, &request.abi, facts) {
                Ok((dir, archive)) => {
                    resolution = resolved(Some(archive), &[]);
                    start_code = Some(dir);
                }
                Err(error) => log::info!("no start-up code for converted libraries: {error}"),
            }
        }
        Found { resolution, start_code, symbols: asked.wanted.symbols, problem }
    }
}

/// What was written for a link, and what the linker is told of it.
struct Written {
    archives: Vec<PathBuf>,
    words: Vec<OsString>,
    refused: Option<Refusal>,
}

impl Written {
    /// `program` is the place of a program that is converted.
    fn of(
        settings: &Settings,
        request: &Request,
        selected: &mut Selected,
        facts: &Facts,
        resolution: &mut Resolution,
        program: Option<&Path>,
    ) -> Written {
        let archives: Vec<PathBuf> = resolution.archives().map(|l| l.path.clone()).collect();
        let extras = resolution.store.write(&archives).unwrap_or_else(|error| {
            selected.warnings.push(format!("the objects of shared libraries can't be written: {error}"));
            Extras::default()
        });
        let refused = extras.refused.iter().find(|(p, _)| Some(p.as_path()) == program).map(|(_, why)| why.clone());
        convert_policy::note_refused(resolution, extras.refused);
        let made = plugin_link::write(resolution, request, facts, settings).unwrap_or_else(|error| {
            selected.warnings.push(format!("plugins can't be written: {error}"));
            Made::default()
        });
        let mut words = extras.words;
        words.extend(choose::words(settings, request, facts, resolution));
        Written { archives: extras.archives.into_iter().chain(made.archives).collect(), words, refused }
    }
}

fn planned(
    settings: &Settings,
    request: &Request,
    selected: &Selected,
    facts: &Facts,
    resolution: &Resolution,
    path: &SearchPath,
    written: &Written,
) -> Plan {
    // The toolchain's own directories hold what its distribution builds; a PIE by default takes those.
    let typed =
        library_ref::references(&ld_options::split(&request.args), request).into_iter().filter_map(|r| match r.named {
            library_ref::Named::Path(path) => Some(path),
            _ => None,
        });
    let archives = resolution.libraries.iter().map(|l| l.path.clone()).filter(|p| !path.is_system(p));
    let files: Vec<PathBuf> = typed.chain(archives).collect();
    let fixed = if facts.default_pie { pic::fixed_input(&files) } else { None };
    let mut wanted = settings.repairs;
    wanted.iconv = choose::offers_converters(settings, request, facts, resolution);
    let repairs = facts.repairs.iter().flat_map(|r| r.archives(wanted)).cloned();
    let mut repairs: Vec<PathBuf> = written.archives.iter().cloned().chain(repairs).collect();
    let mut offered = BTreeSet::new();
    repairs.retain(|r| offered.insert(r.clone()));
    let context = Context {
        repairs: &repairs,
        malloc: settings.malloc,
        stack_size: Some(settings.stack_size).filter(|s| facts.libc == Libc::Musl && *s > 0),
        converted: &written.words,
        facts,
        language: selected.language,
        linker: settings.linker.named(),
        small: settings.small,
        fixed_input: fixed.as_deref(),
        substitutes: &resolution.substitutes,
        closure: &resolution.closure,
    };
    plan::plan(request, &context)
}

/// The call with nothing but the toolchain's own words in front.
pub(super) fn as_it_is(selected: &Selected, words: &[OsString]) -> Command {
    let front = selected.launcher.iter().chain(&selected.compiler).chain(&selected.compile_args);
    let mut command = Command::new(front.chain(words).cloned());
    command.env.clone_from(&selected.env);
    command
}

impl Job {
    /// Whether it is the link of a converted program.
    pub(super) fn converts_program(&self) -> bool {
        self.resolution.store.shelf.as_ref().is_some_and(|s| s.means().program.is_some())
    }

    /// What is run.
    pub fn command(&self) -> Command {
        as_it_is(&self.selected, &self.plan.argv)
    }
}

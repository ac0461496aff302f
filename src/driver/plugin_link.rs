//! Plugins of a link: the list, and the archives for it. Every glibc program that refers to dlopen and the like has
//! ours, with the tables of what is in it.

use crate::args::ld_options::{Item, LdRole, options, split};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::check::Expect;
use crate::convert::machine::Machine;
use crate::convert::start::Dialect;
use crate::convert::{Refusal, Versions};
use crate::libs::missing::PLUGINS;
use crate::libs::plugin_list::{self, ListError, PluginList};
use crate::libs::supplier::NameLookups;
use crate::libs::weak_names::ASKING;
use crate::libs::{Missing, Provider, Resolution, SearchPath, inputs, library_ref, mentions};
use crate::message;
use crate::model::{Language, Libc};
use crate::options;
use crate::options::convert::ConvertChoice;
use crate::options::dlopen::DlopenChoice;
use crate::plan::policy::is_probe;
use crate::plan::pthread;
use crate::settings::Settings;
use crate::supply::glibc;
use crate::supply::plugins::modules::{self, ANY_PROGRAM_FILE};
use crate::supply::plugins::{ModuleArchives, ProgramInputs};
use crate::supply::store::LinkStore;
use crate::toolchain::{Facts, Repairs};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The syntax of a list.
pub(super) const HINT: &str = "use a comma-separated list of PATH, DIRECTORY, GLOB, SONAME, symbol:PATTERN, @FILE";

/// The plugins that a call requests.
#[derive(Debug, Default)]
pub(super) struct PluginRequest {
    pub wanted: PluginList,
    /// Why plugins are ignored, without being an error.
    pub warning: Option<String>,
}

/// Reads the list; empty for configure steps.
///
/// # Errors
/// A word that matches nothing.
pub(super) fn asked(settings: &Settings, request: &Request, facts: &Facts) -> Result<PluginRequest, ListError> {
    let Some(value) = settings.plugins.as_ref().filter(|_| !is_probe(request.output_path())) else {
        return Ok(PluginRequest::default());
    };
    let none = |why: &str| {
        Ok(PluginRequest { warning: Some(format!("{PLUGINS} is ignored: {why}")), ..PluginRequest::default() })
    };
    if facts.libc != Libc::Glibc {
        return none("only glibc programs for x86-64 can have plugins linked in");
    }
    if settings.dlopen == DlopenChoice::System {
        return none(&format!("{}=system leaves dlopen to glibc", options::DLOPEN.name));
    }
    if settings.convert == ConvertChoice::off() {
        return none(&format!("plugins are converted, which {}=off disables", options::CONVERT.name));
    }
    if facts.repairs.as_ref().is_none_or(|r| r.plugins.is_none()) {
        return none(&format!(
            "the code that opens plugins was not built for this toolchain; it needs a writable cache directory, and `{}=info` tells more",
            options::LOG.name
        ));
    }
    let dirs: Vec<PathBuf> = facts.library_dirs.clone();
    let wanted = plugin_list::read(&plugin_list::words(&value.to_string_lossy()), Path::new(""), &dirs)?;
    Ok(PluginRequest { wanted, warning: None })
}

/// Whether dlopen and the like are ours in every program of this call that refers to them.
pub(super) fn are_ours(settings: &Settings, request: &Request, facts: &Facts) -> bool {
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    settings.dlopen == DlopenChoice::Ours
        && facts.libc == Libc::Glibc
        && expect.machine.is_some_and(|machine| Machine::of(machine).is_some())
        && expect.bits == Some(64)
        && facts.repairs.as_ref().is_some_and(|r| r.plugins.is_some())
}

/// Whether GCC's driver adds libgomp, which calls dlopen.
fn takes_libgomp(request: &Request, facts: &Facts) -> bool {
    pthread::takes_libgomp(request, facts) && facts.library_dirs.iter().any(|dir| dir.join("libgomp.a").is_file())
}

/// The inputs of the program that a call links.
fn program(
    request: &Request,
    resolution: &Resolution,
    path: &SearchPath,
    (facts, language): (&Facts, Language),
) -> ProgramInputs {
    let of = |kinds: &[InputKind]| -> Vec<PathBuf> {
        let inputs = request.inputs.iter().filter(|i| kinds.contains(&i.kind));
        inputs.map(|i| PathBuf::from(&i.text)).collect()
    };
    // Without `--as-needed`, which is some linkers' default.
    let references = library_ref::references(&split(&request.args), request).into_iter();
    let always: Vec<String> = references.filter(|r| !r.as_needed.unwrap_or(facts.as_needed)).map(|r| r.typed).collect();
    ProgramInputs {
        objects: of(&[InputKind::Object]),
        archives: of(&[InputKind::Archive]),
        sources: of(&[InputKind::Source, InputKind::Assembly, InputKind::Stdin]),
        libraries: resolution.libraries.clone(),
        path: path.clone(),
        exported: exported(request),
        loaded: resolution.libraries.iter().filter(|l| always.contains(&l.name)).map(|l| l.path.clone()).collect(),
        loads_libm: language == Language::Cxx || always.iter().any(|typed| typed == "-lm"),
        data: None,
        facts: resolution.facts.clone(),
    }
}

/// The names that a call exports: `-rdynamic`, `--export-dynamic-symbol=GLOB`, `--dynamic-list=FILE` and the like.
fn exported(request: &Request) -> Vec<glob::Pattern> {
    let items = split(&request.args);
    let mut patterns = Vec::new();
    let one_name = |option: &str| option.split('=').next() == Some("export-dynamic-symbol");
    if request.has(Role::ExportDynamic) {
        patterns.push("*".to_owned());
    }
    for option in options(&items) {
        let Some(Item::Word { text, .. }) = items.get(option.at) else { continue };
        let name = text.to_string_lossy().trim_start_matches('-').to_owned();
        let value = option.value.as_deref().map(|v| v.to_string_lossy().into_owned());
        match (option.role, value) {
            (LdRole::ExportDynamic, None) => patterns.push("*".to_owned()),
            (LdRole::ExportDynamic, Some(value)) if one_name(&name) => patterns.push(value),
            (LdRole::ExportDynamic, Some(file)) => {
                patterns.extend(listed(&fs::read_to_string(file).unwrap_or_default()))
            }
            _ => {}
        }
    }
    patterns.iter().filter_map(|p| glob::Pattern::new(p).ok()).collect()
}

/// The names in a dynamic list: `{ one; two*; "three"; };`. Those of C++, demangled, are not understood.
fn listed(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "{};".contains(c)).map(|w| w.trim_matches('"'));
    words.filter(|w| !w.is_empty() && !w.starts_with(['#', '/'])).map(str::to_owned).collect()
}

/// Whether the program may open plugins: an input contains the name dlopen, or is not compiled yet.
pub(super) fn opens(resolution: &Resolution, path: &SearchPath, request: &Request, facts: &Facts) -> bool {
    let program = program(request, resolution, path, (facts, Language::C));
    !program.sources.is_empty() || refers(&program, &["dlopen"])
}

/// Whether an object, archive or library of the program may refer to one of the functions.
fn refers(program: &ProgramInputs, functions: &[&str]) -> bool {
    let libraries = program.libraries.iter().filter(|l| l.provider != Provider::Plugin).map(|l| &l.path);
    let all = program.objects.iter().chain(&program.archives).chain(libraries);
    let (known, unknown): (Vec<&PathBuf>, Vec<&PathBuf>) = all.partition(|path| program.lookups(path).is_some());
    let asks = |lookups: &NameLookups| {
        lookups.functions.iter().any(|name| functions.iter().any(|function| name.starts_with(function)))
    };
    let files: Vec<&Path> = unknown.into_iter().map(PathBuf::as_path).collect();
    known.into_iter().filter_map(|path| program.lookups(path)).any(asks)
        || mentions::any(&files, &program.path.files, functions)
}

/// Whether a source of the call names one of the functions.
fn sources_name(program: &ProgramInputs) -> bool {
    let names = |text: &[u8]| ASKING.iter().any(|f| memchr::memmem::find(text, f.as_bytes()).is_some());
    program.sources.iter().any(|source| inputs::look(source, names) == Some(true))
}

/// Converts the plugins of a resolution, and writes the tables of what is in the program; returns the archives and
/// words for the link. `never_asks`: nothing that is linked in refers to dlopen and the like, as far as is known.
///
/// # Errors
/// A file that can't be written.
pub(super) fn write(
    resolution: &mut Resolution,
    store: &mut LinkStore,
    request: &Request,
    (facts, language): (&Facts, Language),
    settings: &Settings,
    never_asks: bool,
) -> io::Result<ModuleArchives> {
    let none = store.modules.is_empty();
    if none && !are_ours(settings, request, facts) {
        return Ok(ModuleArchives::default());
    }
    let Some(repairs) = &facts.repairs else { return Ok(ModuleArchives::default()) };
    let Some(runtime) = &repairs.plugins else { return Ok(ModuleArchives::default()) };
    let converted = store.converted.as_ref().and_then(|c| c.policy().program.as_ref());
    let data = converted.and_then(|file| Some((file.path.clone(), file.data_from?)));
    let program = ProgramInputs { data, ..program(request, resolution, &resolution.path, (facts, language)) };
    let libgomp = takes_libgomp(request, facts);
    if libgomp {
        // The driver names it after all others, where ours are behind.
        resolution.closure.push("-lgomp".into());
    }
    if none {
        let asks = refers(&program, &ASKING) || sources_name(&program);
        if !asks || never_asks {
            // What headers have is not known before the sources are compiled. The linker has the last word on what it takes.
            let archives = vec![runtime.clone(), runtime.with_file_name(ANY_PROGRAM_FILE)];
            let nobody = !asks && program.sources.is_empty() && !libgomp;
            return Ok(ModuleArchives {
                archives: if nobody { Vec::new() } else { archives },
                ..ModuleArchives::default()
            });
        }
    }
    written(resolution, store, (facts, repairs, runtime), &program)
}

/// The same for a program that has modules, or whose code asks.
fn written(
    resolution: &mut Resolution,
    store: &mut LinkStore,
    (facts, repairs, runtime): (&Facts, &Repairs, &Path),
    program: &ProgramInputs,
) -> io::Result<ModuleArchives> {
    let none = store.modules.is_empty();
    let dir = store.dir()?.to_owned();
    let own_symbols;
    let all = store.modules.needs_all_names();
    let (libc, libc_key, versions, memory) = match &store.converted {
        Some(c) => (all.then(|| c.libc_for_modules()), c.libc_key(), c.versions(), c.memory()),
        None if all => {
            own_symbols = glibc::libc_for_modules(&facts.library_dirs);
            (Some(&own_symbols), Vec::new(), Versions::default(), Vec::new())
        }
        None => (None, Vec::new(), Versions::default(), Vec::new()),
    };
    let machine = Machine::named(facts.arch());
    let machine = machine.ok_or_else(|| io::Error::other("plugins are not linked in for this machine"))?;
    let with = modules::ModuleContext {
        libc,
        library_dirs: &facts.library_dirs,
        libc_archive: Some(&repairs.libc.0),
        runtime,
        cache: store.cache.as_deref(),
        libc_key,
        versions: &versions,
        dir: &dir,
        warned: &repairs.warned,
        scripts: store.converted.as_ref().is_some_and(|c| c.policy().dialect == Some(Dialect::Gnu)),
        memory: &memory,
        finished: store.converted.as_ref().is_some_and(|c| c.policy().program.is_some()),
        machine,
    };
    let mut made = store.modules.write(program, &with)?;
    if !none {
        made.archives.extend(store.start_code.archive().map(Path::to_owned));
    }
    resolution.closure.append(&mut made.words);
    resolution.modules.append(&mut made.places);
    for (path, refusal) in made.refused.drain(..) {
        let required = !store.optional_plugins.contains(&path);
        refused(resolution, path, refusal, required);
    }
    Ok(made)
}

fn refused(resolution: &mut Resolution, path: PathBuf, refusal: Refusal, required: bool) {
    let Some(at) = resolution.libraries.iter().position(|l| l.twin.as_ref() == Some(&path)) else { return };
    let library = resolution.libraries.remove(at);
    let because = vec![PLUGINS.to_owned(), library.name.clone()];
    resolution.missing.push(Missing { name: library.name, shared: path, because, required, refusal: Some(refusal) });
}

/// Warns about files of a directory or pattern that are left out.
pub(super) fn name_left_out(resolution: &Resolution) {
    let of_plugins =
        |m: &&Missing| m.because.first().is_some_and(|b| b == PLUGINS) && !m.required && m.because.len() == 2;
    for missing in resolution.missing.iter().filter(of_plugins).filter(|m| m.refusal.is_some()) {
        message::warning(format!("{}; it is left out", missing.line()));
    }
}

//! Plugins of a link: the list, and the archives for it.

use crate::args::ld_options::{LdRole, options, split};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::convert::Refusal;
use crate::libs::missing::PLUGINS;
use crate::libs::plugin_list::{self, ListError, PluginList};
use crate::libs::{Missing, Provider, Resolution, SearchPath};
use crate::message;
use crate::model::Libc;
use crate::options;
use crate::options::convert::ConvertChoice;
use crate::plan::policy::is_probe;
use crate::settings::Settings;
use crate::supply::plugins::modules;
use crate::supply::plugins::{ModuleArchives, ProgramInputs};
use crate::supply::store::LinkStore;
use crate::toolchain::Facts;
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

/// The inputs of the program that a call links.
fn program(request: &Request, resolution: &Resolution, path: &SearchPath) -> ProgramInputs {
    let of = |kinds: &[InputKind]| -> Vec<PathBuf> {
        let inputs = request.inputs.iter().filter(|i| kinds.contains(&i.kind));
        inputs.map(|i| PathBuf::from(&i.text)).collect()
    };
    let offers = request.has(Role::ExportDynamic)
        || options(&split(&request.args)).iter().any(|o| o.role == LdRole::ExportDynamic);
    ProgramInputs {
        objects: of(&[InputKind::Object]),
        archives: of(&[InputKind::Archive]),
        sources: of(&[InputKind::Source, InputKind::Assembly, InputKind::Stdin]),
        libraries: resolution.libraries.clone(),
        path: path.clone(),
        offers_all: offers,
    }
}

/// Whether the program may open plugins: an input contains the name dlopen, or is not compiled yet.
pub(super) fn opens(resolution: &Resolution, path: &SearchPath, request: &Request) -> bool {
    let program = program(request, resolution, path);
    let libraries = program.libraries.iter().filter(|l| l.provider != Provider::Plugin).map(|l| &l.path);
    let mut files = program.objects.iter().chain(&program.archives).chain(libraries);
    let opens = |file: &PathBuf| path.files.look(file, |data| memchr::memmem::find(data, b"dlopen").is_some());
    !program.sources.is_empty() || files.any(|f| opens(f) == Some(true))
}

/// Converts the plugins of a resolution; returns the archives and words for the link.
///
/// # Errors
/// A file that can't be written.
pub(super) fn write(
    resolution: &mut Resolution,
    store: &mut LinkStore,
    request: &Request,
    facts: &Facts,
    settings: &Settings,
) -> io::Result<ModuleArchives> {
    if store.modules.is_empty() {
        return Ok(ModuleArchives::default());
    }
    let program = program(request, resolution, &resolution.path);
    let dir = store.dir()?.to_owned();
    let (Some(converted), Some(repairs)) = (&store.converted, &facts.repairs) else {
        return Ok(ModuleArchives::default());
    };
    let Some(runtime) = &repairs.plugins else { return Ok(ModuleArchives::default()) };
    let versions = converted.versions();
    let with = modules::ModuleContext {
        libc: converted.libc_for_modules(),
        libc_archive: Some(&repairs.libc.0),
        runtime,
        cache: settings.cache_dir.as_deref(),
        libc_key: converted.libc_key(),
        versions: &versions,
        dir: &dir,
    };
    let mut made = store.modules.write(&program, &with)?;
    made.archives.extend(store.start_code.archive().map(Path::to_owned));
    resolution.closure.append(&mut made.words);
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

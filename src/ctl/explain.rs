//! `staticctl explain`: what a call would become.

use super::output::{fail, produce};
use crate::args::{self, Action, OutputKind};
use crate::check;
use crate::driver::{self, LinkJob, Prepared};
use crate::libs::{self, LinkedLibrary, Provider};
use crate::message;
use crate::model::Language;
use crate::options::exit_codes::EXIT_YES;
use crate::plan::policy::Reason;
use crate::plan::rules::RULES;
use crate::report::lossy;
use crate::run::shell_line;
use crate::session::compiler_names;
use crate::settings::Settings;
use crate::toolchain::Invocation;
use crate::toolchain::front_end::{self, CalledFrontEnd, LinkedThrough};
use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

/// Explains a call; `command` begins with the compiler's name.
pub(crate) fn run(settings: &Settings, command: &[OsString], json: bool, bindings: bool) -> u8 {
    for mistake in settings.mistakes() {
        message::warning(mistake);
    }
    let front_end = command.first().and_then(|name| front_end::called(name));
    if let Some(called) = front_end {
        return run_front_end(settings, called, command, json, bindings);
    }
    let called = command.first().map(|name| Invocation::parse(name, Language::C));
    if let (Some(name), Some(Invocation { name: None, .. })) = (command.first(), &called)
        && !Path::new(name).file_name().is_some_and(compiler_names::is_own)
    {
        let error = format!("`{}` is none of the compilers that are known", name.display());
        let hint =
            "name one of those in docs/src/languages.md (`cc`, `g++`, `clang-16`, `gfortran`), without what calls it";
        return fail(error, Some(hint.into()));
    }
    let own = called.map_or(Language::C, |called| called.language);
    let request = args::classify(command.get(1..).unwrap_or_default(), own);
    let mut prepared = match driver::prepare(settings, own, command) {
        Ok(prepared) => prepared,
        Err(e) => {
            let hint = e.hint();
            return fail(e, hint);
        }
    };
    if let Prepared::Link(job) = &mut prepared {
        libs::name_packages(settings, &mut job.resolution.libraries);
    }
    let asks = action_name(request.action);
    if bindings {
        return match &prepared {
            Prepared::Link(job) => produce_bindings(job, json),
            _ => fail("no link of an executable: nothing is bound", None),
        };
    }
    let text = if json { document(settings, &prepared, asks) } else { lines(settings, &prepared, asks) };
    produce(&text, EXIT_YES)
}

/// Explains a call of another language's compiler by the link that it makes.
fn run_front_end(
    settings: &Settings,
    called: CalledFrontEnd<'_>,
    command: &[OsString],
    json: bool,
    bindings: bool,
) -> u8 {
    let real = match driver::front_end_call::command(settings, called) {
        Ok(real) => real,
        Err((error, hint)) => return fail(error, hint),
    };
    if let Some(net) = driver::front_end_call::link_of(settings, called, command.get(1..).unwrap_or_default()) {
        let behind = Some(net.compiler.clone());
        let settings = match net.language {
            Language::C => Settings { cc: behind, ..settings.clone() },
            Language::Cxx => Settings { cxx: behind, ..settings.clone() },
        };
        let name = net.command.name.clone().unwrap_or_default();
        let words: Vec<OsString> = std::iter::once(name).chain(net.command.args).collect();
        return run(&settings, &words, json, bindings);
    }
    let language = &called.front_end.language;
    let program = real.program.to_string_lossy();
    let (links, who) = match called.front_end.links {
        LinkedThrough::Driver | LinkedThrough::Ld => ("ld", "what it links comes to us as its linker (COMPILER_PATH)"),
        LinkedThrough::Cc => ("cc", "what it links comes to us as its C compiler or as the linker of that"),
        LinkedThrough::Own => {
            ("own", "it calls its linker by its path: `staticctl convert PROGRAM` makes its programs static")
        }
    };
    let text = match json {
        true => {
            let value = serde_json::json!({
                "schema": crate::report::SCHEMA, "language": language, "links_through": links, "command": lossy(&real.words()),
            });
            format!("{value:#}\n")
        }
        false => format!("language:  {language}\nruns:      {program}\nlinks:     {who}, under `staticctl run`\n"),
    };
    produce(&text, EXIT_YES)
}

/// Lists the bindings of a link; those that differ first.
fn produce_bindings(job: &LinkJob, json: bool) -> u8 {
    let mut bindings = match job.bindings() {
        Ok(bindings) => bindings,
        Err(why) => {
            return fail(
                format!("not audited: {why}"),
                Some("compile it to objects, and explain the link of those".into()),
            );
        }
    };
    bindings.sort_by_key(|b| !b.differs());
    if json {
        let value = serde_json::json!({ "schema": crate::report::SCHEMA, "bindings": bindings });
        return produce(&format!("{value:#}\n"), EXIT_YES);
    }
    let mut text = String::new();
    for binding in &bindings {
        let what = if binding.differs() { "differs:" } else { "same:" };
        // Writing to a String can't fail.
        let _ = writeln!(text, "{what:10} {}: {binding}", binding.by);
    }
    produce(&text, EXIT_YES)
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Query => "a query",
        Action::Preprocess => "preprocess",
        Action::SyntaxOnly => "check only",
        Action::Compile => "compile",
        Action::Assemble => "compile and assemble",
        Action::Precompile => "precompile headers",
        Action::Link(OutputKind::Executable) => "link an executable",
        Action::Link(OutputKind::SharedObject) => "link a shared object",
        Action::Link(OutputKind::Relocatable) => "link a relocatable object",
    }
}

fn lines(settings: &Settings, prepared: &Prepared, asks: &str) -> String {
    let mut text = format!("asks to:   {asks}\n");
    // Writing to a String can't fail.
    let _ = match prepared {
        Prepared::PassThrough { command, reason, .. } => {
            writeln!(text, "unchanged: {}\nruns:      {}", reason.line(), command.shell())
        }
        Prepared::Shared(job) => writeln!(
            text,
            "unchanged: {}\nruns:      {}\nthen:      attaches {} to it",
            Reason::SharedObject.line(),
            job.command.shell(),
            if job.relocatable.inputs.is_some() { "its objects" } else { "that it has none of its own" }
        ),
        Prepared::Refused { reason, .. } => {
            writeln!(text, "refused:   {}\nhint:      {}", reason.line(), reason.hint().unwrap_or_default())
        }
        Prepared::Link(job) => {
            let _ = writeln!(text, "toolchain: {} ({})", job.selected.toolchain, job.facts.version);
            for applied in &job.plan.applied {
                let _ = writeln!(text, "rule:      {}: {}", applied.rule, applied.detail);
                if let Some(rule) = RULES.iter().find(|r| r.id == applied.rule) {
                    let _ = writeln!(text, "           ({})", rule.reason);
                }
            }
            for library in &job.resolution.libraries {
                let _ = writeln!(text, "library:   {}", described(library));
            }
            for (library, hints) in libs::hints(&job.resolution.path, &job.resolution.libraries) {
                let library = library.display();
                for (what, paths) in [("load", &hints.plugins), ("want", &hints.files)] {
                    if !paths.is_empty() {
                        let _ = writeln!(text, "at run:    {library} may {what} {}", check::some(paths));
                    }
                }
            }
            for (archive, why) in &job.resolution.replaced {
                let _ = writeln!(text, "passed by: {} ({}): {}", archive.display(), why.rule(), why.line());
            }
            for missing in &job.resolution.missing {
                let _ = writeln!(text, "missing:   {}", missing.line());
            }
            match driver::built_in_line(settings, job) {
                Ok(line) => {
                    let words: Vec<OsString> = line.into_iter().map(Into::into).collect();
                    writeln!(text, "links:     built in: {}\nelse runs: {}", shell_line(&words), job.command().shell())
                }
                Err(why) => writeln!(text, "links:     not built in: {why}\nruns:      {}", job.command().shell()),
            }
        }
    };
    text
}

/// Where a library comes from; of one that was converted which state it is.
fn described(library: &LinkedLibrary) -> String {
    let because = library.because.as_ref().map(|b| format!(", needed by {b}")).unwrap_or_default();
    let (name, path) = (&library.name, library.path.display());
    let when = match library.provider {
        Provider::Converted => "",
        Provider::Plugin => " opened at run time,",
        Provider::Archive | Provider::FatShared => return format!("{name} from {path}{because}"),
    };
    let package = library.package.as_ref().map(|p| format!(" of {p}")).unwrap_or_default();
    let id = library.build_id.as_ref().map(|id| format!(", build-id {id}")).unwrap_or_default();
    format!("{name}{when} converted from {path}{package}{id}{because}")
}

fn document(settings: &Settings, prepared: &Prepared, asks: &str) -> String {
    let value = match prepared {
        Prepared::PassThrough { command, reason, .. } => serde_json::json!({
            "schema": crate::report::SCHEMA, "asks": asks, "reason": reason, "command": lossy(&command.words()),
        }),
        Prepared::Shared(job) => serde_json::json!({
            "schema": crate::report::SCHEMA, "asks": asks, "reason": Reason::SharedObject,
            "command": lossy(&job.command.words()), "fat": true,
        }),
        Prepared::Refused { reason, .. } => serde_json::json!({
            "schema": crate::report::SCHEMA, "asks": asks, "reason": reason, "command": null,
        }),
        Prepared::Link(job) => serde_json::json!({
            "schema": crate::report::SCHEMA,
            "asks": asks,
            "toolchain": job.selected.toolchain,
            "kind": job.plan.kind,
            "rules": job.plan.applied,
            "libraries": job.resolution.libraries,
            "at_run": libs::hints(&job.resolution.path, &job.resolution.libraries),
            "missing": job.resolution.missing,
            "command": lossy(&job.command().words()),
            "shell": shell_line(&job.command().words()),
            "built_in": driver::built_in_line(settings, job).ok(),
        }),
    };
    format!("{value:#}\n")
}

//! `staticctl self-check`.

use super::output::{fail, produce, this_program};
use super::version;
use crate::check::{Image, Verdict, target};
use crate::message::size::size;
use crate::message::table::{Align, Table, stdout_width};
use crate::model::StaticKind;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::own::build_facts::VERSION;
use crate::own::self_view::{self, FoundElsewhere, NameBeside, NameState, OwnPlace};
use crate::own::{build_facts, owned_by};
use crate::parts::linked_parts::LinkedParts;
use crate::parts::noted_program;
use crate::settings::Settings;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What was looked at.
struct SelfCheck {
    program: PathBuf,
    image: Image,
    verdict: Verdict,
    parts: Option<LinkedParts>,
    names: Vec<NameBeside>,
    places: Vec<OwnPlace>,
    elsewhere: Vec<FoundElsewhere>,
    installer: Option<owned_by::Installer>,
    /// What can't be told here.
    unknown: Vec<String>,
}

/// Looks at this program and its surroundings.
pub(super) fn run(settings: &Settings, as_json: bool) -> u8 {
    let program = match this_program(settings) {
        Ok(program) => program,
        Err(reported) => return reported.0,
    };
    let (image, verdict) = match self_view::judged(&program) {
        Ok(judged) => judged,
        Err(e) => return fail(format!("`{}` {e}", program.display()), Some("install it again".into())),
    };
    let unknown = match Path::new("/proc/self").exists() {
        true => Vec::new(),
        false => vec![
            "there is no /proc: this file was found by its name, warnings may be repeated in a build, and `staticctl try`, \
             `run` and `plugins` see less"
                .to_owned(),
        ],
    };
    let found = SelfCheck {
        image,
        verdict,
        parts: noted_program::read_with_crates(&program).ok().flatten().map(|read| read.parts),
        names: self_view::beside(&program),
        places: self_view::places(settings),
        elsewhere: self_view::elsewhere(settings, &program),
        installer: owned_by::installer(settings, &program),
        unknown: unknown.into_iter().chain(settings.distrusted_cache()).collect(),
        program,
    };
    let (problems, notes) = (found.problems(), found.notes());
    let code = if problems.is_empty() { EXIT_YES } else { EXIT_NO };
    let text = match as_json {
        true => format!("{:#}\n", found.document(&problems, &notes)),
        false => found.table(&problems, &notes),
    };
    produce(&text, code)
}

impl SelfCheck {
    /// What is wrong, each with what to do.
    fn problems(&self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.verdict.is_static() {
            let why: Vec<String> = self.verdict.failures.iter().map(ToString::to_string).collect();
            all.push(format!(
                "this program is not static ({}): it works where its libraries are; docs/src/guide/install.md has the static build",
                why.join("; ")
            ));
        }
        for name in &self.names {
            let path = name.path.display();
            match (name.state, &name.version) {
                (NameState::Missing, _) => all.push(format!("`{path}` is missing: staticctl shims --install")),
                (NameState::Different, Some(version)) => {
                    all.push(format!("`{path}` is of version {version}, this is {VERSION}: staticctl shims --install"));
                }
                (NameState::Different, None) => all.push(format!("`{path}` is no program of staticcxx")),
                _ => {}
            }
        }
        all.extend(
            self.elsewhere
                .iter()
                .filter(|other| other.first)
                .map(|other| format!("{}, which PATH has first: builds get that one", self.other(other))),
        );
        all
    }

    /// What is worth knowing.
    fn notes(&self) -> Vec<String> {
        let behind = self.elsewhere.iter().filter(|other| !other.first);
        let mut all: Vec<String> =
            behind.map(|other| format!("{}, behind this one on PATH", self.other(other))).collect();
        for place in &self.places {
            match (&place.path, &place.unwritable) {
                (None, _) if place.what == "cache" => {
                    all.push(
                        "nothing is kept between calls, which take longer: XDG_CACHE_HOME=DIR names a place".into(),
                    );
                }
                (Some(path), Some(why)) => {
                    all.push(format!("{}: `{}` can't be written: {why}", place.what, path.display()));
                }
                _ => {}
            }
        }
        all.extend(self.unknown.iter().cloned());
        all
    }

    fn other(&self, other: &FoundElsewhere) -> String {
        let version = other.version.as_deref().map_or("an unknown version".to_owned(), |v| format!("version {v}"));
        format!("`{}` is {version}, `{}` is version {VERSION}", other.path.display(), self.program.display())
    }

    fn table(&self, problems: &[String], notes: &[String]) -> String {
        let mut table = Table::new(&[Align::Left, Align::Left], 0);
        let features = build_facts::features().join(", ");
        table.row(["program:".to_owned(), self.program.display().to_string()]);
        table.row(["version:", VERSION]);
        table.row(["commit:", build_facts::COMMIT]);
        table.row(["features:", if features.is_empty() { "none" } else { &features }]);
        table.row(["file:".to_owned(), self.file()]);
        table.row(["parts:".to_owned(), self.counted_parts()]);
        if let Some(installer) = &self.installer {
            table.row(["installed:".to_owned(), format!("by {}; {} removes it", installer.name, installer.remove)]);
        }
        for name in &self.names {
            let is = match name.state {
                NameState::Same => "this file",
                NameState::SameVersion => "another file of this version",
                NameState::Different => "something else",
                NameState::Missing => "missing",
            };
            table.row([format!("{}:", name.name), is.to_owned()]);
        }
        for place in &self.places {
            let path = place.path.as_ref().map_or("none".to_owned(), |path| path.display().to_string());
            table.row([format!("{}:", place.what), path]);
        }
        notes.iter().for_each(|note| table.row(["note:".to_owned(), note.clone()]));
        problems.iter().for_each(|problem| table.row(["wrong:".to_owned(), problem.clone()]));
        table.render(stdout_width())
    }

    fn file(&self) -> String {
        let kind = match self.verdict.kind {
            Some(StaticKind::StaticPie) => "static-pie",
            Some(StaticKind::Static) => "static",
            None => "not static",
        };
        format!("{kind}, {}, {}", target::machine_name(self.image.machine, self.image.bits), size(self.image.bytes))
    }

    fn counted_parts(&self) -> String {
        let Some(parts) = &self.parts else { return "not listed in it".to_owned() };
        let is_crate = |purl: &&str| purl.starts_with("pkg:cargo/");
        let (crates, others): (Vec<&str>, Vec<&str>) = parts.purls().into_iter().partition(is_crate);
        format!(
            "{} crates, {} libraries; `staticctl parts {}` lists them",
            crates.len(),
            others.len(),
            self.program.display()
        )
    }

    fn document(&self, problems: &[String], notes: &[String]) -> Value {
        let mut value = version::document();
        let more = json!({
            "program": self.program.to_string_lossy(), "static": self.verdict.is_static(), "bytes": self.image.bytes,
            "parts": self.parts.as_ref().map(LinkedParts::purls), "names": self.names, "places": self.places,
            "elsewhere": self.elsewhere, "installed_by": self.installer, "notes": notes, "problems": problems,
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
            all.extend(more);
        }
        value
    }
}

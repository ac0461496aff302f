//! What `staticctl convert` prints at its end.

use super::cli_args::ConvertArgs;
use super::convert_original::Original;
use super::convert_plan::LibraryPlan;
use super::first_run::FirstRun;
use super::output::produce;
use crate::driver::ProgramLinked;
use crate::libs::Provider;
use crate::libs::ld_so::{LoadList, LoadedObject};
use crate::message::table::stdout_width;
use crate::options::exit_codes::EXIT_YES;
use crate::packages;
use crate::program::advice::ProgramHint;
use crate::program::listing;
use crate::program::record::{self, ConversionRecord, PartOrigin, ProgramPart};
use crate::program::sources::{LibrarySource, WhyConverted};
use crate::settings::Settings;
use std::fs;
use std::path::{Path, PathBuf};

/// What a conversion that succeeded has to report.
pub(super) struct ConversionSummary<'a> {
    pub(super) original: &'a Original,
    pub(super) output: &'a Path,
    /// Its size.
    pub(super) bytes: u64,
    pub(super) found: &'a LoadList,
    pub(super) plan: &'a LibraryPlan,
    pub(super) toolchain: &'a str,
}

impl ConversionSummary<'_> {
    /// Prints the record for people or as JSON. Gives the exit status.
    pub(super) fn print(
        &self,
        settings: &Settings,
        args: &ConvertArgs,
        linked: &ProgramLinked,
        hints: &[ProgramHint],
        ran: &FirstRun,
    ) -> u8 {
        let parts = self.parts(settings, linked);
        let shared = self.found.loaded.iter().map(|l| l.image.bytes).sum::<u64>();
        let record = ConversionRecord {
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
            compared: ran.compared,
            answers: &ran.answers,
            image: linked.image.as_ref(),
            times: linked.times,
        };
        if args.json {
            return produce(&(serde_json::to_string(&record).unwrap_or_default() + "\n"), EXIT_YES);
        }
        if args.quiet {
            return EXIT_YES;
        }
        produce(&listing::text(&record, stdout_width()), EXIT_YES)
    }

    /// The program, its libraries in the loader's order, and what the archives needed besides.
    fn parts(&self, settings: &Settings, linked: &ProgramLinked) -> Vec<ProgramPart> {
        let original = self.original;
        let name = original.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let build_id = original.image.build_id.clone();
        let mut parts = vec![ProgramPart { build_id, ..part(&name, PartOrigin::Program, &original.path) }];
        let libraries = self.found.loaded.iter().zip(&self.plan.sources);
        parts.extend(libraries.map(|(loaded, source)| library_part(loaded, source, linked)));
        let found = parts.len();
        for library in &linked.libraries {
            if !parts.iter().take(found).skip(1).any(|p| same_path(&p.path, &library.path)) {
                let from = PartOrigin::from(library.provider);
                let build_id = library.build_id.clone().filter(|_| library.provider == Provider::Converted);
                let needed_by = library.because.clone();
                parts.push(ProgramPart { build_id, needed_by, ..part(&library.name, from, &library.path) });
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

fn part(name: &str, from: PartOrigin, path: &Path) -> ProgramPart {
    ProgramPart {
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
    }
}

fn library_part(loaded: &LoadedObject, source: &LibrarySource, linked: &ProgramLinked) -> ProgramPart {
    let is_linked = |path: &Path| linked.libraries.iter().any(|l| same_path(&l.path, path));
    let (from, path, why) = match source {
        LibrarySource::Toolchain(_) => (PartOrigin::Toolchain, &loaded.path, None),
        LibrarySource::Archive(archive) if is_linked(archive) => (PartOrigin::Archive, archive, None),
        // The archive turned out to be incomplete.
        LibrarySource::Archive(_) => (PartOrigin::Converted, &loaded.path, Some(WhyConverted::Incomplete)),
        LibrarySource::Converted(why) => (PartOrigin::Converted, &loaded.path, Some(*why)),
    };
    ProgramPart {
        shared: (*path != loaded.path).then(|| loaded.path.clone()),
        why,
        build_id: loaded.image.build_id.clone(),
        needed_by: Some(loaded.by.clone()),
        ..part(&loaded.name, from, path)
    }
}

fn same_path(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

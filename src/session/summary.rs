//! What a build made: the records of its links joined with the programs on disk. The only files it looks at are those
//! that may be gone, and pairs of equal size.

use super::programs::{BuiltProgram, ForeignProgram, LeftAlone};
use super::records::RecordedLink;
use super::scan::{Scan, ScannedProgram};
use crate::files::Identity;
use crate::report::Outcome;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the report's shape.
pub(crate) const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BuildSummary {
    pub schema: u32,
    pub command: Vec<String>,
    pub directory: PathBuf,
    /// Its exit status; none where a signal ended it.
    pub status: Option<i32>,
    pub signal: Option<i32>,
    /// Seconds.
    pub seconds: f64,
    /// Programs that are there, and links of a failed build that left none.
    pub programs: Vec<BuiltProgram>,
    /// Programs that were linked and are gone: questions of a build that asks in its own way, or tools it threw away.
    pub gone: Vec<BuiltProgram>,
    /// Left dynamic for a reason.
    pub left_alone: Vec<LeftAlone>,
    pub foreign: Vec<ForeignProgram>,
    /// Not every file below the directory was looked at.
    pub search_cut: bool,
}

/// Joins the records with what was found; everything about the command but whether it failed is left to the caller. A link
/// that failed in a build that succeeded was a probe.
pub(crate) fn join(links: Vec<RecordedLink>, scan: Scan, directory: &Path, failed: bool) -> BuildSummary {
    let mut found = scan.programs;
    let mut summary = BuildSummary {
        schema: SCHEMA,
        command: Vec::new(),
        directory: directory.to_owned(),
        status: None,
        signal: None,
        seconds: 0.0,
        programs: Vec::new(),
        gone: Vec::new(),
        left_alone: Vec::new(),
        foreign: Vec::new(),
        search_cut: scan.cut,
    };
    for link in last_of_each(links) {
        let path = link.path();
        let id = Identity::of(&path);
        let mut own = take(&mut found, |f| f.path == path || id.is_some_and(|id| id == f.id));
        if link.outcome == Outcome::LeftAlone {
            summary.left_alone.push(LeftAlone { path: shortest(&own).unwrap_or(path), reason: link.reason });
            continue;
        }
        // What was copied, moved, stripped or rewritten in place keeps its build-id.
        own.extend(take(&mut found, |f| is_same(&link, &path, f)));
        let there = id.is_some() || !own.is_empty();
        let mut program = BuiltProgram::of(&link);
        // Its own name, or else the shortest: cargo links `deps/app-1234` and gives it the name `app`.
        let linked: Vec<ScannedProgram> = own.iter().filter(|f| id.is_none_or(|id| id == f.id)).cloned().collect();
        if let Some(best) = own.iter().find(|f| Some(&f.path) == shortest(&linked).as_ref()) {
            program.path.clone_from(&best.path);
            program.bytes = Some(best.bytes);
        }
        program.copies = own.into_iter().map(|f| f.path).filter(|p| *p != program.path).collect();
        let unmade = matches!(link.outcome, Outcome::Failed | Outcome::Refused | Outcome::NotStatic);
        if there || (unmade && failed) {
            program.bytes = program.bytes.filter(|_| there);
            summary.programs.push(program);
        } else {
            summary.gone.push(program);
        }
    }
    summary.foreign = found.iter().map(ForeignProgram::of).collect();
    summary
}

/// The last link of each output, in the order of the first.
fn last_of_each(links: Vec<RecordedLink>) -> Vec<RecordedLink> {
    let mut last: Vec<RecordedLink> = Vec::new();
    for link in links {
        match last.iter_mut().find(|l| l.path() == link.path()) {
            Some(earlier) => *earlier = link,
            None => last.push(link),
        }
    }
    last
}

fn take(found: &mut Vec<ScannedProgram>, wanted: impl Fn(&ScannedProgram) -> bool) -> Vec<ScannedProgram> {
    let (taken, kept) = std::mem::take(found).into_iter().partition(wanted);
    *found = kept;
    taken
}

/// The path that people know best.
fn shortest(found: &[ScannedProgram]) -> Option<PathBuf> {
    found.iter().map(|f| &f.path).min_by_key(|p| p.as_os_str().len()).cloned()
}

/// The same program under another name, stripped or not.
fn is_same(link: &RecordedLink, path: &Path, found: &ScannedProgram) -> bool {
    let Some(image) = &link.image else { return false };
    match (&image.build_id, &found.build_id) {
        (Some(own), Some(other)) => own == other,
        (None, None) => image.bytes == found.bytes && same_content(path, &found.path),
        _ => false,
    }
}

fn same_content(a: &Path, b: &Path) -> bool {
    match (fs::read(a), fs::read(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::records;
    use super::*;
    use crate::check::Failure;
    use crate::model::StaticKind;

    fn link(output: &str, outcome: &str, build_id: &str) -> RecordedLink {
        let verdict =
            if outcome == "verified" { r#"{"kind":"static-pie","failures":[],"findings":[]}"# } else { "null" };
        let image =
            if build_id.is_empty() { "null".into() } else { format!(r#"{{"build_id":"{build_id}","bytes":10}}"#) };
        let line = format!(
            r#"{{"directory":"/proc/none","toolchain":"t","outcome":"{outcome}","reason":null,"libraries":[],"output":"{output}","image":{image},"verdict":{verdict},"times":{{"plan":1,"link":1,"check":1}}}}"#
        );
        records::parse(line.as_bytes()).remove(0)
    }

    fn found(path: &str, build_id: &str, is_static: bool) -> ScannedProgram {
        let failures = vec![Failure::HasInterpreter { interpreter: "/ld.so".into() }];
        ScannedProgram {
            path: format!("/proc/none/{path}").into(),
            id: Identity { device: 0, inode: path.len() as u64 },
            kind: is_static.then_some(StaticKind::StaticPie),
            failures: if is_static { vec![] } else { failures },
            build_id: Some(build_id.into()).filter(|b: &String| !b.is_empty()),
            bytes: 7,
            comments: Vec::new(),
        }
    }

    fn joined(links: Vec<RecordedLink>, programs: Vec<ScannedProgram>) -> BuildSummary {
        join(links, Scan { programs, cut: false }, Path::new("/proc/none"), false)
    }

    #[test]
    fn a_program_is_found_by_path_or_build_id_with_its_copies() {
        let links = vec![link("a", "failed", ""), link("a", "verified", "1"), link("work/exe/a.out", "verified", "2")];
        let programs = vec![found("a", "1", true), found("dest/bin/a", "1", true), found("app", "2", true)];
        let summary = joined(links, programs);
        let names: Vec<_> = summary.programs.iter().map(|p| p.path.to_str().unwrap()).collect();
        assert_eq!(names, ["/proc/none/a", "/proc/none/app"]);
        assert_eq!(summary.programs[0].copies, [PathBuf::from("/proc/none/dest/bin/a")]);
        assert!(summary.programs.iter().all(|p| p.is_static && p.bytes == Some(7)));
        assert!(summary.foreign.is_empty() && summary.gone.is_empty());
    }

    #[test]
    fn what_no_record_knows_is_foreign() {
        let summary = joined(vec![link("a", "verified", "1")], vec![found("b", "", false), found("c", "9", true)]);
        assert_eq!(summary.gone.len(), 1, "a was linked and is gone");
        let foreign: Vec<_> = summary.foreign.iter().map(|f| (f.path.to_str().unwrap(), f.is_static)).collect();
        assert_eq!(foreign, [("/proc/none/b", false), ("/proc/none/c", true)]);
    }

    #[test]
    fn a_failed_link_counts_where_the_build_failed() {
        let links = || vec![link("a", "failed", ""), link("b", "left-alone", "")];
        let scan = || Scan { programs: vec![found("b", "", false)], cut: false };
        let summary = join(links(), scan(), Path::new("/proc/none"), true);
        assert_eq!((summary.programs.len(), summary.programs[0].outcome), (1, Outcome::Failed));
        assert_eq!((summary.left_alone.len(), summary.foreign.len()), (1, 0));
        let summary = join(links(), scan(), Path::new("/proc/none"), false);
        assert_eq!((summary.programs.len(), summary.gone.len()), (0, 1), "a question of configure's");
    }

    #[test]
    fn the_copy_of_a_program_that_is_gone_is_the_program() {
        let summary =
            joined(vec![link("work/a.out", "verified", "1")], vec![found("x/app", "1", true), found("b", "1", true)]);
        assert_eq!(summary.programs[0].path, Path::new("/proc/none/b"));
        assert_eq!(summary.programs[0].copies, [PathBuf::from("/proc/none/x/app")]);
    }
}

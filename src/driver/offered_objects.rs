//! Archives that a musl toolchain offers, for the built-in linker: their symbol indexes name more than their members define,
//! and it goes by definitions. It gets the objects that a linker would take which goes by the indexes.

use super::link_job::LinkJob;
use crate::libs::offered_members::OfferedTo;
use crate::linker::WhyNot;
use crate::linker::line::asked;
use std::path::{Path, PathBuf};

/// Puts objects in place of the offered archives of a linker's arguments.
///
/// # Errors
/// A path that is not UTF-8.
pub(super) fn replace(job: &LinkJob, line: &mut Vec<String>) -> Result<(), WhyNot> {
    let facts = &job.facts;
    let allocator = facts.allocator.as_ref().map(|a| (a.offered.as_path(), ObjectFile::Itself(&a.object)));
    let functions = facts.functions.as_ref().map(|f| (f.offered.as_path(), ObjectFile::Inside(&f.objects)));
    let place = |archive: &Path| line.iter().position(|word| Path::new(word) == archive);
    let offered: Vec<(&Path, ObjectFile<'_>)> =
        allocator.into_iter().chain(functions).filter(|(archive, _)| place(archive).is_some()).collect();
    if offered.is_empty() {
        return Ok(());
    }
    let asked = asked(line);
    let to = OfferedTo {
        request: &job.request,
        facts,
        language: job.selected.language,
        resolution: &job.resolution,
        asked: &asked,
        whole: line.iter().any(|word| word.trim_start_matches('-') == "whole-archive"),
    };
    let archives: Vec<&Path> = offered.iter().map(|(archive, _)| *archive).collect();
    let taken = to.members(&archives);
    let mut objects = Vec::new();
    for ((archive, file), members) in offered.into_iter().zip(taken) {
        let paths = members.iter().map(|member| file.of(member).into_os_string().into_string());
        objects.push((archive, paths.collect::<Result<Vec<_>, _>>().map_err(|_| WhyNot::NotText)?));
    }
    for (archive, paths) in objects {
        if let Some(at) = line.iter().position(|word| Path::new(word) == archive) {
            line.splice(at..=at, paths);
        }
    }
    Ok(())
}

/// Where the objects of an archive's members are.
#[derive(Debug, Clone, Copy)]
enum ObjectFile<'a> {
    /// The only member's.
    Itself(&'a Path),
    /// Under the members' names.
    Inside(&'a Path),
}

impl ObjectFile<'_> {
    fn of(self, member: &str) -> PathBuf {
        match self {
            ObjectFile::Itself(file) => file.to_owned(),
            ObjectFile::Inside(dir) => dir.join(member),
        }
    }
}

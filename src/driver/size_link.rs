//! What is kept of a link for `staticctl size` (`STATICCXX_SIZE`).

use super::link_job::LinkJob;
use super::part_sources::real;
use crate::message;
use crate::options::SIZE;
use crate::parts::linked_parts::{PartKind, PartSource};
use crate::parts::package_url::PackageUrl;
use crate::parts::{PlacedFile, PlacedSection};
use crate::settings::Settings;
use crate::size::size_record::{InputRole, LinkInput};
use crate::size::size_rows::{self, SizeLevel, SizeRow};
use crate::size::{file_pieces, link_graph};
use std::path::{Path, PathBuf};

/// What stands for objects that the compiler made for the link, and has removed.
const REMOVED: &str = "[compiled for the link]";

/// What is known of a link.
pub(super) struct SizedLink<'a> {
    /// None where the linker does not say where it put things.
    pub placed: Option<Vec<PlacedSection>>,
    /// Code was compiled when it was linked.
    pub compiled: bool,
    pub sources: &'a [PartSource],
    /// Libraries of which nothing was taken.
    pub unlinked: &'a [PathBuf],
}

/// Keeps the record of a link if that is wanted, and gives the sizes of its libraries.
pub(super) fn keep(settings: &Settings, job: &LinkJob, link: &SizedLink<'_>) -> Option<Vec<SizeRow>> {
    let dir = settings.size.as_deref()?;
    let output = job.request.output_path();
    let Some(placed) = link.placed.as_ref().filter(|placed| !placed.is_empty()) else {
        message::note(format!(
            "{}: the linker does not say what it puts where in `{}`; the built-in one, GNU ld, gold and lld do, without a \
             map or list of the call's own",
            SIZE.name,
            output.display()
        ));
        return None;
    };
    let mut record = link_graph::record(placed, |input| label(job, link.sources, input), link.compiled);
    // The toolchain's own libraries were not all offered.
    let offered = job.resolution.libraries.iter().map(|library| library.path.as_path());
    record.unused = link_graph::unused(offered.filter(|path| link.unlinked.iter().any(|unlinked| unlinked == path)));
    let record = match record.keep(output, dir) {
        Ok(record) => record,
        Err(error) => {
            message::warning(format!(
                "the sizes of `{}` can't be kept in `{}`: {error}",
                output.display(),
                dir.display()
            ));
            return None;
        }
    };
    let pieces = file_pieces::of(output, Some(&record)).ok()?.pieces;
    Some(size_rows::rows(&pieces, SizeLevel::Library))
}

/// What an input is to the program.
fn label(job: &LinkJob, sources: &[PartSource], input: &PlacedFile) -> LinkInput {
    let path = real(&input.path);
    let source = sources.iter().find(|source| source.places.contains(&path));
    let of = source.map_or(path.as_path(), |source| &source.file);
    let typed = job.compiled.as_ref().and_then(|c| c.source(&input.path).or_else(|| c.source(&path)));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = match typed {
        Some(source) => name(Path::new(source)),
        None if !path.exists() => REMOVED.to_owned(),
        None => name(of),
    };
    let package = source.and_then(|source| source.purl.as_deref()).and_then(PackageUrl::read).map(|url| url.name);
    let role = match source {
        Some(source) if is_own(job, source, input) => InputRole::Own,
        Some(source) if source.kind == PartKind::Object => InputRole::Start,
        Some(_) => InputRole::Library,
        None if input.member.is_none() => InputRole::Own,
        None => InputRole::Library,
    };
    LinkInput { file, member: input.member.clone(), package, role }
}

/// Whether an input is the program's own: an object of no package, the program that is converted.
fn is_own(job: &LinkJob, source: &PartSource, input: &PlacedFile) -> bool {
    let converted = job.store.converted.as_ref().and_then(|c| c.policy().program.clone());
    let is_program = converted.is_some_and(|program| program.path == source.file);
    is_program || source.own && source.purl.is_none() && input.member.is_none()
}

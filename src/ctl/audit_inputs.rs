//! The programs that `staticctl audit` is given: files, those in directories, those in images.

use crate::image::blob::Sha;
use crate::image::read_image;
use crate::message;
use crate::parts::noted_program::{self, NotedProgram};
use std::path::Path;
use walkdir::WalkDir;

/// A program, with the package URLs that it names.
pub(super) struct AuditInput {
    /// Its path; of one in an image `IMAGE:/PATH`, or `IMAGE:PLATFORM:/PATH` where that has several.
    pub(super) shown: String,
    pub(super) purls: Vec<String>,
    /// The digest of its file in hexadecimal digits, where that was asked for.
    pub(super) sha256: Option<String>,
}

/// The programs of a file, directory or image; none, and said why, for what can't be audited. In a directory what names no
/// parts is left out. `digests` asks for those of the files.
pub(super) fn programs_of(file: &Path, digests: bool) -> Option<Vec<AuditInput>> {
    let failed = |why: String| {
        message::error(format!("`{}`{why}", file.display()));
        None
    };
    match read_image::programs(file) {
        Ok(Some(programs)) if programs.is_empty() => failed(" has no program that names its parts".into()),
        Ok(Some(programs)) => {
            let of = |p: read_image::ProgramInImage| {
                let platform = p.platform.map(|platform| format!("{platform}:")).unwrap_or_default();
                let shown = format!("{}:{platform}{}", file.display(), p.path);
                AuditInput { shown, purls: purls(&p.noted), sha256: Some(p.sha256.hex()) }
            };
            Some(programs.into_iter().map(of).collect())
        }
        Err(error) => failed(format!(" can't be read: {error}")),
        Ok(None) if file.is_dir() => {
            let files =
                WalkDir::new(file).sort_by_file_name().into_iter().flatten().filter(|e| e.file_type().is_file());
            Some(files.filter_map(|entry| input(entry.path(), digests).ok()?).collect())
        }
        Ok(None) => match input(file, digests) {
            Ok(Some(program)) => Some(vec![program]),
            Ok(None) => failed(" names no parts".into()),
            Err(why) => failed(format!(": {why}")),
        },
    }
}

fn purls(noted: &NotedProgram) -> Vec<String> {
    noted.parts.purls().into_iter().map(str::to_owned).collect()
}

fn input(program: &Path, digest: bool) -> Result<Option<AuditInput>, String> {
    let Some(noted) = noted_program::read(program)? else { return Ok(None) };
    let sha256 = if digest { Some(Sha::of_file(program).map_err(|e| e.to_string())?.hex()) } else { None };
    Ok(Some(AuditInput { shown: program.display().to_string(), purls: purls(&noted), sha256 }))
}

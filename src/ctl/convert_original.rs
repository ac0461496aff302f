//! The program that `staticctl convert` is given.

use super::output::{Reported, report_error};
use crate::check;
use crate::convert::library::LIMIT;
use crate::program::eligibility::{self, Eligibility};
use crate::program::payload::ProgramPayload;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// The original program, read.
pub(super) struct Original {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// The program, without data behind it.
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) image: check::Image,
    /// What the file has besides.
    pub(super) payload: ProgramPayload,
}

/// Reads the program at a path; an error for anything else.
pub(super) fn read(path: PathBuf) -> Result<Original, Reported> {
    let shown = path.display();
    let image = check::inspect_headers(&path);
    let (file, payload, bytes) = match content(&path) {
        Ok(content) => content,
        Err(error) => {
            let why = image.err().map_or_else(|| error.to_string(), |e| e.to_string());
            return Err(report_error(format!("`{shown}` {why}"), None));
        }
    };
    match image {
        Ok(image) => Ok(Original { path, file, bytes: Arc::new(bytes), image, payload }),
        Err(error) => match eligibility::unreadable(&error, &bytes) {
            Eligibility::Refused(why, hint) => Err(report_error(format!("`{shown}` {why}"), hint)),
            Eligibility::Dynamic | Eligibility::Static => Err(report_error(format!("`{shown}` {error}"), None)),
        },
    }
}

fn content(path: &PathBuf) -> io::Result<(File, ProgramPayload, Vec<u8>)> {
    // Before it is opened: a FIFO would wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("is no regular file"));
    }
    let file = File::open(path)?;
    let payload = ProgramPayload::of(&file)?;
    if payload.program_end > LIMIT {
        return Err(io::Error::other(format!("is too large: {} bytes, at most {LIMIT} are read", payload.program_end)));
    }
    let mut bytes = vec![0; payload.program_end as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok((file, payload, bytes))
}

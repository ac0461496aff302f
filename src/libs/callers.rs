//! Which inputs refer to functions that need files at run time.
//!
//! glibc and libstdc++ contain dlopen, iconv and setlocale anyway, so a finished program tells nothing. The inputs of
//! the link do: the undefined symbols of its objects, and of the archive members that were linked in, which are those
//! with a symbol in the output.

use crate::check::CallEvidence;
use crate::check::calls::CALLER_MATTERS;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A member with such references, if it was linked in.
struct CallerCandidate {
    calls: Vec<String>,
    who: String,
    defines: Vec<Vec<u8>>,
}

/// Searches the inputs of a link. Unreadable ones are skipped: the linker read them.
pub(crate) fn evidence(inputs: &[PathBuf], output: &Path) -> CallEvidence {
    let mut evidence = CallEvidence::default();
    let mut candidates = Vec::new();
    for input in inputs {
        let Some(data) = map(input) else { continue };
        let shown = input.display().to_string();
        if let Ok(archive) = ArchiveFile::parse(&*data) {
            for member in archive.members().flatten() {
                let who = format!("{shown}({})", String::from_utf8_lossy(member.name()));
                candidates.extend(member.data(&*data).ok().and_then(|d| candidate(d, who)));
            }
        } else if let Some(found) = candidate(&data, shown) {
            evidence.callers.extend(found.calls.into_iter().map(|c| (c, found.who.clone())));
        }
    }
    if candidates.is_empty() {
        return evidence;
    }
    let wanted: HashSet<&[u8]> = candidates.iter().flat_map(|c| c.defines.iter().map(Vec::as_slice)).collect();
    let there = present(output, &wanted);
    for candidate in &candidates {
        if candidate.defines.iter().any(|d| there.contains(d)) {
            evidence.callers.extend(candidate.calls.iter().map(|c| (c.clone(), candidate.who.clone())));
        }
    }
    evidence
}

fn map(path: &Path) -> Option<memmap2::Mmap> {
    let file = File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    // SAFETY: an input or the output of a link that has just ended, read for the report only.
    unsafe { memmap2::Mmap::map(&file) }.ok()
}

fn candidate(data: &[u8], who: String) -> Option<CallerCandidate> {
    let object = object::File::parse(data).ok()?;
    let mut found = CallerCandidate { calls: Vec::new(), who, defines: Vec::new() };
    for symbol in object.symbols().chain(object.dynamic_symbols()) {
        let Ok(name) = symbol.name_bytes() else { continue };
        if symbol.is_undefined() {
            let known = CALLER_MATTERS.iter().find(|(f, _)| f.as_bytes() == name);
            found.calls.extend(known.map(|(f, _)| (*f).to_owned()));
        } else if symbol.is_global() {
            found.defines.push(name.to_vec());
        }
    }
    (!found.calls.is_empty()).then_some(found)
}

/// The names that the output defines.
fn present(output: &Path, wanted: &HashSet<&[u8]>) -> HashSet<Vec<u8>> {
    let Some(data) = map(output) else { return HashSet::new() };
    let Ok(file) = object::File::parse(&*data) else { return HashSet::new() };
    let defined = file.symbols().filter(|s| !s.is_undefined()).filter_map(|s| s.name_bytes().ok());
    defined.filter(|n| wanted.contains(n)).map(<[u8]>::to_vec).collect()
}

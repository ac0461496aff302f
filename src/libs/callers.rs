//! Which inputs refer to functions that need files at run time.
//!
//! glibc and libstdc++ contain dlopen, iconv and setlocale anyway, so a finished program tells nothing. The inputs of
//! the link do: the undefined symbols of its objects, and of the archive members that were linked in, which are those
//! with a symbol in the output.

use super::supplier::{ArchiveFacts, MemberCalls, NameList};
use crate::check::CallEvidence;
use crate::check::calls::CALLER_MATTERS;
use object::read::archive::{ArchiveFile, ArchiveMember};
use object::{Object, ObjectSymbol};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Searches the inputs of a link; `facts` are those of its archives. Unreadable ones are skipped: the linker read them.
pub(crate) fn evidence(inputs: &[PathBuf], facts: &[(PathBuf, Arc<ArchiveFacts>)], output: &Path) -> CallEvidence {
    let mut evidence = CallEvidence::default();
    let mut candidates: Vec<(String, MemberCalls)> = Vec::new();
    for input in inputs {
        let shown = input.display().to_string();
        let known = facts.iter().find(|(path, facts)| path == input && facts.lookups.is_some());
        if let Some((_, facts)) = known {
            candidates.extend(facts.callers.iter().map(|calls| (shown.clone(), calls.clone())));
            continue;
        }
        let Some(data) = map(input) else { continue };
        if ArchiveFile::parse(&*data).is_ok() {
            candidates.extend(of_archive(&data).into_iter().map(|calls| (shown.clone(), calls)));
        } else if let Some(found) = candidate(&data, String::new()) {
            evidence.callers.extend(found.calls.into_iter().map(|call| (call, shown.clone())));
        }
    }
    if candidates.is_empty() {
        return evidence;
    }
    let wanted: HashSet<&[u8]> = candidates.iter().flat_map(|(_, c)| c.defines.iter().map(str::as_bytes)).collect();
    let there = present(output, &wanted);
    for (archive, found) in &candidates {
        if found.defines.iter().any(|name| there.contains(name.as_bytes())) {
            let who = format!("{archive}({})", found.member);
            evidence.callers.extend(found.calls.iter().map(|call| (call.clone(), who.clone())));
        }
    }
    evidence
}

/// The members of an archive with such references.
pub(crate) fn of_archive(data: &[u8]) -> Vec<MemberCalls> {
    let Ok(archive) = ArchiveFile::parse(data) else { return Vec::new() };
    let name = |member: &ArchiveMember<'_>| String::from_utf8_lossy(member.name()).into_owned();
    archive.members().flatten().filter_map(|member| candidate(member.data(data).ok()?, name(&member))).collect()
}

fn map(path: &Path) -> Option<memmap2::Mmap> {
    let file = File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    // SAFETY: an input or the output of a link that has just ended, read for the report only.
    unsafe { memmap2::Mmap::map(&file) }.ok()
}

fn candidate(data: &[u8], member: String) -> Option<MemberCalls> {
    let object = object::File::parse(data).ok()?;
    let (mut calls, mut defines) = (Vec::new(), Vec::new());
    for symbol in object.symbols().chain(object.dynamic_symbols()) {
        let Ok(name) = symbol.name_bytes() else { continue };
        if symbol.is_undefined() {
            let known = CALLER_MATTERS.iter().find(|(f, _)| f.as_bytes() == name);
            calls.extend(known.map(|(f, _)| (*f).to_owned()));
        } else if symbol.is_global() {
            defines.push(name);
        }
    }
    (!calls.is_empty()).then(|| MemberCalls { member, calls, defines: NameList::of(defines.into_iter()) })
}

/// The names that the output defines.
fn present(output: &Path, wanted: &HashSet<&[u8]>) -> HashSet<Vec<u8>> {
    let Some(data) = map(output) else { return HashSet::new() };
    let Ok(file) = object::File::parse(&*data) else { return HashSet::new() };
    let defined = file.symbols().filter(|s| !s.is_undefined()).filter_map(|s| s.name_bytes().ok());
    defined.filter(|n| wanted.contains(n)).map(<[u8]>::to_vec).collect()
}

//! The object of a converted program, with the content of copied variables from its libraries.

use super::glibc;
use crate::archive;
use crate::convert::copies::{self, Copied, Members};
use crate::convert::library::Library;
use crate::convert::pieces::{self, Layout, Pieces};
use crate::convert::sections::tag;
use crate::convert::unwind;
use crate::convert::versions::{GlibcSymbols, Versions};
use crate::convert::{ConversionOptions, ProgramParts, Refusal, convert, start};
use crate::libs;
use crate::libs::convert_policy::ProgramFile;
use crate::toolchain_libs;
use std::fs;
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_128;

/// What a program is linked with.
pub(super) struct LinkContext<'l, 'a> {
    pub converted: &'l [copies::CopySource<'l, 'a>],
    pub archives: &'l [PathBuf],
    /// Names that are told apart by their versions.
    pub versions: &'l Versions,
    /// Directories of the toolchain's archives.
    pub dirs: &'l [PathBuf],
    /// glibc's symbols.
    pub libc: &'l GlibcSymbols,
    /// Whether the linker reads scripts.
    pub scripts: bool,
}

impl LinkContext<'_, '_> {
    /// The archives in link order, then the toolchain's.
    fn read(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let bytes_of = |path: &Path| {
            fs::read(path).map_err(|e| Refusal::Unreadable { error: format!("`{}`: {e}", path.display()) })
        };
        let find = |name: &str| self.dirs.iter().map(|d| d.join(name)).find(|p| p.is_file());
        let own = toolchain_libs::archives_copied_from().filter_map(|n| find(&n));
        let mut all = Vec::new();
        for path in self.archives.iter().cloned().chain(own) {
            let bytes = bytes_of(&path)?;
            match libs::script::parse(&bytes).filter(|_| !bytes.starts_with(b"!<")) {
                // libm.a is a script that names libm-2.36.a and libmvec.a.
                Some(script) => {
                    for named in &script.inputs {
                        if let libs::library_ref::LibraryName::Path(path) = named {
                            all.push(bytes_of(path)?);
                        }
                    }
                }
                None => all.push(bytes),
            }
        }
        Ok(all)
    }
}

/// A converted program.
pub(super) struct ProgramObject {
    pub object: Vec<u8>,
    /// An archive of members of other archives, with global names for local symbols.
    pub members: Vec<u8>,
    pub plan: Pieces,
    pub tag: String,
    /// How distances are kept.
    pub layout: Layout,
    /// Additional text for the linker script.
    pub script: String,
}

/// Converts a program, with the content of its copied variables.
pub(super) fn make(
    file: &ProgramFile,
    library: &Library<'_>,
    beside: &LinkContext<'_, '_>,
) -> Result<ProgramObject, Refusal> {
    let libc = beside.libc;
    let name = file.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let tag = tag(&name, XxHash3_128::oneshot(&file.bytes));
    let (mut copies, mut members, mut read) = (Vec::new(), Members::new(), None::<Vec<Vec<u8>>>);
    for (symbol, at) in copies::wanted(library)? {
        let mut content = None;
        for from in beside.converted.iter().filter(|_| !copies::is_of_glibc(symbol)) {
            content = copies::of_library(*from, symbol, beside.versions, libc)?;
            if content.is_some() {
                break;
            }
        }
        if content.is_none() {
            let archives = match &mut read {
                Some(archives) => archives,
                none => none.insert(beside.read()?),
            };
            content = copies::of_archives(archives, symbol, &mut members)?;
        }
        if content.is_none() && copies::is_of_glibc(symbol) {
            content = glibc::copied(beside.dirs, symbol);
        }
        let symbol = || String::from_utf8_lossy(symbol.name).into_owned();
        copies.push(Copied { at, content: content.ok_or_else(|| Refusal::Copy { symbol: symbol() })? });
    }
    let others = beside.converted.iter().filter_map(|c| c.library.tls);
    let thread_align = others.map(|t| t.align).max().unwrap_or(1);
    let program = ProgramParts { copies, thread_align, bare: file.bare };
    let moves = library.changes_code() && !library.fixed;
    let layout = if moves || !beside.scripts { Layout::Data } else { Layout::Segments };
    let options = ConversionOptions {
        tag: &tag,
        layout,
        versions: beside.versions,
        libc,
        module: None,
        program: Some(&program),
        null: Some(&file.null),
    };
    let made = convert(library, &options)?;
    let plan = pieces::plan(library, unwind::left_out(library), layout, &program.filled());
    let members: Vec<Vec<u8>> = members.into_values().collect();
    let members = archive::of_members(&members).ok_or_else(|| Refusal::broken("it has too many symbols"))?;
    let block = library.machine.thread_block;
    let in_script = |tls| start::thread_locals(program.thread_align(&tls, block), block);
    let script = library.tls.map_or_else(String::new, in_script);
    Ok(ProgramObject { object: made.object, members, plan, tag, layout, script })
}

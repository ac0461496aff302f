//! The run path that a static program was asked for, where CMake looks for it.
//!
//! CMake changes the run path of what it installs (`file(RPATH_CHANGE)`), and stops the installation if there is none to
//! change: "No valid ELF RPATH or RUNPATH entry exists in the file". It finds the entry in the last section of type
//! SHT_DYNAMIC and its text in the section that this one links to (CMake, Source/cmELF.cxx). In a static-pie such an
//! entry ends the program: glibc's start-up code asserts that PT_DYNAMIC has none (elf/get-dynamic-info.h), and a program
//! at a fixed address has no PT_DYNAMIC at all. So the entry gets two sections that are never loaded.

use super::appended::{self, AppendError, AppendedSection, ElfFormat};
use object::elf;
use std::path::Path;

/// The sections' names: the entry, and its text.
const NAMES: [&[u8]; 2] = [b".staticcxx.dynamic", b".staticcxx.dynstr"];

/// Adds the sections to a program.
///
/// # Errors
/// Not an ELF program with section headers, or one that can't be written; it is then as it was.
pub(crate) fn append(program: &Path, run_path: &[u8]) -> Result<(), AppendError> {
    appended::append(program, &[elf::ET_EXEC, elf::ET_DYN], |format| sections(format, run_path))
}

fn sections(format: &ElfFormat, run_path: &[u8]) -> Vec<AppendedSection<'static>> {
    let word = format.word();
    let entry = 2 * word;
    // DT_RUNPATH, then DT_NULL.
    let mut table = vec![0; 2 * entry];
    format.put_word(&mut table, 0, u64::from(elf::DT_RUNPATH.0 as u32));
    format.put_word(&mut table, word, 1);
    let text = [b"\0", run_path, b"\0"].concat();
    vec![
        AppendedSection { name: NAMES[0], sh_type: elf::SHT_DYNAMIC.0, content: table, entry, link: Some(1) },
        AppendedSection { name: NAMES[1], sh_type: elf::SHT_STRTAB.0, content: text, entry: 0, link: None },
    ]
}

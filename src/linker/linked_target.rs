//! What the built-in linker links for: some machines with glibc or musl, by compilers that are programs.

use super::WhyNot;
use crate::model::{Family, Libc};
use crate::toolchain::Facts;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The machines, by their names in triples, and what GNU ld's option `-m` calls them. wild has tables for others too; what
/// is listed here went through the programs of `tests/it/full/linkers.rs`.
const MACHINES: [(&str, &str); 2] = [("aarch64", "aarch64linux"), ("x86_64", "elf_x86_64")];

/// Whether `-m` with this value names one of them.
pub(crate) fn is_emulation(value: &str) -> bool {
    MACHINES.iter().any(|(_, emulation)| *emulation == value)
}

/// Whether it may link for a compiler with this measured target.
///
/// # Errors
/// Why not.
pub(crate) fn fits(facts: &Facts, compiler: &[OsString]) -> Result<(), WhyNot> {
    let known = matches!(facts.libc, Libc::Glibc | Libc::Musl);
    if !cfg!(feature = "wild") {
        return Err(WhyNot::NotBuiltIn);
    }
    let narrow = ["x32", "ilp32"].iter().any(|end| facts.triple.ends_with(end));
    if !MACHINES.iter().any(|(arch, _)| *arch == facts.arch()) || narrow || !known {
        return Err(WhyNot::Target(format!("{} with {:?}", facts.triple, facts.libc)));
    }
    let program = compiler.first().map(Path::new).unwrap_or(Path::new(""));
    match facts.family != Family::Zig && is_elf(program) {
        true => Ok(()),
        false => Err(WhyNot::Compiler(program.display().to_string())),
    }
}

/// Whether a file is an ELF program, not a script.
fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

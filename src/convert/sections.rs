//! Names of sections and symbols in converted objects, and section flags.

use object::elf;

/// A library's tag: its soname or file name, and a hash of its content.
pub(crate) fn tag(name: &str, hash: u128) -> String {
    let letters: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{letters}_{:08x}", hash as u32)
}

/// The symbol at the start of a converted library's first section.
pub(crate) fn base_symbol(tag: &str) -> String {
    format!("staticcxx_base_{tag}")
}

/// The symbol by which a converted library pulls in its constructors.
pub(crate) fn start_symbol(tag: &str) -> String {
    format!("staticcxx_start_{tag}")
}

/// The name of a converted library's section by number.
pub(crate) fn section_name(tag: &str, index: usize) -> String {
    format!(".staticcxx.{tag}.{index}")
}

/// The symbol of the start-up code that processes the records; a reference to it links it in.
pub(crate) const SUPPORT: &[u8] = b"staticcxx_converted";

pub(super) const ALLOC: u64 = elf::SHF_ALLOC.0;

pub(super) const WRITE: u64 = elf::SHF_WRITE.0;

pub(super) const EXEC: u64 = elf::SHF_EXECINSTR.0;

/// The section of a program's thread-locals.
pub(crate) const THREAD_LOCAL: &str = ".staticcxx_tls";

/// The first section of a program with fixed addresses: linkers place the file's headers before it.
pub(crate) const HEAD: &str = ".staticcxx_head";

/// Size of the mark at the end of the page before a program, in bytes.
pub(super) const HEAD_SIZE: u64 = 16;

/// SHF_GNU_RETAIN: kept by `--gc-sections` although only `__start_…` and `__stop_…` refer to it.
pub(super) const RETAINED: u64 = 0x20_0000;

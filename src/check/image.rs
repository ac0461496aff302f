//! The facts of an ELF file.

use serde::{Deserialize, Serialize};

/// Why a file has no facts.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Opening or reading failed.
    #[error("can't be read: {0}")]
    Io(#[from] std::io::Error),
    /// A directory, a device, a FIFO, a socket.
    #[error("is not a regular file")]
    NotAFile,
    /// No ELF file; what it is instead.
    #[error("is not an ELF file ({0})")]
    NotElf(String),
    /// An ELF file with a structure that does not fit the file.
    #[error("is a broken ELF file: {0}")]
    Broken(String),
}

/// What kind of ELF file the header says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// ET_EXEC.
    Executable,
    /// ET_DYN: a PIE or a shared object.
    Dynamic,
    /// ET_REL.
    Relocatable,
    /// ET_CORE.
    Core,
    /// Anything else.
    Other,
}

/// The segments that say how memory is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protection {
    /// A PT_LOAD is writable and executable.
    pub writable_code: bool,
    /// PT_GNU_STACK: absent, or whether it is executable.
    pub executable_stack: Option<bool>,
    /// PT_GNU_RELRO is there.
    pub relro: bool,
    /// DF_TEXTREL or DT_TEXTREL.
    pub text_relocations: bool,
    /// DF_BIND_NOW, DF_1_NOW or DT_BIND_NOW.
    pub bind_now: bool,
    /// PT_TLS does not begin at a multiple of its alignment: glibc's start-up code and the linker may disagree about
    /// where variables are.
    #[serde(default)]
    pub unaligned_thread_storage: bool,
}

/// What the symbol table tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Symbols {
    /// There is a symbol table; what follows is only then more than a guess.
    pub present: bool,
    /// Functions of glibc in the file that ask its name services.
    pub name_services: Vec<String>,
    /// glibc's start-up code is in.
    pub glibc: bool,
    /// musl's start-up code is in.
    pub musl: bool,
    /// Name services are pinned to what is built in: no shared object is ever looked for.
    pub pinned_name_services: bool,
    /// UTF-8 locales are part of the program.
    pub embedded_locale: bool,
    /// What dlopen opens is linked in.
    pub plugins: bool,
    /// Converters of iconv are linked in.
    pub converters: bool,
    /// Undefined weak functions of libpthread.
    pub weak_pthread: Vec<String>,
}

/// The facts of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// ET_EXEC, ET_DYN, ….
    pub file_type: FileType,
    /// 32 or 64.
    pub bits: u8,
    /// Byte order.
    pub little_endian: bool,
    /// `e_machine`.
    pub machine: u16,
    /// PT_INTERP.
    pub interpreter: Option<String>,
    /// There is a PT_DYNAMIC.
    pub dynamic: bool,
    /// DT_NEEDED in order.
    pub needed: Vec<String>,
    /// DT_SONAME.
    pub soname: Option<String>,
    /// DT_RPATH.
    pub rpath: Option<String>,
    /// DT_RUNPATH.
    pub runpath: Option<String>,
    /// DF_1_PIE.
    pub pie_flag: bool,
    /// `e_entry` is not 0.
    pub entry: bool,
    /// There is a PT_LOAD.
    pub loads: bool,
    /// PT_GNU_EH_FRAME.
    pub unwind_table: bool,
    /// Memory protection.
    pub protection: Protection,
    /// The symbol table.
    pub symbols: Symbols,
    /// Build-id in hexadecimal digits.
    pub build_id: Option<String>,
    /// Length of the file in bytes.
    pub bytes: u64,
}

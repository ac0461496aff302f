//! Shared objects turned into linkable objects, without disassembly, where a library has no archive.
//!
//! bytes → model ([`library`], [`symbols`], [`unwind`]) → plan ([`pieces`]) → object ([`output`]), all of it pure.
//! What depends on the machine is one table ([`machine`]); why something is not converted is one list ([`refusal`]).
//! What a link needs beside the objects is made by [`start`] (constructors in their order, the linker script) and by
//! the start-up code in `toolchains/glibc/converted.c`; [`shelf`] does all of it for the libraries of one link, and
//! [`cache`] keeps the objects.
//!
//! Code refers to the data of its own library by distances that nothing records. So the parts of a library stay at
//! their distances ([`pieces`]), and everything else becomes what it would have been in an object file: relocations,
//! weak symbols, thread-local offsets, an unwind table.

pub mod copies;
pub mod file_hints;
mod finish;
pub mod glibc_names;
pub mod library;
pub mod machine;
pub mod memory;
pub mod module;
pub mod output;
pub mod pieces;
pub mod program;
pub mod refusal;
mod relocate;
pub mod start;
pub mod symbols;
pub mod unwind;
pub mod versions;

pub use library::Library;
pub use pieces::Layout;
pub use program::Program;
pub use refusal::Refusal;
pub use versions::{Libc, Versions};

/// How a library is converted.
#[derive(Debug)]
pub struct Options<'a> {
    /// What tells its symbols and sections from those of others: [`tag`].
    pub tag: &'a str,
    /// How distances are kept.
    pub layout: Layout,
    /// Names that need their versions.
    pub versions: &'a Versions,
    /// What is known of glibc.
    pub libc: &'a Libc,
    /// It is opened at run time.
    pub module: Option<&'a module::Scope>,
    /// It is a program.
    pub program: Option<&'a Program>,
}

/// A converted library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The relocatable object.
    pub object: Vec<u8>,
    /// Bytes that are in the shared object's read-only memory and not in the program's.
    pub dropped: u64,
}

/// An object may be this large, or sixteen times its shared object: zeros of a hostile one are not written out.
const FILLED: u64 = 64 << 20;

/// Converts a library.
///
/// # Errors
/// Whatever can't be had in a static program, by name.
pub fn convert(library: &Library<'_>, options: &Options<'_>) -> Result<Converted, Refusal> {
    let filled = options.program.map_or_else(Vec::new, Program::filled);
    let plan = pieces::plan(library, unwind::extent(library), options.layout, &filled);
    if let (Some(tls), Some(_)) = (library.tls, options.program)
        && tls.lead() != 0
    {
        return Err(Refusal::broken("its thread-local block is not aligned"));
    }
    let block = library.tls.filter(|t| t.file_size > 0 || options.program.is_some()).map_or(0, |t| t.size);
    let (bytes, limit) = (plan.filled() + block, FILLED.max(library.memory.data.len() as u64 * 16));
    if bytes > limit {
        return Err(Refusal::TooLarge { bytes, limit });
    }
    let object = output::write(library, &plan, options)?;
    Ok(Converted { object, dropped: plan.dropped })
}

/// Refuses what is known to be wrong before anything is converted.
///
/// # Errors
/// The reason.
pub fn acceptable(library: &Library<'_>) -> Result<(), Refusal> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if library.soname.is_some_and(glibc_names::is_glibc) {
        return Err(Refusal::Glibc);
    }
    if let Some(other) = library.needed.iter().find(|n| glibc_names::other_libc(n)) {
        return Err(Refusal::OtherLibc { needed: text(other) });
    }
    let exported = library.symbols.iter().filter(|s| s.exported());
    // A program may bring its own allocator, as it could if it were linked statically.
    let may = |name: &[u8]| library.entry.is_some() && glibc_names::ALLOCATION.contains(&name);
    if let Some(own) = exported.clone().find(|s| glibc_names::OF_LIBC.contains(&s.name) && !may(s.name)) {
        return Err(Refusal::Interposes { symbol: text(own.name) });
    }
    let private = library.symbols.iter().find(|s| !s.defined() && s.version == Some(b"GLIBC_PRIVATE"));
    // Programs of glibc itself share more with its archives than libraries may; what those lack is refused by name later.
    if let Some(s) = private.filter(|s| s.name != b"__tls_get_addr" && library.entry.is_none()) {
        return Err(Refusal::LoaderInternals { symbol: text(s.name), version: "GLIBC_PRIVATE".into() });
    }
    Ok(())
}

/// A tag for a library: its soname or file name, and a hash of its content.
pub fn tag(name: &str, hash: u128) -> String {
    let letters: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{letters}_{:08x}", hash as u32)
}

/// The symbol at the start of a converted library's first section.
pub fn base_symbol(tag: &str) -> String {
    format!("staticcxx_base_{tag}")
}

/// The symbol by which a converted library asks for its constructors.
pub fn start_symbol(tag: &str) -> String {
    format!("staticcxx_start_{tag}")
}

/// The name of a converted library's section.
pub fn section_name(tag: &str, index: usize) -> String {
    format!(".staticcxx.{tag}.{index}")
}

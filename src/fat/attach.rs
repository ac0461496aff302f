//! Attaches to a shared object that was just linked what a later static link needs.

use super::appended::AppendError;
use super::localize::{self, Symbolic};
use super::relocatable;
use super::relocatable::Relocatable;
use super::section::{self, CarriedContent};
use crate::args::Request;
use crate::args::ld_options::{self, Item};
use crate::check;
use crate::model::Family;
use crate::run::{self, Command};
use object::{Object, ObjectSymbol, SectionFlags, SectionKind, elf, write};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Why nothing is attached to a shared object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakeError {
    /// Temporary files or the linker failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The linker can't combine the inputs into a relocatable object.
    #[error("its objects can't be linked into one: {0}")]
    Link(String),
    #[error(transparent)]
    Localize(#[from] localize::LocalizeError),
    #[error("its symbols can't be read: {0}")]
    Symbols(#[from] object::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl MakeError {
    /// What the machine lacked (space, descriptors, processes), as opposed to what these inputs are.
    pub(crate) fn of_machine(&self) -> Option<&io::Error> {
        match self {
            MakeError::Io(error) | MakeError::Append(AppendError::Io(error)) => Some(error),
            _ => None,
        }
    }
}

/// Sizes, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttachedSizes {
    /// Bytes of the relocatable object.
    pub object: usize,
    /// Bytes added to the shared object.
    pub section: usize,
}

/// Attaches the objects of a link to its output. `run` builds the whole command from the driver's arguments.
///
/// # Errors
/// Any failure; the shared object is then as the linker wrote it.
pub(crate) fn attach(
    shared: &Path,
    request: &Request,
    plan: &Relocatable,
    family: Family,
    run: impl Fn(&[OsString]) -> Command,
) -> Result<AttachedSizes, MakeError> {
    let content = match &plan.inputs {
        None => CarriedContent::Nothing,
        Some(inputs) => {
            let dir = tempfile::Builder::new().prefix("staticcxx").tempdir()?;
            let output = dir.path().join("object.o");
            let bytes = fs::read(shared)?;
            let mut inputs = inputs.clone();
            if let Some(object) = no_code_on_stack(shared, &bytes) {
                let file = dir.path().join("stack.o");
                fs::write(&file, object)?;
                inputs.extend(["-Wl,-z,noexecstack".into(), file.into_os_string()]);
            }
            link(&inputs, &output, family, run)?;
            let exported = exported(&bytes)?;
            CarriedContent::Object(localize::localize(&fs::read(&output)?, &exported, symbolic(request))?)
        }
    };
    let packed = section::pack(&content)?;
    section::append(shared, &packed)?;
    let object = match &content {
        CarriedContent::Object(bytes) => bytes.len(),
        CarriedContent::Nothing => 0,
    };
    Ok(AttachedSizes { object, section: packed.len() })
}

/// For a shared object without an executable stack: an object that only contains `.note.GNU-stack`. To `ld -r` an
/// input without that section requires an executable stack, and rustc's objects and much assembly lack it.
fn no_code_on_stack(shared: &Path, bytes: &[u8]) -> Option<Vec<u8>> {
    let image = check::inspect_headers(shared).ok()?;
    (image.protection.executable_stack == Some(false)).then_some(())?;
    let file = object::File::parse(bytes).ok()?;
    let mut note = write::Object::new(file.format(), file.architecture(), file.endianness());
    note.flags = file.flags();
    let section = note.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
    let (sh_type, sh_flags) = (elf::SHT_PROGBITS, elf::SectionFlags(0));
    note.section_mut(section).flags = SectionFlags::Elf { sh_type, sh_flags };
    note.write().ok()
}

/// Links the inputs into one object; a linker that can't dissolve COMDAT groups keeps them.
fn link(
    inputs: &[OsString],
    output: &Path,
    family: Family,
    run: impl Fn(&[OsString]) -> Command,
) -> Result<(), MakeError> {
    let mut said = String::new();
    for dissolve in [true, false] {
        let ran = run::capture::capture(&run(&relocatable::command(inputs, output, family, dissolve)))?;
        if ran.status.success() && output.is_file() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or("the linker printed nothing").to_owned();
    }
    Err(MakeError::Link(said))
}

/// The names defined in the dynamic symbol table, without versions.
fn exported(shared: &[u8]) -> Result<HashSet<Vec<u8>>, object::Error> {
    let file = object::File::parse(shared)?;
    let mut names = HashSet::new();
    for symbol in file.dynamic_symbols().filter(|s| s.is_definition() || !s.is_undefined()) {
        names.insert(symbol.name_bytes()?.to_vec());
    }
    Ok(names)
}

/// The command line's options about the library's references to itself.
fn symbolic(request: &Request) -> Symbolic {
    let mut found = match request.args.iter().any(|a| a.word == "-symbolic") {
        true => Symbolic::All,
        false => Symbolic::No,
    };
    for item in ld_options::split(&request.args) {
        let Item::Word { text, .. } = item else { continue };
        let bytes = text.as_bytes();
        let name = bytes.strip_prefix(b"--").or(bytes.strip_prefix(b"-")).unwrap_or_default();
        match name {
            b"Bsymbolic" => found = Symbolic::All,
            b"Bsymbolic-functions" if found == Symbolic::No => found = Symbolic::Functions,
            b"Bno-symbolic" => found = Symbolic::No,
            // Everything that is not in the list is bound locally.
            n if n == b"dynamic-list" || n.starts_with(b"dynamic-list=") => found = Symbolic::All,
            _ => {}
        }
    }
    found
}

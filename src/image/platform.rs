//! What an ELF header says about where a program runs, in the terms of OCI (which are Go's).

use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use object::read::{ReadCache, ReadRef};
use std::fmt;
use std::fs::File;
use std::path::Path;

/// Operating system, architecture, variant. The system is always linux.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Platform {
    /// `amd64`, `arm64`, ….
    pub architecture: String,
    /// `v7` of arm, `v8` of arm64; none elsewhere.
    pub variant: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux/{}", self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// Why a program has no platform.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlatformError {
    #[error("it is for {0}, not for Linux")]
    System(&'static str),
    /// A machine without a name in OCI.
    #[error("its machine ({0}) is not an OCI platform")]
    Machine(String),
    /// Not readable as ELF.
    #[error("it can't be read")]
    Unreadable,
}

/// Machine, bits, little endian, name.
static ARCHITECTURES: [(elf::Machine, u8, bool, &str); 17] = [
    (elf::EM_386, 32, true, "386"),
    (elf::EM_68K, 32, false, "m68k"),
    (elf::EM_AARCH64, 64, true, "arm64"),
    (elf::EM_AARCH64, 64, false, "arm64be"),
    (elf::EM_ARM, 32, true, "arm"),
    (elf::EM_ARM, 32, false, "armbe"),
    (elf::EM_LOONGARCH, 64, true, "loong64"),
    (elf::EM_MIPS, 32, false, "mips"),
    (elf::EM_MIPS, 32, true, "mipsle"),
    (elf::EM_MIPS, 64, false, "mips64"),
    (elf::EM_MIPS, 64, true, "mips64le"),
    (elf::EM_PPC, 32, false, "ppc"),
    (elf::EM_PPC64, 64, false, "ppc64"),
    (elf::EM_PPC64, 64, true, "ppc64le"),
    (elf::EM_RISCV, 64, true, "riscv64"),
    (elf::EM_S390, 64, false, "s390x"),
    (elf::EM_X86_64, 64, true, "amd64"),
];

/// Systems that mark their programs; Linux programs have 0, 3, or on old ARM 97.
static SYSTEMS: [(u8, &str); 6] =
    [(2, "NetBSD"), (6, "Solaris"), (9, "FreeBSD"), (12, "OpenBSD"), (17, "CloudABI"), (255, "no operating system")];

/// The platform of a program.
///
/// # Errors
/// One that no container of Linux runs.
pub(crate) fn of(path: &Path) -> Result<Platform, PlatformError> {
    let cache = ReadCache::new(File::open(path).map_err(|_| PlatformError::Unreadable)?);
    of_data(&cache)
}

fn of_data<'data, R: ReadRef<'data>>(data: R) -> Result<Platform, PlatformError> {
    match data.read_bytes_at(4, 1).ok().and_then(|b| b.first()) {
        Some(1) => read::<elf::FileHeader32<object::Endianness>, R>(data),
        Some(2) => read::<elf::FileHeader64<object::Endianness>, R>(data),
        _ => Err(PlatformError::Unreadable),
    }
}

fn read<'data, Elf: FileHeader<Endian = object::Endianness>, R: ReadRef<'data>>(
    data: R,
) -> Result<Platform, PlatformError> {
    let header = Elf::parse(data).map_err(|_| PlatformError::Unreadable)?;
    let endian = header.endian().map_err(|_| PlatformError::Unreadable)?;
    if let Some((_, system)) = SYSTEMS.iter().find(|s| s.0 == header.e_ident().os_abi.0) {
        return Err(PlatformError::System(system));
    }
    let machine = header.e_machine(endian);
    let bits = if header.is_type_64() { 64 } else { 32 };
    let row = ARCHITECTURES
        .iter()
        .find(|a| a.0 == machine && a.1 == bits && a.2 == header.is_little_endian())
        .ok_or_else(|| PlatformError::Machine(crate::check::target::machine_name(machine.0, bits)))?;
    let variant = match row.3 {
        "arm" => arm_version::<Elf, R>(header, endian, data).map(|v| format!("v{v}")),
        "arm64" => Some("v8".into()),
        _ => None,
    };
    Ok(Platform { architecture: row.3.into(), variant })
}

/// `Tag_CPU_arch` of the attributes that every ARM linker writes: which version the program is for at least.
fn arm_version<'data, Elf: FileHeader<Endian = object::Endianness>, R: ReadRef<'data>>(
    header: &Elf,
    endian: object::Endianness,
    data: R,
) -> Option<u8> {
    let sections = header.sections(endian, data).ok()?;
    let section = sections.iter().find(|s| s.sh_type(endian) == elf::SHT_ARM_ATTRIBUTES)?;
    let mut subsections = section.attributes(endian, data).ok()?.subsections().ok()?;
    while let Ok(Some(subsection)) = subsections.next() {
        let mut whole = subsection.subsubsections();
        while let Ok(Some(part)) = whole.next() {
            let mut attributes = part.attributes();
            while let Ok(Some(tag)) = attributes.read_tag() {
                match tag {
                    6 => return attributes.read_integer().ok().and_then(version_of),
                    // Names of processors, and a number with a name.
                    4 | 5 => drop(attributes.read_string().ok()?),
                    32 => drop((attributes.read_integer().ok()?, attributes.read_string().ok()?)),
                    t if t > 32 && t % 2 == 1 => drop(attributes.read_string().ok()?),
                    _ => drop(attributes.read_integer().ok()?),
                }
            }
        }
    }
    None
}

fn version_of(cpu_arch: u64) -> Option<u8> {
    match cpu_arch {
        3..=5 => Some(5),
        6..=9 => Some(6),
        10..=13 => Some(7),
        14..=17 => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, data: u8, abi: u8, machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, data, 1, abi]);
        let number = |n: u16| if data == 1 { n.to_le_bytes() } else { n.to_be_bytes() };
        bytes[16..18].copy_from_slice(&number(2));
        bytes[18..20].copy_from_slice(&number(machine));
        bytes[20..24].copy_from_slice(&if data == 1 { 1_u32.to_le_bytes() } else { 1_u32.to_be_bytes() });
        bytes
    }

    #[test]
    fn machines_in_the_words_of_images() {
        for (class, data, machine, name) in [
            (2, 1, 62, "linux/amd64"),
            (1, 1, 3, "linux/386"),
            (2, 1, 183, "linux/arm64/v8"),
            (1, 1, 40, "linux/arm"),
            (2, 1, 243, "linux/riscv64"),
            (2, 1, 21, "linux/ppc64le"),
            (2, 2, 21, "linux/ppc64"),
            (2, 2, 22, "linux/s390x"),
            (2, 1, 258, "linux/loong64"),
            (1, 1, 8, "linux/mipsle"),
        ] {
            assert_eq!(of_data(header(class, data, 0, machine).as_slice()).unwrap().to_string(), name);
        }
        assert_eq!(of_data(header(1, 1, 0, 62).as_slice()), Err(PlatformError::Machine("x32".into())));
        assert_eq!(of_data(header(2, 1, 9, 62).as_slice()), Err(PlatformError::System("FreeBSD")));
        assert_eq!(of_data(&[][..]), Err(PlatformError::Unreadable));
    }
}

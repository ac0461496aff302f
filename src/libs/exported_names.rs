//! The names that a shared object has for others, found through its hash table as ld.so finds them: a few of thousands
//! are looked up in every link.

use super::dynamic_symbols;
use super::member_symbols::SymbolName;
use foldhash::HashSet;
use object::elf::{FileHeader64, Sym64, gnu_hash};
use object::read::elf::{FileHeader, GnuHashTable, Sym, SymbolTable, VersionTable};
use object::{Endianness, Object, ObjectSymbol, SymbolIndex, elf};

/// The dynamic symbols of a shared object.
#[derive(Debug)]
pub(crate) enum ExportedNames<'f> {
    /// Read in full: it has no such table, or is for 32 bits.
    Listed(ListedNames),
    Hashed(Box<HashedNames<'f>>),
}

/// All names.
#[derive(Debug, Default)]
pub(crate) struct ListedNames {
    offered: HashSet<SymbolName>,
    defined: HashSet<SymbolName>,
    undefined: Vec<SymbolName>,
}

/// A symbol table with its hash table.
#[derive(Debug)]
pub(crate) struct HashedNames<'f> {
    endian: Endianness,
    hashes: GnuHashTable<'f, FileHeader64<Endianness>>,
    symbols: SymbolTable<'f, FileHeader64<Endianness>>,
    versions: Option<VersionTable<'f, FileHeader64<Endianness>>>,
}

impl Default for ExportedNames<'_> {
    fn default() -> Self {
        ExportedNames::Listed(ListedNames::default())
    }
}

impl From<HashSet<SymbolName>> for ExportedNames<'_> {
    fn from(offered: HashSet<SymbolName>) -> Self {
        ExportedNames::Listed(ListedNames { defined: offered.clone(), offered, undefined: Vec::new() })
    }
}

impl<'f> ExportedNames<'f> {
    /// Those of a shared object; none of anything else.
    pub(crate) fn of(bytes: &'f [u8]) -> ExportedNames<'f> {
        HashedNames::of(bytes)
            .map_or_else(|| ExportedNames::Listed(ListedNames::of(bytes)), |n| ExportedNames::Hashed(Box::new(n)))
    }

    /// Whether it offers a name to those that are linked with it, as [`dynamic_symbols::exported`] says.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        match self {
            ExportedNames::Listed(names) => names.offered.contains(name),
            ExportedNames::Hashed(names) => names.offered(name).is_some(),
        }
    }

    /// The type of the symbol that it offers (`STT_…`); that of a function where it is not known.
    pub(crate) fn kind(&self, name: &[u8]) -> Option<u8> {
        match self {
            ExportedNames::Listed(names) => names.offered.contains(name).then_some(elf::STT_FUNC.0),
            ExportedNames::Hashed(names) => names.offered(name).map(|symbol| symbol.st_type().0),
        }
    }

    /// Whether it defines a name, of whatever version.
    pub(crate) fn defines(&self, name: &[u8]) -> bool {
        match self {
            ExportedNames::Listed(names) => names.defined.contains(name),
            ExportedNames::Hashed(names) => names.find(name, &VersionTable::default()).is_some(),
        }
    }

    /// Passes each name that it refers to without defining it to `found`.
    pub(crate) fn each_undefined(&self, mut found: impl FnMut(&[u8])) {
        match self {
            ExportedNames::Listed(names) => names.undefined.iter().for_each(|name| found(name)),
            // What is not hashed comes first.
            ExportedNames::Hashed(names) => {
                let all = names.symbols.iter().take(names.hashes.symbol_base() as usize);
                let undefined = all.filter(|s| s.is_undefined(names.endian) && s.st_bind() != elf::STB_LOCAL);
                undefined.filter_map(|s| names.symbols.symbol_name(names.endian, s).ok()).for_each(found);
            }
        }
    }
}

impl ListedNames {
    fn of(bytes: &[u8]) -> ListedNames {
        let mut names = ListedNames { offered: dynamic_symbols::exported(bytes), ..ListedNames::default() };
        let Ok(file) = object::File::parse(bytes) else { return names };
        for symbol in file.dynamic_symbols().filter(ObjectSymbol::is_global) {
            let Ok(name) = symbol.name_bytes() else { continue };
            if symbol.is_undefined() {
                names.undefined.push(name.to_vec());
            } else {
                names.defined.insert(name.to_vec());
            }
        }
        names
    }
}

impl<'f> HashedNames<'f> {
    /// None for what has no such hash table, or for 32 bits.
    fn of(bytes: &'f [u8]) -> Option<HashedNames<'f>> {
        let header = FileHeader64::<Endianness>::parse(bytes).ok()?;
        let endian = header.endian().ok()?;
        let sections = header.sections(endian, bytes).ok()?;
        let (hashes, _) = sections.gnu_hash(endian, bytes).ok()??;
        let symbols = sections.symbols(endian, bytes, elf::SHT_DYNSYM).ok()?;
        let versions = sections.versions(endian, bytes).ok()?;
        Some(HashedNames { endian, hashes, symbols, versions })
    }

    fn find(
        &self,
        name: &[u8],
        versions: &VersionTable<'f, FileHeader64<Endianness>>,
    ) -> Option<(SymbolIndex, &'f Sym64<Endianness>)> {
        let found = self.hashes.find(self.endian, name, gnu_hash(name), None, &self.symbols, versions)?;
        (!found.1.is_undefined(self.endian)).then_some(found)
    }

    fn offered(&self, name: &[u8]) -> Option<&'f Sym64<Endianness>> {
        let found = match &self.versions {
            Some(versions) => self.find(name, versions),
            None => self.find(name, &VersionTable::default()),
        };
        // Linkers define an absolute symbol for each version.
        let version = |s: &Sym64<Endianness>| s.is_absolute(self.endian) && s.st_value(self.endian) == 0;
        let (at, symbol) = found.filter(|(_, symbol)| !version(symbol))?;
        let private = |versions: &VersionTable<'f, FileHeader64<Endianness>>| {
            let version = versions.version(versions.version_index(self.endian, at).index());
            version.ok().flatten().is_some_and(|v| v.name() == b"GLIBC_PRIVATE")
        };
        (!self.versions.as_ref().is_some_and(private)).then_some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    const SOURCE: &str = "__asm__(\".symver old_f, f@V1\");\n__asm__(\".symver new_f, f@@V2\");\n\
        __asm__(\".symver gone, g@V1\");\nint puts(const char *), maybe(void) __attribute__((weak));\n\
        int old_f(void) { return 1; }\nint new_f(void) { return puts(\"\"); }\nint gone(void) { return maybe ? maybe() : 3; }\n\
        int plain(void) { return 4; }\n__attribute__((visibility(\"hidden\"))) int own(void) { return 5; }\n";

    fn shared(dir: &Path, style: &str) -> Vec<u8> {
        std::fs::write(dir.join("s.c"), SOURCE).unwrap();
        std::fs::write(dir.join("s.map"), "V1 { f; g; }; V2 { f; plain; };\n").unwrap();
        let line = ["-shared", "-fPIC", "s.c", "-o", "s.so", "-Wl,--version-script=s.map", style];
        assert!(Command::new("gcc").current_dir(dir).args(line).status().unwrap().success());
        std::fs::read(dir.join("s.so")).unwrap()
    }

    #[test]
    fn hashed_or_listed_the_names_are_the_same() {
        let dir = tempfile::tempdir().unwrap();
        for (style, hashed) in [("-Wl,--hash-style=gnu", true), ("-Wl,--hash-style=sysv", false)] {
            let bytes = shared(dir.path(), style);
            let names = ExportedNames::of(&bytes);
            assert_eq!(matches!(names, ExportedNames::Hashed(_)), hashed, "{style}");
            let all: [&[u8]; 8] = [b"f", b"g", b"plain", b"own", b"V1", b"V2", b"puts", b"none"];
            let listed = dynamic_symbols::exported(&bytes);
            for name in all {
                assert_eq!(names.contains(name), listed.contains(name), "{style}: {}", String::from_utf8_lossy(name));
            }
            let defined: Vec<bool> = all[..4].iter().map(|name| names.defines(name)).collect();
            assert_eq!(defined, [true, true, true, false], "{style}");
            let mut undefined = Vec::new();
            names.each_undefined(|name| undefined.push(String::from_utf8_lossy(name).into_owned()));
            for name in ["puts", "maybe"] {
                assert!(undefined.iter().any(|n| n == name), "{style}: {undefined:?}");
            }
        }
    }

    #[test]
    fn hostile_bytes_have_no_names() {
        for bytes in [&b""[..], b"\x7fELF\x02\x01\x01", b"text"] {
            let names = ExportedNames::of(bytes);
            assert!(!names.contains(b"f") && !names.defines(b"f"));
        }
    }
}

//! The global symbols of objects and of the members of archives, as a linker sees them.

use super::wide_streams;
use foldhash::HashSet;
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, Sym};
use object::{Endianness, Object, ObjectSymbol, SymbolFlags, elf};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A symbol's name.
pub(crate) type SymbolName = Vec<u8>;

/// The global symbols of one object, whose names are in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MemberSymbols<'f> {
    /// Defined, and only once in a program.
    pub(crate) strong: Vec<&'f [u8]>,
    /// Defined weakly, or in common storage.
    pub(crate) weak: Vec<&'f [u8]>,
    /// Undefined: the linker looks for them.
    pub(crate) needed: Vec<&'f [u8]>,
    /// Undefined and weak: null where nothing else brings them in.
    pub(crate) optional: Vec<&'f [u8]>,
}

impl<'f> MemberSymbols<'f> {
    /// Those of an object; none for what is no ELF object.
    pub(crate) fn of(bytes: &'f [u8]) -> Option<MemberSymbols<'f>> {
        match bytes.get(4) {
            Some(1) => MemberSymbols::of_class::<elf::FileHeader32<Endianness>>(bytes),
            _ => MemberSymbols::of_class::<elf::FileHeader64<Endianness>>(bytes),
        }
    }

    fn of_class<Elf: FileHeader<Endian = Endianness>>(bytes: &'f [u8]) -> Option<MemberSymbols<'f>> {
        let header = Elf::parse(bytes).ok()?;
        let endian = header.endian().ok()?;
        let symbols = header.sections(endian, bytes).ok()?.symbols(endian, bytes, elf::SHT_SYMTAB).ok()?;
        let mut found = MemberSymbols::default();
        for symbol in symbols.iter().filter(|symbol| !symbol.is_local()) {
            let bind = symbol.st_bind();
            let state = state_of(symbol.is_undefined(endian), bind, symbol.is_common(endian));
            found.add(symbols.symbol_name(endian, symbol).ok()?, state);
        }
        Some(found)
    }

    pub(super) fn add(&mut self, name: &'f [u8], state: SymbolState) {
        match state {
            SymbolState::Strong => self.strong.push(name),
            SymbolState::Weak => self.weak.push(name),
            SymbolState::Needed => self.needed.push(name),
            SymbolState::Optional => self.optional.push(name),
        }
    }

    /// All names that it defines.
    pub(crate) fn defined(&self) -> impl Iterator<Item = &'f [u8]> {
        self.strong.iter().chain(&self.weak).copied()
    }
}

/// What an object has of a global symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SymbolState {
    /// Defined, and only once in a program.
    Strong,
    /// Defined weakly, or in common storage.
    Weak,
    /// Undefined.
    Needed,
    /// Undefined and weak.
    Optional,
}

impl SymbolState {
    pub(crate) fn is_defined(self) -> bool {
        matches!(self, SymbolState::Strong | SymbolState::Weak)
    }
}

/// Passes the global symbols of an object, or of all members of an archive, to `of_symbol`.
pub(crate) fn each(bytes: &[u8], mut of_symbol: impl FnMut(&[u8], SymbolState)) {
    let mut look = |bytes: &[u8]| {
        let Ok(object) = object::File::parse(bytes) else { return };
        for symbol in object.symbols().filter(ObjectSymbol::is_global) {
            let Ok(name) = symbol.name_bytes() else { continue };
            of_symbol(name, state(&symbol));
        }
    };
    match ArchiveFile::parse(bytes) {
        Ok(archive) => archive.members().flatten().filter_map(|m| m.data(bytes).ok()).for_each(look),
        Err(_) => look(bytes),
    }
}

pub(super) fn state<'d>(symbol: &impl ObjectSymbol<'d>) -> SymbolState {
    let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { return SymbolState::Optional };
    state_of(symbol.is_undefined(), st_info.st_bind(), symbol.is_common())
}

fn state_of(undefined: bool, bind: elf::SymbolBind, common: bool) -> SymbolState {
    match (undefined, bind == elf::STB_WEAK) {
        (true, true) => SymbolState::Optional,
        (true, false) => SymbolState::Needed,
        // G++'s binding for variables of inline functions and templates: as often as there are objects with them.
        (false, false) if !common && bind != elf::STB_GNU_UNIQUE => SymbolState::Strong,
        (false, _) => SymbolState::Weak,
    }
}

/// Whether the index of an archive has a name for which `test` holds.
pub(crate) fn indexed(bytes: &[u8], test: impl Fn(&[u8]) -> bool) -> bool {
    let index = ArchiveFile::parse(bytes).ok().and_then(|archive| archive.symbols().ok().flatten());
    index.is_some_and(|index| index.flatten().any(|symbol| test(symbol.name())))
}

/// The objects among the members of an archive, or the one that the file is.
pub(crate) fn members(bytes: &[u8]) -> Vec<MemberSymbols<'_>> {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return MemberSymbols::of(bytes).into_iter().collect() };
    archive.members().flatten().filter_map(|m| MemberSymbols::of(m.data(bytes).ok()?)).collect()
}

/// The files that a thin archive names, relative to its directory.
pub(crate) fn thin_members(bytes: &[u8]) -> Vec<PathBuf> {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return Vec::new() };
    archive.members().flatten().map(|m| PathBuf::from(OsStr::from_bytes(m.name()))).collect()
}

/// The members of an archive that its index gives for one of the names.
pub(crate) fn members_with<'f>(bytes: &'f [u8], names: &HashSet<SymbolName>) -> Vec<MemberSymbols<'f>> {
    let found = || {
        let archive = ArchiveFile::parse(bytes).ok()?;
        let mut seen = HashSet::default();
        let mut members = Vec::new();
        for symbol in archive.symbols().ok()??.flatten().filter(|s| names.contains(s.name())) {
            if seen.insert(symbol.offset().0) {
                members.extend(MemberSymbols::of(archive.member(symbol.offset()).ok()?.data(bytes).ok()?));
            }
        }
        Some(members)
    };
    found().unwrap_or_default()
}

/// The symbol of an object without code, which GCC compiles when it is linked.
pub(super) const SLIM: &[u8] = b"__gnu_lto_slim";

/// What a file has beside definitions and strong references.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LooseSymbols {
    /// Undefined and weak.
    pub(crate) weak: BTreeSet<SymbolName>,
    /// There is code that is compiled when it is linked (LTO), whose symbols are not these.
    pub(crate) compiled_later: bool,
    /// It defines IFUNCs: functions that are chosen when the program starts.
    pub(crate) chosen: bool,
    /// It uses streams of wide characters, or may.
    pub(crate) wide: bool,
}

/// Those of an object, or of all members of an archive.
pub(crate) fn loose(bytes: &[u8]) -> LooseSymbols {
    let mut found = LooseSymbols::default();
    let mut look = |bytes: &[u8]| {
        found.compiled_later |= bytes.starts_with(b"BC\xc0\xde");
        let Ok(object) = object::File::parse(bytes) else { return };
        for symbol in object.symbols() {
            if symbol.is_undefined() && symbol.is_weak() {
                found.weak.extend(symbol.name_bytes().ok().map(<[u8]>::to_vec));
            } else if symbol.is_undefined() {
                found.wide = found.wide || symbol.name_bytes().is_ok_and(wide_streams::leads_to);
            } else if symbol.is_common() {
                found.compiled_later |= symbol.name_bytes() == Ok(SLIM);
            } else if let SymbolFlags::Elf { st_info, .. } = symbol.flags() {
                found.chosen |= st_info.st_type() == elf::STT_GNU_IFUNC;
            }
        }
    };
    match ArchiveFile::parse(bytes) {
        Ok(archive) => archive.members().flatten().filter_map(|m| m.data(bytes).ok()).for_each(&mut look),
        Err(_) => look(bytes),
    }
    found.wide |= found.compiled_later && wide_streams::mentioned(bytes);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    fn compiled(dir: &Path, name: &str, text: &str, options: &[&str]) -> Vec<u8> {
        let (source, object) = (dir.join(format!("{name}.c")), dir.join(format!("{name}.o")));
        std::fs::write(&source, text).unwrap();
        assert!(
            Command::new("cc").args(options).arg("-c").arg(&source).arg("-o").arg(&object).status().unwrap().success()
        );
        std::fs::read(object).unwrap()
    }

    #[test]
    fn each_kind_of_symbol_has_its_list() {
        let dir = tempfile::tempdir().unwrap();
        let text = "#pragma weak maybe\n#pragma weak own\nint maybe(void), must(void); int shared;\n\
                    int own(void) { return 0; }\nstatic int hidden;\nint all(void) { return maybe ? must() : hidden + shared; }\n";
        let unique = "asm(\".data; .globl one; .type one, @gnu_unique_object; one: .byte 0\");\n";
        let bytes = compiled(dir.path(), "x", &format!("{text}{unique}"), &["-fcommon", "-fno-pic"]);
        let symbols = MemberSymbols::of(&bytes).unwrap();
        let of =
            |names: &[&[u8]]| names.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect::<BTreeSet<_>>();
        assert_eq!(of(&symbols.strong), ["all".to_owned()].into());
        assert_eq!(of(&symbols.weak), ["one".to_owned(), "own".to_owned(), "shared".to_owned()].into());
        assert_eq!(of(&symbols.needed), ["must".to_owned()].into());
        assert_eq!(of(&symbols.optional), ["maybe".to_owned()].into());
        assert_eq!(loose(&bytes), LooseSymbols { weak: [b"maybe".to_vec()].into(), ..LooseSymbols::default() });
        assert!(loose(&compiled(dir.path(), "lto", text, &["-flto"])).compiled_later);
        let text = "static int a(void) { return 1; }\nstatic void *choose(void) { return a; }\n\
                    int f(void) __attribute__((ifunc(\"choose\")));\n";
        assert!(loose(&compiled(dir.path(), "ifunc", text, &[])).chosen);
    }

    #[test]
    fn an_archive_is_read_by_its_index_or_in_full() {
        let dir = tempfile::tempdir().unwrap();
        compiled(dir.path(), "a", "int a(void) { return 1; }", &[]);
        compiled(dir.path(), "b", "int a(void); int b(void) { return a(); }", &[]);
        for (options, name) in [("rcs", "lib.a"), ("rcsT", "thin.a")] {
            let made = Command::new("ar").current_dir(dir.path()).args([options, name, "a.o", "b.o"]).status();
            assert!(made.unwrap().success());
        }
        let bytes = std::fs::read(dir.path().join("lib.a")).unwrap();
        let defined = |members: Vec<MemberSymbols<'_>>| {
            members.into_iter().flat_map(|m| m.strong).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        assert_eq!(defined(members(&bytes)), [b"a", b"b"]);
        assert_eq!(defined(members_with(&bytes, &[b"b".to_vec(), b"c".to_vec()].into_iter().collect())), [b"b"]);
        let thin = std::fs::read(dir.path().join("thin.a")).unwrap();
        assert_eq!(thin_members(&thin), [Path::new("a.o"), Path::new("b.o")]);
    }

    #[test]
    fn hostile_bytes_have_no_symbols() {
        for bytes in [&b""[..], b"\x7fELF\x02\x01\x01", b"!<arch>\n/ broken", b"!<thin>\n", b"text"] {
            assert_eq!(members(bytes), []);
            assert_eq!(loose(bytes), LooseSymbols::default());
            assert!(members_with(bytes, &HashSet::default()).is_empty() && thin_members(bytes).is_empty());
        }
    }
}

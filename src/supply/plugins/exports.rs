//! The names that dlsym finds in the program itself, and the definitions that modules can bind to.
//!
//! A static program has no dynamic symbols, so a table is written when it is linked. It contains the names that may be
//! looked up, as far as the inputs tell:
//!
//! - strings in the program, and in plugins that call dlsym, that are a name defined by the program, by a linked
//!   library, or by libc for every program;
//! - with `-rdynamic` every global name in the program's objects;
//! - those that `symbol:PATTERN` in the list of plugins matches.
//!
//! Names of libc and of patterns are linked in for it; all others only if something else links them in.

use super::module_tables::Name;
use crate::convert::symbols::TLS;
use crate::convert::{GlibcSymbols, Library};
use crate::libs::{LinkedLibrary, Provider, SearchPath, inputs};
use memchr::memmem::find;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind, elf};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The inputs of a program before it is linked.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProgramInputs {
    pub objects: Vec<PathBuf>,
    /// Archives named by path.
    pub archives: Vec<PathBuf>,
    /// Files that are compiled in the same call, whose definitions are unknown.
    pub sources: Vec<PathBuf>,
    pub libraries: Vec<LinkedLibrary>,
    /// The search path, with the files read so far.
    pub path: SearchPath,
    /// It exports all names (`-rdynamic`).
    pub offers_all: bool,
}

/// The definitions of a link.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Names defined in objects.
    own: BTreeMap<Vec<u8>, bool>,
    /// Names defined in archives and converted libraries, and whether they are thread-local.
    libraries: HashMap<Vec<u8>, bool>,
    /// Identifiers among the strings of the program.
    strings: BTreeSet<Vec<u8>>,
    /// Whether some inputs are not compiled yet.
    sources: bool,
    /// Whether something calls dlopen, and whether something calls dl_iterate_phdr.
    asks: (bool, bool),
}

impl Known {
    /// Reads the inputs of a link.
    pub(crate) fn of(program: &ProgramInputs) -> Known {
        let files = &program.path.files;
        let mut known = Known { sources: !program.sources.is_empty(), ..Known::default() };
        for object in &program.objects {
            files.look(object, |data| {
                known.asked(data);
                known.object(data);
            });
        }
        for source in &program.sources {
            files.look(source, |data| {
                known.asked(data);
                quoted(data, &mut known.strings);
            });
        }
        for archive in &program.archives {
            files.look(archive, |data| {
                known.asked(data);
                known.archive(data);
            });
        }
        for library in &program.libraries {
            files.look(&library.path, |data| known.asked(data));
            files.look(&library.path, |data| match library.provider {
                Provider::Converted => known.shared(data),
                Provider::Plugin => {}
                Provider::Archive | Provider::FatShared => known.archive(data),
            });
        }
        known
    }

    fn asked(&mut self, data: &[u8]) {
        self.asks.0 |= find(data, b"dlopen").is_some();
        self.asks.1 |= find(data, b"dl_iterate_phdr").is_some();
    }

    /// Whether the program opens shared objects and lists them.
    pub(crate) fn lists(&self) -> bool {
        self.asks == (true, true)
    }

    /// Whether something in the link defines a name.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.own.contains_key(name) || self.libraries.contains_key(name)
    }

    fn object(&mut self, data: &[u8]) {
        let Ok(object) = object::File::parse(data) else { return };
        for symbol in object.symbols().filter(|s| s.is_global() && !s.is_undefined()) {
            if let Ok(name) = symbol.name_bytes() {
                self.own.insert(name.to_vec(), symbol.kind() == SymbolKind::Tls);
            }
        }
        strings_of(&object, &mut self.strings);
    }

    fn archive(&mut self, data: &[u8]) {
        let Ok(archive) = ArchiveFile::parse(data) else {
            return self.member(data);
        };
        for member in archive.members().flatten() {
            if let Ok(data) = member.data(data) {
                self.member(data);
            }
        }
    }

    fn member(&mut self, data: &[u8]) {
        let Ok(object) = object::File::parse(data) else { return };
        let mut asks = false;
        for symbol in object.symbols().filter(ObjectSymbol::is_global) {
            let Ok(name) = symbol.name_bytes() else { continue };
            match symbol.is_undefined() {
                true => asks |= asks_for_symbols(name),
                false => drop(self.libraries.insert(name.to_vec(), symbol.kind() == SymbolKind::Tls)),
            }
        }
        if asks {
            strings_of(&object, &mut self.strings);
        }
    }

    fn shared(&mut self, data: &[u8]) {
        let Ok(library) = Library::read(data) else { return };
        for symbol in library.symbols.iter().filter(|s| s.exported() && !s.old) {
            self.libraries.insert(symbol.name.to_vec(), symbol.kind == TLS);
        }
        if library.symbols.iter().any(|s| !s.defined() && asks_for_symbols(s.name)) {
            self.of_module(data);
        }
    }

    /// Adds the strings of a plugin, if it calls dlsym.
    pub(crate) fn of_module(&mut self, data: &[u8]) {
        self.asks.1 |= find(data, b"dl_iterate_phdr").is_some();
        let asks = find(data, b"\0dlsym\0").is_some() || find(data, b"\0dlvsym\0").is_some();
        if let (true, Ok(file)) = (asks, object::File::parse(data)) {
            strings_of(&file, &mut self.strings);
        }
    }

    /// The table for dlsym.
    pub(crate) fn names(
        &self,
        libc: &GlibcSymbols,
        libc_archive: Option<&Path>,
        patterns: &[String],
        all: bool,
    ) -> Vec<Name> {
        let patterns: Vec<glob::Pattern> = patterns.iter().filter_map(|p| glob::Pattern::new(p).ok()).collect();
        let matched = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|n| patterns.iter().any(|p| p.matches(n)));
        let mut wanted: BTreeMap<&[u8], bool> = self.strings.iter().map(|s| (s.as_slice(), false)).collect();
        let known = self.own.keys().chain(self.libraries.keys()).map(Vec::as_slice);
        wanted.extend(known.chain(libc.exported()).filter(|n| matched(n)).map(|n| (n, true)));
        if all {
            for name in self.own.keys() {
                wanted.entry(name).or_insert(false);
            }
        }
        let aliases = Aliases::of(libc_archive, wanted.keys().filter(|n| self.own.contains_key(**n) || self.sources));
        let mut names = Vec::new();
        for (name, asked) in wanted {
            let of_libc = libc.exports(name) && !libc.is_thread_local(name);
            let next = || aliases.next(name).filter(|_| of_libc);
            let row = |own, weak| Name { name: name.to_vec(), address: Some(name.to_vec()), next: next(), own, weak };
            let row = match (self.own.get(name), of_libc, self.libraries.get(name)) {
                (Some(true), ..) | (None, false, Some(true)) => continue,
                (Some(false), ..) => row(true, false),
                (None, true, _) => row(false, false),
                (None, false, Some(false)) => row(false, !asked),
                (None, false, None) if self.sources && !of_every_program(name) => row(true, true),
                (None, false, None) => continue,
            };
            names.push(row);
        }
        names
    }
}

/// Names that linkers or we define.
fn of_every_program(name: &[u8]) -> bool {
    name.starts_with(b"__start_") || name.starts_with(b"__stop_") || name.starts_with(b"staticcxx_")
}

fn asks_for_symbols(name: &[u8]) -> bool {
    name == b"dlsym" || name == b"dlvsym"
}

/// Aliases in libc's archive of names that a program may define itself: `__open` for `open`. Only for weak names, whose
/// member can be linked in next to the program's own definition.
struct Aliases(HashMap<Vec<u8>, Vec<u8>>);

impl Aliases {
    fn of<'n>(archive: Option<&Path>, names: impl Iterator<Item = &'n &'n [u8]>) -> Aliases {
        let wanted: HashSet<&[u8]> = names.copied().collect();
        let mut aliases = HashMap::new();
        if wanted.is_empty() {
            return Aliases(aliases);
        }
        archive.and_then(|a| inputs::look(a, |data| read_aliases(data, &wanted, &mut aliases)));
        Aliases(aliases)
    }

    fn next(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.0.get(name).cloned()
    }
}

fn read_aliases(data: &[u8], wanted: &HashSet<&[u8]>, aliases: &mut HashMap<Vec<u8>, Vec<u8>>) {
    let Ok(archive) = ArchiveFile::parse(data) else { return };
    let Ok(Some(index)) = archive.symbols() else { return };
    for entry in index.flatten().filter(|e| wanted.contains(e.name())) {
        let Ok(member) = archive.member(entry.offset()).and_then(|m| m.data(data)) else { continue };
        let Ok(object) = object::File::parse(member) else { continue };
        let defined = || object.symbols().filter(|s| s.is_global() && !s.is_undefined());
        let place = |s: &object::Symbol<'_, '_>| (s.section_index(), s.address());
        let Some(symbol) = defined().find(|s| s.name_bytes() == Ok(entry.name())) else { continue };
        let other = defined()
            .find(|s| place(s) == place(&symbol) && !s.is_weak() && s.name_bytes().is_ok_and(|n| n.starts_with(b"__")));
        if let (true, Some(Ok(other))) = (symbol.is_weak(), other.map(|o| o.name_bytes().map(<[u8]>::to_vec))) {
            aliases.insert(entry.name().to_vec(), other);
        }
    }
}

/// Identifiers among the strings in loaded data.
fn strings_of(file: &object::File<'_>, into: &mut BTreeSet<Vec<u8>>) {
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let loaded = sh_flags.0 & elf::SHF_ALLOC.0 != 0 && sh_flags.0 & elf::SHF_EXECINSTR.0 == 0;
        if loaded
            && section.name_bytes() != Ok(b".dynstr")
            && let Ok(data) = section.data()
        {
            strings(data, into);
        }
    }
}

/// Whether a byte can be part of an identifier.
fn in_a_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// NUL-terminated strings that are an identifier.
fn strings(data: &[u8], into: &mut BTreeSet<Vec<u8>>) {
    let mut at = 0;
    for end in memchr::memchr_iter(0, data) {
        let chunk = data.get(at..end).unwrap_or_default();
        at = end + 1;
        let length = chunk.iter().rev().take_while(|b| in_a_name(b)).count();
        let (before, name) = chunk.split_at(chunk.len() - length);
        let alone = before.last().is_none_or(|b| !(b.is_ascii_graphic() || *b == b' '));
        if alone && (2..=256).contains(&length) && !name.first().is_some_and(u8::is_ascii_digit) {
            into.insert(name.to_vec());
        }
    }
}

/// Identifiers in quotes.
fn quoted(text: &[u8], into: &mut BTreeSet<Vec<u8>>) {
    for part in text.split(|b| *b == b'"') {
        if (2..=256).contains(&part.len())
            && part.iter().all(in_a_name)
            && !part.first().is_some_and(u8::is_ascii_digit)
        {
            into.insert(part.to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &BTreeSet<Vec<u8>>) -> String {
        found.iter().map(|n| String::from_utf8_lossy(n)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn identifiers_among_strings() {
        let mut found = BTreeSet::new();
        strings(b"puts\0not this\0x\0\x01\x02open64\0 spaced\09lives\0last", &mut found);
        assert_eq!(shown(&found), "open64 puts");
        let mut found = BTreeSet::new();
        quoted(b"f(\"one\", \"no name\", '\"', \"two_2\");", &mut found);
        assert!(shown(&found).contains("one") && shown(&found).contains("two_2"), "{found:?}");
    }

    #[test]
    fn an_archive_s_weak_names_have_others() {
        let libc = std::process::Command::new("cc").arg("-print-file-name=libc.a").output().unwrap();
        let libc = PathBuf::from(String::from_utf8(libc.stdout).unwrap().trim());
        let names: [&[u8]; 3] = [b"open", b"malloc", b"no_such_function"];
        let aliases = Aliases::of(Some(&libc), names.iter());
        assert!(aliases.next(b"open").is_some_and(|n| n.ends_with(b"open") || n.ends_with(b"open64")));
        // It is strong there: a program's own could not stand beside it.
        assert_eq!(aliases.next(b"malloc"), None);
        assert_eq!(aliases.next(b"no_such_function"), None);
    }
}

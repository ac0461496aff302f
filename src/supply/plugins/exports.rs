//! The names that dlsym and dladdr find in the program itself.
//!
//! A static program has no dynamic symbols, so a table is written when it is linked. It contains the names that may be
//! looked up, as far as the inputs tell:
//!
//! | names | which |
//! |---|---|
//! | the program's own | what a dynamic link would export: all with `-rdynamic`, else those that a library or an option names |
//! | of its libraries and of libc | identifiers among the strings of code that calls dlsym; with dladdr, what the program refers to |
//! | of libraries that call dlsym or dladdr themselves | all that they export |
//! | any | those that `symbol:PATTERN` in the list of plugins matches |
//!
//! Names of libc, of libraries that a dynamic program would load, and of patterns are linked in for code that calls
//! dlsym and has them as strings, unless that brings in what the program defines itself ([`member_clashes`](super::member_clashes)). All
//! others are in the table if something else links them in.

use super::definitions::{Known, LibraryDefinition, OwnDefinition, ProgramInputs, with_member};
use super::libc_aliases::LibcAliases;
use super::member_clashes::MemberClashes;
use super::module_tables::Name;
use crate::convert::GlibcSymbols;
use crate::convert::glibc_names::ALLOCATION;
use crate::libs::Provider;
use object::read::archive::{ArchiveFile, ArchiveOffset};
use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The inputs for the table of names.
#[derive(Debug)]
pub(crate) struct NameContext<'a> {
    pub program: &'a ProgramInputs,
    /// glibc's symbols.
    pub libc: &'a GlibcSymbols,
    /// libc.a.
    pub libc_archive: Option<&'a Path>,
    /// `symbol:PATTERN`.
    pub patterns: &'a [String],
    /// Functions of libc that no table may bring in, since the linker warns about them.
    pub warned: &'a [String],
    /// It is the link of a finished program.
    pub finished: bool,
    /// Names may be linked in for strings. Where a source's definitions are unknown, they might clash with them.
    pub brings: bool,
    /// The row of each library of the link in the table of libraries.
    pub rows: &'a [Option<usize>],
    /// The rows of libc and libm.
    pub libc_rows: [Option<usize>; 2],
}

/// How a name got into the table.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    /// It is linked in for the table, from what a dynamic program would load.
    brought: bool,
    /// It matches one of the user's patterns.
    named: bool,
}

/// What is known of a name in a library.
#[derive(Debug, Clone, Copy)]
struct LibraryName {
    thread_local: bool,
    size: u64,
}

type LibraryNames<'k> = HashMap<&'k [u8], LibraryName>;

/// The table for dlsym and dladdr, sorted.
pub(crate) fn names(known: &Known, context: &NameContext<'_>) -> Vec<Name> {
    let wanted = wanted(known, context);
    let defined_here = wanted.keys().copied().filter(|n| known.own.contains_key(*n) || known.sources);
    let aliases = LibcAliases::of(context.libc_archive, defined_here);
    let of_libraries = of_libraries(known, &wanted, context.program);
    let archives = archives(context);
    let read = || MemberClashes::of(&archives, &context.program.path.files, &known.own);
    // Few programs have a name that is brought in.
    let mut clashes: Option<MemberClashes<'_>> = None;
    let mut clash = |name: &[u8]| clashes.get_or_insert_with(read).come_with(name);
    let mut names = Vec::new();
    // The linker reads a version into a name with `@`.
    for (name, how) in wanted.into_iter().filter(|(name, _)| !name.contains(&b'@')) {
        let of_libc = context.libc.exports(name) && !context.libc.is_thread_local(name);
        let own = known.own.get(name).copied();
        let row = Name {
            name: name.to_vec(),
            address: Some(name.to_vec()),
            next: aliases.next(name).filter(|_| of_libc),
            ..Name::default()
        };
        let exported = |own: &OwnDefinition| own.seen_by_library || of_libc || context.program.exports(name);
        let row = match (own, known.libraries.get(name)) {
            (Some(own), _) if own.thread_local || own.hidden => continue,
            (Some(own), _) if exported(&own) || how.named => {
                Name { own: true, weak: !how.named, size: own.size, ..row }
            }
            // The symbol is the program's, which a dynamic link would not export.
            (Some(_), _) => continue,
            (None, library) if of_libc && !library.is_some_and(|(index, _)| known.comes_before_libc(*index, name)) => {
                let [libc, libm] = context.libc_rows;
                let library = if context.libc.is_of(name, "libm.so.6") { libm } else { libc };
                let warned = context.warned.iter().any(|w| w.as_bytes() == name && !w.starts_with("dl"));
                if warned && !known.referred.contains(name) {
                    continue;
                }
                Name { weak: !(how.named || how.brought && !clash(name)), library, ..row }
            }
            (None, Some((index, _))) => {
                let Some(found) = of_libraries.get(name).filter(|f| !f.thread_local) else { continue };
                let library = context.rows.get(*index).copied().flatten();
                let strong = how.named || how.brought && known.loaded.contains(index) && !clash(name);
                // Behind a library's own allocator is libc's, which is linked in beside it.
                let next = (context.finished && ALLOCATION.contains(&name)).then(|| [b"__libc_", name].concat());
                Name { weak: !strong, size: found.size, library, next, ..row }
            }
            // A source may define it.
            (None, None) if known.sources && !of_every_program(name) && context.program.exports(name) => {
                Name { own: true, weak: true, ..row }
            }
            (None, None) => continue,
        };
        names.push(row);
    }
    names
}

fn wanted<'k>(known: &'k Known, context: &NameContext<'k>) -> BTreeMap<&'k [u8], Wanted> {
    let asked = |strong: &bool| Wanted { brought: *strong && context.brings, named: false };
    let mut wanted: BTreeMap<&[u8], Wanted> = known.strings.iter().map(|(n, s)| (n.as_slice(), asked(s))).collect();
    for name in known.of_askers.iter().chain(known.referred.iter().filter(|_| known.describes)) {
        wanted.entry(name).or_default();
    }
    let exported = |(name, own): &(&Vec<u8>, &OwnDefinition)| own.seen_by_library || context.program.exports(name);
    for (name, _) in known.own.iter().filter(exported) {
        wanted.entry(name).or_default();
    }
    if !context.patterns.is_empty() {
        let all = known.own.keys().chain(known.libraries.keys()).map(Vec::as_slice).chain(context.libc.exported());
        let named = Wanted { brought: true, named: true };
        wanted.extend(all.filter(|n| matched(context.patterns, n)).map(|n| (n, named)));
    }
    wanted
}

fn matched(patterns: &[String], name: &[u8]) -> bool {
    let matches = |pattern: &String, name: &str| glob::Pattern::new(pattern).is_ok_and(|p| p.matches(name));
    std::str::from_utf8(name).is_ok_and(|name| patterns.iter().any(|p| matches(p, name)))
}

/// The archives of the link, libc's last.
fn archives<'a>(context: &NameContext<'a>) -> Vec<&'a Path> {
    let program = context.program;
    let libraries = program.libraries.iter().filter(|l| l.provider == Provider::Archive && !program.is_own(l));
    libraries.map(|l| l.path.as_path()).chain(context.libc_archive).collect()
}

/// What is known of the wanted names that libraries define.
fn of_libraries<'k>(known: &'k Known, wanted: &BTreeMap<&[u8], Wanted>, program: &ProgramInputs) -> LibraryNames<'k> {
    let mut found = LibraryNames::new();
    let mut members: BTreeMap<usize, BTreeMap<u64, Vec<&[u8]>>> = BTreeMap::new();
    for (name, (index, definition)) in known.libraries.iter().filter(|(name, _)| wanted.contains_key(name.as_slice())) {
        match *definition {
            LibraryDefinition::Member(at) => {
                members.entry(*index).or_default().entry(at).or_default().push(name);
            }
            LibraryDefinition::Shared { thread_local, size } => {
                found.insert(name, LibraryName { thread_local, size });
            }
        }
    }
    for (index, members) in members {
        let Some(library) = program.libraries.get(index) else { continue };
        program.path.files.look(&library.path, |data| {
            let Ok(archive) = ArchiveFile::parse(data) else { return };
            for (at, names) in members {
                let Ok(member) = archive.member(ArchiveOffset(at)) else { continue };
                with_member(&member, data, &library.path, &mut |object| of_member(object, &names, &mut found));
            }
        });
    }
    found
}

fn of_member<'k>(object: &[u8], names: &[&'k [u8]], found: &mut LibraryNames<'k>) {
    let Ok(object) = object::File::parse(object) else { return };
    for symbol in object.symbols().filter(|s| s.is_global() && !s.is_undefined()) {
        let Ok(name) = symbol.name_bytes() else { continue };
        if let Some(name) = names.iter().find(|n| **n == name) {
            let thread_local = symbol.kind() == SymbolKind::Tls;
            found.insert(name, LibraryName { thread_local, size: symbol.size() });
        }
    }
}

/// Names that linkers or we define.
fn of_every_program(name: &[u8]) -> bool {
    name.starts_with(b"__start_") || name.starts_with(b"__stop_") || name.starts_with(b"staticcxx_")
}

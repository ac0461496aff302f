//! Which objects and members of archives are in a program, by its symbols: a member is in it if the program has its functions
//! and variables by name and size. Of what a link was offered this tells what was taken, where the linker does not. Of any
//! other program it is a guess: another version of a library has many of the same, and a stripped program none.

use super::linked_parts::{LinkedParts, Part, PartFile, PartKind, SCHEMA};
use foldhash::HashSet;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, SymbolKind, SymbolSection};
use std::collections::BTreeMap;

/// Names of definitions with their sizes in bytes.
#[derive(Debug, Default)]
pub(crate) struct ProgramSymbols<'p> {
    all: HashSet<(&'p [u8], u64)>,
    names: HashSet<&'p [u8]>,
}

/// What an archive has in common with a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ArchiveMatch {
    members: Vec<MemberMatch>,
}

/// A member that seems to be in the program.
#[derive(Debug, PartialEq, Eq)]
struct MemberMatch {
    name: Vec<u8>,
    /// What it defines as the program does.
    common: Vec<(Vec<u8>, u64)>,
}

impl ArchiveMatch {
    /// The names of the members.
    pub(crate) fn members(&self) -> impl Iterator<Item = String> {
        self.members.iter().map(|member| String::from_utf8_lossy(&member.name).into_owned())
    }
}

impl<'p> ProgramSymbols<'p> {
    /// Those of an ELF file; none of a file without a symbol table or of another format.
    pub(crate) fn of(bytes: &'p [u8]) -> Option<ProgramSymbols<'p>> {
        let file = object::File::parse(bytes).ok()?;
        let mut found = ProgramSymbols::default();
        for definition in definitions(&file, false) {
            found.names.insert(definition.0);
            found.all.insert(definition);
        }
        (!found.all.is_empty()).then_some(found)
    }

    /// What an archive has in common with it; none if nothing.
    pub(crate) fn common(&self, archive: &[u8]) -> Option<ArchiveMatch> {
        let parsed = ArchiveFile::parse(archive).ok().filter(|a| !a.is_thin())?;
        let index = parsed.symbols().ok()??;
        if !index.flatten().any(|symbol| self.names.contains(symbol.name())) {
            return None;
        }
        let mut found = ArchiveMatch::default();
        for member in parsed.members().flatten() {
            let Some(object) = member.data(archive).ok().and_then(|data| object::File::parse(data).ok()) else {
                continue;
            };
            let all: Vec<(&[u8], u64)> = definitions(&object, true).collect();
            let common: Vec<(Vec<u8>, u64)> =
                all.iter().filter(|d| self.all.contains(*d)).map(|(name, size)| (name.to_vec(), *size)).collect();
            // Sections that nothing refers to may have been left out.
            if common.len() == all.len() && !all.is_empty() || common.len() >= 2 && 2 * common.len() >= all.len() {
                found.members.push(MemberMatch { name: member.name().to_vec(), common });
            }
        }
        (!found.members.is_empty()).then_some(found)
    }

    /// Whether an object is in it; not known, and not said, of one that defines nothing with a size.
    pub(crate) fn has_object(&self, object: &[u8]) -> bool {
        let Ok(object) = object::File::parse(object) else { return false };
        let mut all = definitions(&object, false).peekable();
        all.peek().is_some() && all.all(|definition| self.all.contains(&definition))
    }
}

/// Names and sizes of what a file defines, of global symbols alone if so wanted.
fn definitions<'f>(file: &object::File<'f>, global: bool) -> impl Iterator<Item = (&'f [u8], u64)> {
    file.symbols().filter_map(move |symbol| {
        let kind = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data | SymbolKind::Tls | SymbolKind::Unknown);
        let defined = matches!(symbol.section(), SymbolSection::Section(_)) && symbol.size() > 0;
        let wanted = kind && defined && (!global || symbol.is_global());
        Some((symbol.name_bytes().ok().filter(|_| wanted)?, symbol.size()))
    })
}

/// The parts that explain most of a program: archives in the order of what they have in common with it, each for what
/// no other did. `archives` are file names with package URLs.
pub(crate) fn guessed(archives: Vec<(String, Option<String>, ArchiveMatch)>) -> LinkedParts {
    let mut archives = archives;
    let size = |of: &ArchiveMatch| of.members.iter().map(|member| member.common.len()).sum::<usize>();
    archives.sort_by(|a, b| (size(&b.2), &a.1, &a.0).cmp(&(size(&a.2), &b.1, &b.0)));
    let mut claimed: HashSet<(Vec<u8>, u64)> = HashSet::default();
    let mut parts: BTreeMap<(bool, Option<String>), Vec<PartFile>> = BTreeMap::new();
    for (name, purl, of) in archives {
        let is_new = |member: &MemberMatch| {
            2 * member.common.iter().filter(|definition| !claimed.contains(*definition)).count() > member.common.len()
        };
        let new: Vec<MemberMatch> = of.members.into_iter().filter(is_new).collect();
        if new.is_empty() {
            continue;
        }
        let members = new.len();
        claimed.extend(new.into_iter().flat_map(|member| member.common));
        let file = PartFile {
            name,
            kind: PartKind::Archive,
            members,
            bytes: 0,
            build_id: None,
            sha256: None,
            hardening: None,
        };
        parts.entry((purl.is_none(), purl)).or_default().push(file);
    }
    let parts = parts.into_iter().map(|((_, purl), mut files)| {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Part { purl, files }
    });
    LinkedParts { schema: SCHEMA, exact: false, parts: parts.collect(), hardening: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    #[test]
    fn archives_of_which_members_are_in_a_program() {
        let dir = tempfile::tempdir().unwrap();
        let run = |program: &str, line: &str| {
            assert!(Command::new(program).current_dir(dir.path()).args(line.split(' ')).status().unwrap().success());
        };
        for (name, text) in [
            ("one", "int one(int n) { return n * 3 + 1; }\nint other(int n) { return n - 7; }\n"),
            ("two", "int two(int n) { return n * 5 + 2; }\n"),
            ("odd", "int one(int n) { return n ? n * n * n / 3 : -1; }\n"),
            ("main", "int one(int); int main(void) { return one(1); }\n"),
        ] {
            fs::write(dir.path().join(format!("{name}.c")), text).unwrap();
            run("gcc", &format!("-O1 -c {name}.c"));
        }
        run("ar", "rcs l.a one.o two.o");
        run("ar", "rcs copy.a one.o");
        run("ar", "rcs unused.a two.o");
        run("ar", "rcs odd.a odd.o");
        run("gcc", "-static main.o l.a -o main");
        let program = fs::read(dir.path().join("main")).unwrap();
        let symbols = ProgramSymbols::of(&program).unwrap();
        let common = |name: &str| symbols.common(&fs::read(dir.path().join(name)).unwrap());
        assert_eq!(common("l.a").unwrap().members().collect::<Vec<_>>(), ["one.o"]);
        let has = |name: &str| symbols.has_object(&fs::read(dir.path().join(name)).unwrap());
        assert!(has("main.o") && has("one.o") && !has("two.o") && !has("odd.o") && !has("l.a") && !has("main.c"));
        // The same name of another size, and what was not taken.
        assert!(common("odd.a").is_none() && common("unused.a").is_none());
        let all = ["copy.a", "l.a"].map(|name| (name.to_owned(), None, common(name).unwrap()));
        let parts = guessed(all.into());
        assert_eq!(parts.parts.len(), 1, "{parts:?}");
        run("strip", "main");
        assert!(ProgramSymbols::of(&fs::read(dir.path().join("main")).unwrap()).is_none());
        assert!(ProgramSymbols::of(b"text").is_none() && symbols.common(b"!<arch>\n/ broken").is_none());
    }
}

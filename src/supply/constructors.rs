//! Constructors in archives. In a program whose libraries are all archives they run in the order of the command line.
//! Converted libraries have numbered constructors, so archives that they need must have numbered ones too.

use super::load_order;
use crate::archive;
use crate::libs::supplier::Starters;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolIndex};

/// Whether a member of an archive has constructors or destructors without a priority.
pub(crate) fn has(bytes: &[u8]) -> bool {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return false };
    if archive.is_thin() {
        return false;
    }
    archive.members().flatten().any(|member| {
        let Ok(object) = object::File::parse(member.data(bytes).unwrap_or_default()) else { return false };
        object.sections().any(|s| matches!(s.name(), Ok(".init_array" | ".fini_array")))
    })
}

/// The members whose constructors or destructors do more than set up the member's own variables: what ld.so would run
/// though nothing refers to the member.
pub(crate) fn starters(bytes: &[u8]) -> Starters {
    let mut found = Starters::default();
    let Ok(archive) = ArchiveFile::parse(bytes).map_err(|_| ()) else { return found };
    for member in archive.members().flatten() {
        let Ok(object) = object::File::parse(member.data(bytes).unwrap_or_default()) else { continue };
        if !acts_by_itself(&object) {
            continue;
        }
        let strong = |s: &object::Symbol<'_, '_>| s.is_global() && s.is_definition() && !s.is_weak();
        let name = object.symbols().find(strong).and_then(|s| s.name().ok().map(str::to_owned));
        match name {
            Some(name) => found.names.push(name),
            None => found.unnamed = true,
        }
    }
    found
}

/// Whether a constructor or destructor of an object refers to code or data outside of it and of the C++ library, which
/// only builds the object's own variables.
fn acts_by_itself(object: &object::File<'_>) -> bool {
    let tables = object.sections().filter(|s| s.name().is_ok_and(is_table));
    let functions = tables.flat_map(|table| table.relocations().collect::<Vec<_>>());
    functions.into_iter().any(|(_, relocation)| match relocation.target() {
        RelocationTarget::Symbol(index) => acts(object, index, relocation.addend()),
        _ => false,
    })
}

fn is_table(name: &str) -> bool {
    [".init_array", ".fini_array", ".ctors", ".dtors"]
        .iter()
        .any(|t| name.strip_prefix(t).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Whether a function, given by its symbol or by its section and offset there, refers to something that is not its
/// object's or the C++ library's.
fn acts(object: &object::File<'_>, index: SymbolIndex, addend: i64) -> bool {
    let Ok(symbol) = object.symbol_by_index(index) else { return false };
    let Some(section) = symbol.section_index().and_then(|i| object.section_by_index(i).ok()) else { return true };
    let start = symbol.address().wrapping_add_signed(addend);
    let at =
        |s: &object::Symbol<'_, '_>| s.section_index() == Some(section.index()) && s.address() == start && s.size() > 0;
    let Some(function) = object.symbols().find(at) else { return true };
    let body = start..start.saturating_add(function.size());
    section.relocations().filter(|(offset, _)| body.contains(offset)).any(|(_, relocation)| {
        let RelocationTarget::Symbol(index) = relocation.target() else { return false };
        let Ok(target) = object.symbol_by_index(index) else { return false };
        let data =
            target.section_index().and_then(|i| object.section_by_index(i).ok()).is_some_and(|s| is_data(s.kind()));
        !(data || target.is_undefined() && target.name_bytes().is_ok_and(builds_variables))
    })
}

fn is_data(kind: SectionKind) -> bool {
    use SectionKind::{Data, ReadOnlyData, ReadOnlyString, Tls, UninitializedData, UninitializedTls};
    matches!(kind, Data | ReadOnlyData | ReadOnlyString | Tls | UninitializedData | UninitializedTls)
}

/// What constructors of variables call: namespace `std`, operators new and delete, and what compilers add.
fn builds_variables(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 13] = [
        b"_GLOBAL_OFFSET_TABLE_",
        b"_Unwind_Resume",
        b"_ZdaPv",
        b"_ZdlPv",
        b"_ZdlPvm",
        b"_Znam",
        b"_Znwm",
        b"__dso_handle",
        b"__stack_chk_fail",
        b"memcpy",
        b"memmove",
        b"memset",
        b"strlen",
    ];
    const BEGINNINGS: [&[u8]; 5] = [b"_ZNKSt", b"_ZNSt", b"_ZSt", b"__cxa_", b"__gxx_personality_"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|b| name.starts_with(b))
}

/// The archive with numbered constructors; none if a member is not supported.
pub(crate) fn numbered(bytes: &[u8], rank: usize) -> Option<Vec<u8>> {
    let archive = ArchiveFile::parse(bytes).ok()?;
    let mut members = Vec::new();
    for member in archive.members() {
        let mut object = member.ok()?.data(bytes).ok()?.to_vec();
        load_order::number(&mut object, rank);
        members.push(object);
    }
    archive::of_members(&members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    fn archive(dir: &Path, sources: &[(&str, &str)]) -> Vec<u8> {
        let mut ar = Command::new("ar");
        ar.current_dir(dir).args(["rcs", "lib.a"]);
        for (name, text) in sources {
            std::fs::write(dir.join(name), text).unwrap();
            let compiled = Command::new("c++").current_dir(dir).args(["-O1", "-fPIC", "-c", name]).status().unwrap();
            assert!(compiled.success(), "{name}");
            ar.arg(Path::new(name).with_extension("o"));
        }
        assert!(ar.status().unwrap().success());
        std::fs::read(dir.join("lib.a")).unwrap()
    }

    #[test]
    fn who_only_sets_up_variables_does_not_act() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = archive(
            dir.path(),
            &[
                ("plain.cpp", "int plain() { return 1; }"),
                (
                    "stream.cpp",
                    "#include <iostream>\n#include <string>\nstatic std::string s = \"text\";\nconst std::string &stream() { return s; }",
                ),
                (
                    "registers.cpp",
                    "void enter(const char *); struct R { R() { enter(\"r\"); } };\nstatic R r; int registers() { return 1; }",
                ),
                (
                    "prints.cpp",
                    "#include <cstdio>\n__attribute__((constructor)) static void c() { puts(\"c\"); }\nint prints() { return 1; }",
                ),
                ("ends.cpp", "void leave(); __attribute__((destructor)) static void d() { leave(); }\nint ends;"),
            ],
        );
        let found = starters(&bytes);
        assert_eq!(found.names, ["_Z9registersv", "_Z6printsv", "ends"]);
        assert!(!found.unnamed);
        let hidden = archive(
            dir.path(),
            &[("hidden.cpp", "void enter(); __attribute__((constructor)) static void c() { enter(); }")],
        );
        assert!(starters(&hidden).unnamed);
    }

    #[test]
    fn hostile_bytes_have_no_constructors() {
        for bytes in [&b""[..], b"!<arch>\n/ broken", b"text"] {
            assert_eq!(starters(bytes), Starters::default());
            assert!(!has(bytes));
        }
    }
}

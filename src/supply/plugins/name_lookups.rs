//! What the code of a library looks up by name when it runs: read once for each archive, and kept with its facts.

use super::identifiers;
use crate::libs::exported_names::ExportedNames;
use crate::libs::member_symbols;
use crate::libs::supplier::{LOOKING_UP, NameList, NameLookups};
use memchr::memmem::find;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectKind, ObjectSymbol};
use std::collections::BTreeSet;

/// Which functions an input refers to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calls {
    pub dlsym: bool,
    pub dladdr: bool,
}

impl Calls {
    pub(super) fn note(&mut self, name: &[u8]) {
        self.dlsym |= matches!(name, b"dlsym" | b"dlvsym");
        self.dladdr |= matches!(name, b"dladdr" | b"dladdr1");
    }
}

/// What the code of a library that calls dlsym or dladdr contains.
#[derive(Debug, Default)]
pub(super) struct AskingCode {
    /// What it defines and the library exports.
    pub exported: BTreeSet<Vec<u8>>,
    /// Identifiers among the strings of code that calls dlsym.
    pub strings: BTreeSet<Vec<u8>>,
}

impl AskingCode {
    /// Adds an object of a library that exports those names for which `offers` holds.
    pub(super) fn add(&mut self, data: &[u8], offers: &dyn Fn(&[u8]) -> bool) {
        let Ok(object) = object::File::parse(data) else { return };
        let mut calls = Calls::default();
        let names = |undefined: bool| object.symbols().filter(move |s| s.is_global() && s.is_undefined() == undefined);
        names(true).filter_map(|s| s.name_bytes().ok()).for_each(|name| calls.note(name));
        if calls.dlsym || calls.dladdr {
            let defined = names(false).filter_map(|s| s.name_bytes().ok()).filter(|name| offers(name));
            self.exported.extend(defined.map(<[u8]>::to_vec));
        }
        if calls.dlsym {
            identifiers::of_object(&object, &mut |name| {
                self.strings.insert(name.to_vec());
            });
        }
    }
}

/// What a shared object exports, if it is one: a linker script says nothing.
pub(super) fn exported(bytes: &[u8]) -> Option<ExportedNames<'_>> {
    let file = object::File::parse(bytes).ok()?;
    (file.kind() == ObjectKind::Dynamic).then(|| ExportedNames::of(bytes))
}

/// Those of an archive with its own members; `shared` is its shared object.
pub(crate) fn of_archive(archive: &[u8], shared: Option<&[u8]>) -> NameLookups {
    let exported = shared.and_then(exported);
    let offers = |name: &[u8]| exported.as_ref().is_none_or(|e| e.defines(name));
    let mut code = AskingCode::default();
    let mut functions = BTreeSet::new();
    member_symbols::each(archive, |name, state| {
        if !state.is_defined() && LOOKING_UP.iter().any(|f| f.as_bytes() == name) {
            functions.insert(name.to_vec());
        }
    });
    if find(archive, b"__gnu_lto_").is_some() {
        // Its references are not symbols.
        functions
            .extend(LOOKING_UP.map(str::as_bytes).iter().filter(|f| find(archive, f).is_some()).map(|f| f.to_vec()));
    }
    if !functions.is_empty()
        && let Ok(parsed) = ArchiveFile::parse(archive)
    {
        let members = parsed.members().flatten().filter_map(|m| m.data(archive).ok());
        members.for_each(|member| code.add(member, &offers));
    }
    let list = |names: &BTreeSet<Vec<u8>>| NameList::of(names.iter().map(Vec::as_slice));
    NameLookups { functions: list(&functions), askers: list(&code.exported), strings: list(&code.strings) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    fn run(dir: &Path, program: &str, line: &[&str]) {
        assert!(Command::new(program).current_dir(dir).args(line).status().unwrap().success(), "{line:?}");
    }

    fn shown(names: &NameList) -> String {
        names.iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_the_members_that_ask_count() {
        let dir = tempfile::tempdir().unwrap();
        let texts = [
            (
                "asks",
                "void *dlsym(void *, const char *); void *ask(void) { return dlsym(0, \"looked_up\"); } int inner;\n",
            ),
            ("quiet", "const char *quiet(void) { return \"no_question\"; }\n"),
            ("opens", "void *dlopen(const char *, int); void *load(void) { return dlopen(\"lib_that\", 2); }\n"),
        ];
        for (name, text) in texts {
            std::fs::write(dir.path().join(format!("{name}.c")), text).unwrap();
            run(dir.path(), "gcc", &["-fPIC", "-fno-asynchronous-unwind-tables", "-c", &format!("{name}.c")]);
        }
        run(dir.path(), "ar", &["rc", "all.a", "asks.o", "quiet.o", "opens.o"]);
        std::fs::write(dir.path().join("m"), "{ global: ask; quiet; load; local: *; };").unwrap();
        run(dir.path(), "gcc", &["-shared", "-Wl,--version-script=m", "asks.o", "quiet.o", "opens.o", "-o", "all.so"]);
        let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
        let found = of_archive(&read("all.a"), Some(&read("all.so")));
        assert_eq!(
            [shown(&found.functions), shown(&found.askers), shown(&found.strings)],
            ["dlopen dlsym", "ask", "looked_up"]
        );
        assert_eq!(shown(&of_archive(&read("all.a"), None).askers), "ask inner");
        run(dir.path(), "gcc", &["-flto", "-fno-fat-lto-objects", "-c", "opens.c"]);
        run(dir.path(), "ar", &["rc", "lto.a", "opens.o"]);
        assert_eq!(shown(&of_archive(&read("lto.a"), None).functions), "dlopen");
        run(dir.path(), "ar", &["rc", "quiet.a", "quiet.o"]);
        assert_eq!(of_archive(&read("quiet.a"), None), NameLookups::default());
    }
}

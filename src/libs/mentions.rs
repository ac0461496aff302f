//! Whether inputs refer to certain functions: those that libstdc++ itself refers to in every program, so that a call
//! detector can't tell who does.

use super::exported_names::ExportedNames;
use super::inputs;
use super::library_file::LibraryFiles;
use super::sniff::{self, Sniffed};
use memchr::memmem::find;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectKind, ObjectSection, ObjectSymbol};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// For each function, whether an object or any archive member refers to it.
pub(crate) fn which(inputs: &[&Path], files: &LibraryFiles, functions: &[&str]) -> Vec<bool> {
    let ended: Vec<Vec<u8>> = functions.iter().map(|f| [f.as_bytes(), b"\0"].concat()).collect();
    let found: Vec<AtomicBool> = functions.iter().map(|_| AtomicBool::new(false)).collect();
    let all = || found.iter().all(|f| f.load(Ordering::Relaxed));
    inputs::first(inputs, |file| {
        files.look(file, |data| mentions(data, &ended, &found));
        all()
    });
    found.into_iter().map(AtomicBool::into_inner).collect()
}

/// Whether an input may refer to one of the functions, judged by the names alone: a byte search in the strings of an
/// object's symbols, or in an archive; a shared object says what it refers to. Code that is compiled when it is linked (LTO) is searched as a whole.
pub(crate) fn any(inputs: &[&Path], files: &LibraryFiles, functions: &[&str]) -> bool {
    let named = |data: &[u8]| functions.iter().any(|f| find(data, f.as_bytes()).is_some());
    let refers = |data: &[u8]| match strings_of_symbols(data) {
        Some(strings) if find(strings, b"__gnu_lto_").is_none() => named(strings),
        None if matches!(sniff::classify(data.get(..sniff::HEAD).unwrap_or(data)), Sniffed::Shared { .. }) => {
            let (mut any, mut found) = (false, false);
            ExportedNames::of(data).each_undefined(|name| (any, found) = (true, found || named(name)));
            if any { found } else { named(data) }
        }
        _ => named(data),
    };
    inputs::first(inputs, |file| files.look(file, refers) == Some(true)).is_some()
}

/// The string table of an object's symbols.
fn strings_of_symbols(data: &[u8]) -> Option<&[u8]> {
    let object = object::File::parse(data).ok().filter(|o| o.kind() == ObjectKind::Relocatable)?;
    object.section_by_name(".strtab")?.data().ok()
}

fn mentions(data: &[u8], ended: &[Vec<u8>], found: &[AtomicBool]) {
    if let Ok(archive) = ArchiveFile::parse(data) {
        // Most archives don't contain such a name at all; their members need not be read.
        if ended.iter().any(|name| find(data, name).is_some()) {
            archive.members().flatten().filter_map(|m| m.data(data).ok()).for_each(|m| refers(m, ended, found));
        }
        return;
    }
    refers(data, ended, found);
}

fn refers(object: &[u8], ended: &[Vec<u8>], found: &[AtomicBool]) {
    let Ok(object) = object::File::parse(object) else { return };
    for symbol in object.symbols().filter(|s| s.is_undefined()) {
        let Ok(name) = symbol.name_bytes() else { continue };
        if let Some(at) = ended.iter().position(|e| e.strip_suffix(b"\0") == Some(name))
            && let Some(found) = found.get(at)
        {
            found.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn only_a_reference_counts() {
        let dir = tempfile::tempdir().unwrap();
        let made = |name: &str, text: &str| {
            let source = dir.path().join(format!("{name}.c"));
            std::fs::write(&source, text).unwrap();
            let object = dir.path().join(format!("{name}.o"));
            assert!(Command::new("cc").arg("-c").arg(&source).arg("-o").arg(&object).status().unwrap().success());
            object
        };
        let refers = made("refers", "char *setlocale(int, const char *); int f(void) { return !setlocale(0, \"\"); }");
        let defines = made("defines", "int setlocale(void) { return 0; }");
        let other = made("other", "void my_setlocale(void); void f(void) { my_setlocale(); }");
        let functions = ["setlocale", "newlocale"];
        assert_eq!(which(&[&other, &refers], &LibraryFiles::default(), &functions), [true, false]);
        let missing = dir.path().join("missing.o");
        let none = [&defines, &other, &missing, Path::new("/dev/null")];
        assert_eq!(which(&none, &LibraryFiles::default(), &functions), [false, false]);
        let archive = dir.path().join("lib.a");
        assert!(Command::new("ar").arg("rc").arg(&archive).args([&other, &refers]).status().unwrap().success());
        assert_eq!(which(&[&archive], &LibraryFiles::default(), &functions), [true, false]);
        let any = |inputs: &[&Path]| any(inputs, &LibraryFiles::default(), &functions);
        assert!(any(&[&missing, &refers]) && any(&[&archive]) && !any(&[&missing, Path::new("/dev/null")]));
        let text = made("text", "const char *f(void) { return \"setlocale\"; }");
        assert!(!any(&[&text]));
    }
}

//! Whether inputs refer to certain functions: for those that libstdc++ itself refers to in every program, so that a trap
//! could not tell who does.

use crate::libs::inputs;
use memchr::memmem::find;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::path::Path;

/// Whether an object, or any member of an archive, refers to one of the functions.
pub fn any(files: &[&Path], functions: &[&str]) -> bool {
    let ended: Vec<Vec<u8>> = functions.iter().map(|f| [f.as_bytes(), b"\0"].concat()).collect();
    inputs::first(files, |file| inputs::look(file, |data| mentions(data, &ended)) == Some(true)).is_some()
}

fn mentions(data: &[u8], ended: &[Vec<u8>]) -> bool {
    if let Ok(archive) = ArchiveFile::parse(data) {
        // Most archives have no such name at all, and then their members need not be looked at.
        return ended.iter().any(|name| find(data, name).is_some())
            && archive.members().flatten().filter_map(|m| m.data(data).ok()).any(|member| refers(member, ended));
    }
    refers(data, ended)
}

fn refers(object: &[u8], ended: &[Vec<u8>]) -> bool {
    let Ok(object) = object::File::parse(object) else { return false };
    let wanted = |name: &[u8]| ended.iter().any(|e| e.strip_suffix(b"\0") == Some(name));
    object.symbols().any(|s| s.is_undefined() && s.name_bytes().is_ok_and(wanted))
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
        assert!(any(&[&other, &refers], &functions));
        assert!(!any(&[&defines, &other, Path::new("/nonexistent"), Path::new("/dev/null")], &functions));
        let archive = dir.path().join("lib.a");
        assert!(Command::new("ar").arg("rc").arg(&archive).args([&other, &refers]).status().unwrap().success());
        assert!(any(&[&archive], &functions));
    }
}

//! Other names of a function: how RTLD_NEXT finds libc's own behind one that the program defines.

use crate::libs::inputs;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Functions that `toolchains/glibc/dl.c` defines under a second name too.
const OF_OURS: [&[u8]; 9] =
    [b"dladdr", b"dladdr1", b"dlclose", b"dlerror", b"dlinfo", b"dlmopen", b"dlopen", b"dlsym", b"dlvsym"];

/// Aliases in libc's archive of names that a program may define itself: `__open` for `open`. Only for weak names, whose
/// member can be linked in next to the program's own definition.
pub(crate) struct LibcAliases(HashMap<Vec<u8>, Vec<u8>>);

impl LibcAliases {
    pub(crate) fn of<'n>(archive: Option<&Path>, names: impl Iterator<Item = &'n [u8]>) -> LibcAliases {
        let mut aliases = HashMap::new();
        let (ours, wanted): (HashSet<&[u8]>, HashSet<&[u8]>) = names.partition(|n| OF_OURS.contains(n));
        if !wanted.is_empty() {
            archive.and_then(|a| inputs::look(a, |data| read_aliases(data, &wanted, &mut aliases)));
        }
        aliases.extend(ours.into_iter().map(|name| (name.to_vec(), [b"staticcxx_", name].concat())));
        LibcAliases(aliases)
    }

    /// The alias of a name.
    pub(crate) fn next(&self, name: &[u8]) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn an_archive_s_weak_names_have_others() {
        let libc = std::process::Command::new("cc").arg("-print-file-name=libc.a").output().unwrap();
        let libc = PathBuf::from(String::from_utf8(libc.stdout).unwrap().trim());
        let names: [&[u8]; 4] = [b"open", b"malloc", b"no_such_function", b"dlopen"];
        let aliases = LibcAliases::of(Some(&libc), names.into_iter());
        assert!(aliases.next(b"open").is_some_and(|n| n.ends_with(b"open") || n.ends_with(b"open64")));
        // It is strong there: a program's own could not stand beside it.
        assert_eq!(aliases.next(b"malloc"), None);
        assert_eq!(aliases.next(b"no_such_function"), None);
        assert_eq!(aliases.next(b"dlopen").as_deref(), Some(&b"staticcxx_dlopen"[..]));
    }
}

//! Inputs of a link with musl that were built for glibc, and the symbols that prove it.

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Prefixes and suffixes of names that glibc's headers substitute for ordinary calls and musl does not define.
const SHAPES: [(&str, &str); 14] = [
    ("__", "_chk"),
    ("__isoc23_", ""),
    ("__isoc99_", ""),
    ("__ctype_", "_loc"),
    ("__", "_finite"),
    ("__strto", "_internal"),
    ("_IO_", ""),
    ("_dl_", ""),
    ("__libc_", ""),
    ("gnu_get_libc_", ""),
    ("__rawmem", ""),
    ("__cxa_thread_atexit_impl", ""),
    ("__res_n", ""),
    ("backtrace", ""),
];

/// Functions that end in 64, called by programs that were built with `_FILE_OFFSET_BITS=64`; musl has them before
/// 1.2.4 only.
const LARGE_FILES: [&str; 32] = [
    "open",
    "openat",
    "creat",
    "fopen",
    "freopen",
    "tmpfile",
    "fseeko",
    "ftello",
    "fgetpos",
    "fsetpos",
    "lseek",
    "ftruncate",
    "truncate",
    "mmap",
    "pread",
    "pwrite",
    "preadv",
    "pwritev",
    "stat",
    "lstat",
    "fstat",
    "fstatat",
    "readdir",
    "scandir",
    "nftw",
    "ftw",
    "glob",
    "globfree",
    "statfs",
    "fstatfs",
    "posix_fadvise",
    "posix_fallocate",
];

/// An input that was built for glibc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub file: PathBuf,
    /// Symbols that it refers to and musl lacks.
    pub calls: BTreeSet<String>,
}

impl Foreign {
    pub(crate) fn line(&self) -> String {
        let shown: Vec<String> = self.calls.iter().take(3).map(|c| format!("`{c}`")).collect();
        let more = if self.calls.len() > shown.len() { ", …" } else { "" };
        format!(
            "`{}` was built for glibc: it refers to {}{more}, which musl lacks",
            self.file.display(),
            shown.join(", ")
        )
    }
}

/// Whether an undefined symbol is one of glibc's.
pub(crate) fn is_of_glibc(name: &str) -> bool {
    let shaped = SHAPES.iter().any(|(start, end)| {
        name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end) && (!rest.is_empty() || end.is_empty()))
    });
    let ours = name.starts_with("__musl_");
    (shaped && !ours) || name.strip_suffix("64").is_some_and(|n| LARGE_FILES.contains(&n))
}

/// The inputs that refer to those of a link's undefined symbols that are glibc's.
pub(crate) fn foreign<'a>(undefined: impl Iterator<Item = &'a str>, inputs: &[PathBuf]) -> Vec<Foreign> {
    let missing: BTreeSet<&str> = undefined.filter(|n| is_of_glibc(n)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let files = inputs.iter().filter(|f| seen.insert(f.to_owned()));
    let found = files.map(|file| Foreign { file: file.clone(), calls: references(file, &missing).unwrap_or_default() });
    found.filter(|f| !f.calls.is_empty()).collect()
}

/// The names that an object, or any member of an archive, refers to.
fn references(file: &Path, names: &BTreeSet<&str>) -> Option<BTreeSet<String>> {
    let file = File::open(file).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    // SAFETY: an input of a link that has just failed, read for the message only.
    let data = unsafe { memmap2::Mmap::map(&file) }.ok()?;
    let mut found = BTreeSet::new();
    let mut look = |object: &[u8]| {
        let Ok(object) = object::File::parse(object) else { return };
        let undefined = object.symbols().filter(|s| s.is_undefined()).filter_map(|s| s.name().ok().map(str::to_owned));
        found.extend(undefined.filter(|n| names.contains(n.as_str())));
    };
    match ArchiveFile::parse(&*data) {
        Ok(archive) => archive.members().flatten().filter_map(|m| m.data(&*data).ok()).for_each(&mut look),
        Err(_) => look(&data),
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glibc_s_names_are_told_from_others() {
        for (name, glibc) in [
            ("__snprintf_chk", true),
            ("__musl_snprintf_chk", false),
            ("__isoc23_strtol", true),
            ("__ctype_b_loc", true),
            ("fopen64", true),
            ("stat64", true),
            ("__libc_single_threaded", true),
            ("gnu_get_libc_version", true),
            ("snprintf", false),
            ("deflate", false),
            ("encode64", false),
            ("crc64", false),
            ("_ZN3foo4_chkEv", false),
        ] {
            assert_eq!(is_of_glibc(name), glibc, "{name}");
        }
    }

    #[test]
    fn a_line_names_three_at_most() {
        let calls = ["__a_chk", "__b_chk", "__c_chk", "__d_chk"].map(str::to_owned).into();
        let line = Foreign { file: "/l/libz.a".into(), calls }.line();
        assert!(line.contains("`/l/libz.a` was built for glibc") && line.contains("`__c_chk`, …"), "{line}");
    }
}

//! The archiver, linker, `nm` and `ranlib` that belong to a compiler.

use std::fs;
use std::path::{Path, PathBuf};

/// Variable, and the names to try: `@` stands for the target's prefix, `%` for the version's suffix.
static GCC: [(&str, &[&str]); 4] = [
    // Those of GCC know its plugin for link-time optimisation.
    ("AR", &["@gcc-ar%", "@gcc-ar", "@ar"]),
    ("LD", &["@ld"]),
    ("NM", &["@gcc-nm%", "@gcc-nm", "@nm"]),
    ("RANLIB", &["@gcc-ranlib%", "@gcc-ranlib", "@ranlib"]),
];

static CLANG: [(&str, &[&str]); 4] = [
    ("AR", &["llvm-ar%", "llvm-ar", "@ar"]),
    ("LD", &["@ld"]),
    ("NM", &["llvm-nm%", "llvm-nm", "@nm"]),
    ("RANLIB", &["llvm-ranlib%", "llvm-ranlib", "@ranlib"]),
];

/// The variables `AR`, `LD`, `NM`, `RANLIB` for a compiler, for those programs that are next to it.
pub(crate) fn of(compiler: &Path) -> Vec<(&'static str, PathBuf)> {
    let real = fs::canonicalize(compiler).unwrap_or_else(|_| compiler.to_owned());
    let dirs: Vec<&Path> = [compiler.parent(), real.parent()].into_iter().flatten().collect();
    let Some((table, prefix, suffix)) = real.file_name().and_then(|n| n.to_str()).and_then(parts) else {
        return Vec::new();
    };
    let find = |names: &[&str]| {
        let names = names.iter().map(|n| n.replace('@', prefix).replace('%', suffix));
        names.flat_map(|n| dirs.iter().map(move |d| d.join(&n))).find(|p| p.is_file())
    };
    table.iter().filter_map(|(variable, names)| Some((*variable, find(names)?))).collect()
}

type ToolTable = &'static [(&'static str, &'static [&'static str])];

/// The table, prefix and suffix of a compiler's name: `x86_64-linux-gnu-gcc-12` has `x86_64-linux-gnu-` and `-12`.
fn parts(name: &str) -> Option<(ToolTable, &str, &str)> {
    let versioned = name.rsplit_once('-').filter(|(_, v)| v.starts_with(|c: char| c.is_ascii_digit()));
    let base = versioned.map_or(name, |(base, _)| base);
    let suffix = name.get(base.len()..)?;
    let clang = ["clang++", "clang"].iter().find_map(|c| base.strip_suffix(c)).map(|p| (CLANG.as_slice(), p));
    let gcc = || ["g++", "gcc", "c++", "cc"].iter().find_map(|c| base.strip_suffix(c)).map(|p| (GCC.as_slice(), p));
    let (table, prefix) = clang.or_else(gcc)?;
    (prefix.is_empty() || prefix.ends_with('-')).then_some((table, prefix, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_s_name_says_what_its_tools_are_called() {
        for (name, prefix, suffix, clang) in [
            ("gcc", "", "", false),
            ("x86_64-linux-gnu-g++-12", "x86_64-linux-gnu-", "-12", false),
            ("aarch64-linux-musl-gcc", "aarch64-linux-musl-", "", false),
            ("clang-14", "", "-14", true),
            ("clang++", "", "", true),
        ] {
            let (table, p, s) = parts(name).unwrap();
            assert_eq!((p, s, table.as_ptr() == CLANG.as_ptr()), (prefix, suffix, clang), "{name}");
        }
        for name in ["ccache", "zig", "distcc", "musl-gcc.real"] {
            assert!(parts(name).is_none(), "{name}");
        }
    }

    #[test]
    fn only_tools_that_are_there_are_named() {
        let t = tempfile::tempdir().unwrap();
        for name in ["foo-gcc-9", "foo-gcc-ar-9", "foo-nm"] {
            fs::write(t.path().join(name), "").unwrap();
        }
        let found = of(&t.path().join("foo-gcc-9"));
        assert_eq!(found, [("AR", t.path().join("foo-gcc-ar-9")), ("NM", t.path().join("foo-nm"))]);
    }
}

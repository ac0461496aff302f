//! pkg-config's `.pc` files: the dependencies of an archive without a shared object.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The fields used here, variables expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PcFile {
    /// `Libs`, split into words.
    pub(crate) libs: Vec<String>,
    /// `Libs.private`, split into words.
    pub(crate) libs_private: Vec<String>,
    /// Package names in `Requires` and `Requires.private`.
    pub(crate) requires: Vec<String>,
}

/// Parses a `.pc` file. Unknown variables are empty, as in pkg-config.
pub fn parse(text: &str) -> PcFile {
    let mut variables: BTreeMap<&str, String> = BTreeMap::new();
    let mut package = PcFile::default();
    for line in text.lines().map(|l| l.split('#').next().unwrap_or_default().trim()) {
        let at = line.find([':', '=']);
        let Some((key, value)) = at.and_then(|at| Some((line.get(..at)?.trim(), line.get(at + 1..)?.trim()))) else {
            continue;
        };
        let value = fill(value, &variables);
        if line.as_bytes().get(at.unwrap_or_default()) == Some(&b'=') {
            variables.insert(key, value);
            continue;
        }
        let words = || shlex::split(&value).unwrap_or_default();
        match key {
            "Libs" => package.libs = words(),
            "Libs.private" => package.libs_private = words(),
            "Requires" | "Requires.private" => package.requires.extend(names(&value)),
            _ => {}
        }
    }
    package
}

fn fill(value: &str, variables: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((head, tail)) = rest.split_once("${") {
        out.push_str(head);
        let Some((name, tail)) = tail.split_once('}') else { break };
        out.push_str(variables.get(name).map_or("", String::as_str));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// `a >= 1.2, b c` → a, b, c.
fn names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut words = list.split([',', ' ', '\t']).filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        if word.starts_with(['<', '>', '=', '!']) {
            words.next();
        } else {
            names.push(word.to_owned());
        }
    }
    names
}

/// What a static link with `-lNAME` from a library directory needs besides it: the words of `Libs.private` and of all
/// required packages, each `.pc` file read once.
pub(crate) fn needs(name: &OsStr, dir: &Path) -> Vec<String> {
    let dirs = [dir.join("pkgconfig"), dir.join("../share/pkgconfig"), dir.join("../lib/pkgconfig")];
    let Some(own) = provider(&name.to_string_lossy(), &dirs) else { return Vec::new() };
    let mut words = own.libs.clone();
    words.extend(own.libs_private);
    let mut seen = BTreeSet::new();
    let mut todo = own.requires;
    while let Some(required) = todo.pop() {
        if !seen.insert(required.clone()) {
            continue;
        }
        let Some(package) = load(&required, &dirs) else { continue };
        words.extend(package.libs);
        words.extend(package.libs_private);
        todo.extend(package.requires);
    }
    let own_flag = format!("-l{}", name.to_string_lossy());
    words.retain(|w| *w != own_flag);
    words
}

fn load(package: &str, dirs: &[PathBuf]) -> Option<PcFile> {
    dirs.iter().find_map(|d| fs::read_to_string(d.join(format!("{package}.pc"))).ok()).map(|t| parse(&t))
}

/// The package whose `Libs` has `-lNAME`: the usual file names first, then all files.
fn provider(name: &str, dirs: &[PathBuf]) -> Option<PcFile> {
    let flag = format!("-l{name}");
    let offers = |p: &PcFile| p.libs.contains(&flag);
    let usual = [name.to_owned(), format!("lib{name}")];
    usual.iter().filter_map(|n| load(n, dirs)).find(|p| offers(p)).or_else(|| {
        let entries = dirs.first().and_then(|d| fs::read_dir(d).ok())?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        files.sort();
        files
            .iter()
            .filter(|f| f.extension().is_some_and(|e| e == "pc"))
            .find_map(|f| fs::read_to_string(f).ok().map(|t| parse(&t)).filter(offers))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_package_is_read_with_its_variables() {
        let p = parse(
            "prefix=/usr\nlibdir=${prefix}/lib\nName: q\nLibs: -L${libdir} -lq\nLibs.private: -lm # math\nRequires.private: z >= 1.2, lzma\n",
        );
        assert_eq!(p.libs, ["-L/usr/lib", "-lq"]);
        assert_eq!(p.libs_private, ["-lm"]);
        assert_eq!(p.requires, ["z", "lzma"]);
    }

    #[test]
    fn packages_that_require_each_other_end() {
        let dir = tempfile::tempdir().unwrap();
        let pc = dir.path().join("pkgconfig");
        fs::create_dir(&pc).unwrap();
        fs::write(pc.join("a.pc"), "Libs: -la\nRequires: b\nLibs.private: -lm\n").unwrap();
        fs::write(pc.join("b.pc"), "Libs: -lb\nRequires: a\n").unwrap();
        let needs = needs(OsStr::new("a"), dir.path());
        assert_eq!(needs, ["-lm", "-lb", "-lm"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|\n|\\$\\{|\\}|:|=|Libs|Requires){0,60}") {
            parse(&text);
        }
    }
}

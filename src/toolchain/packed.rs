//! Packed toolchains ([`crate::pack`]): complete in a tree of their own, with the drivers as its compilers and with what
//! was measured when they were packed.

use super::descriptor::{self, Descriptor, DescriptorError, HERE, at_home, in_json};
use super::facts::Facts;
use super::name::Invocation;
use crate::files::kept;
use crate::model::{Language, Libc};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of files at the top of a tree.
pub(crate) const MANIFEST: &str = "pack.json";
pub(crate) const FACTS: &str = "facts.json";

/// The directory of a tree with the compilers that are called.
pub(crate) const BIN: &str = "bin";

/// What was measured of a toolchain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PackedFacts {
    /// Hash of the sources that decide what facts are.
    pub sources: String,
    /// By the name of the descriptor and the language.
    pub toolchains: BTreeMap<String, BTreeMap<Language, Facts>>,
}

impl PackedFacts {
    /// As a file for the top of a tree, which is now at a place.
    pub(crate) fn text(&self, tree: &str) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.replace(&in_json(tree), HERE)
    }
}

/// The tree that this program is part of.
pub(crate) fn own_tree(settings: &Settings) -> Option<&Path> {
    let tree = settings.program_dir.as_deref().filter(|dir| dir.ends_with(BIN))?.parent()?;
    tree.join(MANIFEST).is_file().then_some(tree)
}

/// A compiler of the tree that this program is part of by a path like the one that this program was called by: where that
/// was relative, so are the names of headers that it writes, as builds in a tree of their own demand (Bazel, "undeclared
/// inclusion").
pub(crate) fn as_called(settings: &Settings, compiler: &Path) -> Option<PathBuf> {
    let below = compiler.strip_prefix(own_tree(settings)?).ok()?;
    let typed = settings.program_dir_as_typed.as_deref().filter(|dir| dir.ends_with(BIN))?;
    // `bin` alone is in the working directory.
    Some(typed.parent().unwrap_or(Path::new("")).join(below)).filter(|path| path.is_file())
}

/// The toolchain of the tree that this program is part of, for the name by which it was called: the first one of its
/// target, the first one of all where the name has no target; none if the tree has none for it.
///
/// # Errors
/// A descriptor that can't be read.
pub(crate) fn own_toolchain(
    settings: &Settings,
    invocation: &Invocation,
) -> Result<Option<Descriptor>, DescriptorError> {
    let Some(tree) = own_tree(settings) else { return Ok(None) };
    let all = descriptor::in_directory(tree);
    let all = all.iter().map(|file| Descriptor::load(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(of_target(all, invocation.target().as_deref()))
}

/// Of several toolchains that for a target as in a compiler's name (`aarch64-linux-gnu`). One for another C library is
/// better than none: the names with `gnu` are those that builds call.
fn of_target(all: Vec<Descriptor>, target: Option<&str>) -> Option<Descriptor> {
    let Some(target) = target else { return all.into_iter().next() };
    let arch = |triple: &str| triple.split('-').next().map(str::to_owned);
    let libc = if target.ends_with("musl") { Libc::Musl } else { Libc::Glibc };
    let mut fit: Vec<Descriptor> =
        all.into_iter().filter(|d| d.target.as_deref().and_then(arch) == arch(target)).collect();
    fit.sort_by_key(|d| d.libc != Some(libc));
    fit.into_iter().next()
}

/// The facts of a packed toolchain for a language; none where another version of this program measured them.
pub(crate) fn facts(descriptor: &Descriptor, language: Language) -> Option<Facts> {
    let mut all = load(descriptor.facts.as_deref()?)?;
    (all.sources == kept::FACTS).then(|| all.toolchains.remove(&descriptor.name)?.remove(&language)).flatten()
}

/// Whether another version of this program measured the facts of a packed toolchain.
pub(crate) fn is_of_another_version(descriptor: &Descriptor) -> bool {
    descriptor.facts.as_deref().and_then(load).is_some_and(|all| all.sources != kept::FACTS)
}

fn load(file: &Path) -> Option<PackedFacts> {
    let text = fs::read_to_string(file).ok()?;
    serde_json::from_str(&at_home(&text, file.parent()?.to_str()?)).ok()
}

/// The tree of a packed toolchain.
pub(crate) fn tree_of(descriptor: &Descriptor) -> Option<PathBuf> {
    descriptor.packed.as_ref()?.parent().map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::facts as measured;
    use std::ffi::OsStr;

    fn toolchain(name: &str, target: &str, libc: Libc) -> Descriptor {
        let text = include_str!("../../toolchains/host-gcc.json");
        let d = Descriptor::parse(text, Path::new("x")).unwrap();
        Descriptor { name: name.into(), target: Some(target.into()), libc: Some(libc), ..d }
    }

    #[test]
    fn a_name_with_a_target_gets_the_toolchain_for_it() {
        let all = || {
            vec![
                toolchain("a", "x86_64-linux-musl", Libc::Musl),
                toolchain("b", "x86_64-linux-gnu", Libc::Glibc),
                toolchain("c", "aarch64-linux-musl", Libc::Musl),
            ]
        };
        for (called, chosen) in [
            ("g++", Some("a")),
            ("staticcc", Some("a")),
            ("gcc-12", Some("a")),
            ("x86_64-linux-musl-gcc", Some("a")),
            ("x86_64-linux-gnu-g++-12", Some("b")),
            ("aarch64-linux-gnu-gcc", Some("c")),
            ("riscv64-linux-gnu-gcc", None),
        ] {
            let target = Invocation::parse(OsStr::new(called), Language::C).target();
            let of = of_target(all(), target.as_deref());
            assert_eq!(of.as_ref().map(|d| d.name.as_str()), chosen, "{called}");
        }
    }

    #[test]
    fn facts_go_where_the_tree_goes() {
        let t = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "over there"].map(|n| t.path().join(n));
        [&here, &there].iter().for_each(|d| fs::create_dir(d).unwrap());
        let known = Facts { library_dirs: vec![here.join("lib")], ..measured() };
        let languages = BTreeMap::from([(Language::C, known.clone())]);
        let mut all = PackedFacts { sources: kept::FACTS.into(), toolchains: [("t".into(), languages)].into() };
        fs::write(there.join(FACTS), all.text(here.to_str().unwrap())).unwrap();
        let of = Descriptor { facts: Some(there.join(FACTS)), ..toolchain("t", "x86_64-linux-musl", Libc::Musl) };
        let moved = Facts { library_dirs: vec![there.join("lib")], ..known };
        assert_eq!((facts(&of, Language::C), facts(&of, Language::Cxx)), (Some(moved), None));
        assert!(!is_of_another_version(&of));
        all.sources = "another".into();
        fs::write(there.join(FACTS), all.text(here.to_str().unwrap())).unwrap();
        assert!(facts(&of, Language::C).is_none() && is_of_another_version(&of));
        fs::write(there.join(FACTS), "{").unwrap();
        assert!(facts(&of, Language::C).is_none() && !is_of_another_version(&of));
    }

    #[test]
    fn a_program_is_part_of_a_tree_if_that_has_a_manifest() {
        let t = tempfile::tempdir().unwrap();
        fs::create_dir(t.path().join(BIN)).unwrap();
        let settings = Settings { program_dir: Some(t.path().join(BIN)), ..Settings::default() };
        assert_eq!(own_tree(&settings), None);
        fs::write(t.path().join(MANIFEST), "{}").unwrap();
        assert_eq!(own_tree(&settings), Some(t.path()));
        assert_eq!(own_tree(&Settings { program_dir: Some(t.path().into()), ..Settings::default() }), None);
        let compiler = t.path().join("usr/bin/gcc");
        assert_eq!(as_called(&settings, &compiler), None);
        // Nothing that is not there.
        let typed = Settings { program_dir_as_typed: Some("nowhere/bin".into()), ..settings };
        assert_eq!(as_called(&typed, &compiler), None);
    }
}

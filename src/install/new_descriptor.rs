//! The descriptors of a finished toolchain: how the drivers use it.

use super::build_inputs::Inputs;
use super::compat;
use super::functions;
use super::malloc;
use super::place::ToolchainPlace;
use super::selftest::TestedCompiler;
use super::specs;
use super::sysroot::Sysroot;
use crate::model::{Family, Language, Libc, StaticKind};
use crate::toolchain::built_with::stamp;
use crate::toolchain::descriptor::{Descriptor, FIRST, HeaderSearch, SCHEMA};
use crate::toolchain::{Allocator, Facts, ProgramsRun, Recipe};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A build in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FinishedBuild<'a> {
    /// What it was made from.
    pub inputs: &'a Inputs,
    pub tree: &'a Sysroot,
    pub place: &'a ToolchainPlace,
    pub id: &'a str,
}

impl FinishedBuild<'_> {
    fn kinds(&self) -> BTreeMap<StaticKind, Recipe> {
        let mut kinds = vec![StaticKind::Static];
        // musl 1.1.5 and newer.
        if self.tree.lib().join("rcrt1.o").is_file() {
            kinds.push(StaticKind::StaticPie);
        }
        kinds.into_iter().map(|k| (k, Recipe { before: vec![k.flag().into()], after: Vec::new() })).collect()
    }

    fn specs_word(&self) -> String {
        format!("-specs={}", self.tree.specs().display())
    }

    /// The compiler as the self-test uses it.
    pub(crate) fn compiler(&self, language: Language) -> Option<TestedCompiler> {
        let program = if language == Language::C { &self.inputs.cc } else { &self.inputs.cxx };
        Some(TestedCompiler {
            words: vec![program.into(), OsString::from(self.specs_word())],
            env: self.inputs.env.clone(),
            mended: None,
            facts: Facts {
                linker: String::new(),
                family: Family::Gcc,
                version: self.inputs.version.clone(),
                major: 0,
                triple: self.inputs.triple(),
                libc: Libc::Musl,
                glibc: None,
                default_pie: true,
                as_needed: false,
                library_dirs: Vec::new(),
                kinds: self.kinds(),
                runs: ProgramsRun::Here,
                repairs: None,
                off: BTreeMap::new(),
                object: None,
                tried: false,
                undecided: None,
                allocator: None,
                functions: None,
                compat: None,
                missing: BTreeMap::new(),
            },
        })
    }

    /// The descriptors as files, by their names: for GCC, and for Clang if the machine has it.
    pub(crate) fn descriptors(&self) -> Vec<(OsString, Vec<u8>)> {
        let gcc = self.descriptor(&self.place.name, "GCC", &self.inputs.cc, &self.inputs.cxx, vec![self.specs_word()]);
        let clang = self.inputs.clang.as_ref().map(|(cc, cxx)| {
            let options = specs::clang(&self.tree.root, &self.place.prefix, &self.inputs.arch);
            let mut d = self.descriptor(&format!("{}-clang", self.place.name), "Clang", cc, cxx, options);
            d.family = Some(Family::Clang);
            d
        });
        let text = |d: Descriptor| serde_json::to_vec_pretty(&d).unwrap_or_default();
        let gcc = (OsString::from(FIRST), text(gcc));
        std::iter::once(gcc).chain(clang.map(|d| ("toolchain-clang.json".into(), text(d)))).collect()
    }

    fn descriptor(&self, name: &str, family: &str, cc: &Path, cxx: &Path, compile_args: Vec<String>) -> Descriptor {
        let word = |p: &Path| vec![vec![p.to_string_lossy().into_owned()]];
        let lib = self.tree.lib();
        Descriptor {
            schema: SCHEMA,
            name: name.into(),
            description: format!(
                "musl {} with the machine's {family} and libstdc++ {}",
                self.inputs.musl.version, self.inputs.number
            ),
            languages: vec![Language::C, Language::Cxx],
            find: [(Language::C, word(cc)), (Language::Cxx, word(cxx))].into(),
            target: Some(self.inputs.triple()),
            libc: Some(Libc::Musl),
            family: None,
            compile_args,
            libc_dirs: vec![self.place.prefix.join("lib"), lib.clone(), self.tree.gcc()],
            search: HeaderSearch::LibcDirs,
            kinds: self.kinds(),
            install: BTreeMap::new(),
            allocator: Some(Allocator { offered: lib.join(malloc::ARCHIVE), object: lib.join(malloc::OBJECT) }),
            functions: functions::built(&lib),
            compat: compat::built(&lib),
            prefix: Some(self.place.prefix.clone()),
            built_with: stamp(cxx),
            manifest: Some(self.manifest()),
            packed: None,
            facts: None,
        }
    }

    fn manifest(&self) -> PathBuf {
        self.place.build(self.id).join("manifest.json")
    }
}

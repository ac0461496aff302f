//! What goes into a pack: its compilers, one for each target, and the C libraries of each.

use super::gcc_installation::GccInstallation;
use super::pack_error::PackError;
use super::packed_libc::PackedLibc;
use super::packed_programs::{PackedLanguage, compiler_names};
use crate::install::Manifest;
use crate::model::{Language, Libc};
use crate::settings::Settings;
use crate::toolchain::descriptor::{Descriptor, HERE, HeaderSearch, SCHEMA};
use crate::toolchain::find::Chain;
use crate::toolchain::packed::{FACTS, MANIFEST};
use crate::toolchain::select::{GENERIC, command_of, resolve};
use crate::toolchain::{Allocator, FastFunctions, SelectError};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What a user asks for.
#[derive(Debug, Clone)]
pub(crate) struct PackRequest {
    /// The toolchain for the first target; by default the usual one of its C library.
    pub name: Option<OsString>,
    pub languages: BTreeSet<PackedLanguage>,
    /// Architectures, as in triples.
    pub targets: Vec<String>,
    pub libcs: Vec<PackedLibc>,
}

/// A compiler for one target.
#[derive(Debug)]
pub(crate) struct PlannedCompiler {
    pub gcc: GccInstallation,
    /// Architecture of its programs.
    pub arch: String,
    /// It is the one that is meant by names without a target.
    pub native: bool,
    /// Its C libraries, the usual one first.
    pub libcs: Vec<PlannedLibc>,
}

/// A C library for a compiler.
#[derive(Debug)]
pub(crate) struct PlannedLibc {
    pub libc: PackedLibc,
    /// The toolchain of this machine that it is from.
    pub source: Descriptor,
    /// What is known of it, if it was built here.
    pub manifest: Option<Manifest>,
}

/// Why a plan can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error(transparent)]
    Pack(#[from] PackError),
    /// musl has to be built first.
    #[error("the toolchain `{name}` was not built here")]
    NotBuilt { name: String, arch: String },
    #[error("`{name}` has no compiler here")]
    NoCompiler { name: String, arch: String },
    /// Not with this C library.
    #[error("the musl toolchain has no run-time library for Fortran")]
    NoFortran,
    #[error("`{0}` is no architecture, as in `x86_64` or `aarch64`")]
    NoArchitecture(String),
}

impl PlanError {
    /// The next command to type.
    pub(crate) fn hint(&self) -> Option<String> {
        let own = std::env::consts::ARCH;
        match self {
            PlanError::Select(error) => error.hint(),
            PlanError::Pack(error) => error.hint(),
            PlanError::NotBuilt { arch, .. } if arch == own => Some("staticctl toolchain install musl".into()),
            PlanError::NotBuilt { arch, .. } => Some(format!("staticctl toolchain install musl --target {arch}")),
            PlanError::NoCompiler { arch, .. } => {
                Some(format!("`apt-get install g++-{}-linux-gnu` installs one on Debian", arch.replace('_', "-")))
            }
            PlanError::NoFortran => Some("`--libc glibc` or `--libc glibc,musl` packs it with glibc".into()),
            PlanError::NoArchitecture(_) => None,
        }
    }
}

/// Finds the compilers and C libraries.
///
/// # Errors
/// One that is not here.
pub(crate) fn plan(settings: &Settings, request: &PackRequest) -> Result<Vec<PlannedCompiler>, PlanError> {
    let of = |arch: &String| compiler(settings, request, arch, request.targets.first() == Some(arch));
    request.targets.iter().map(of).collect()
}

fn compiler(settings: &Settings, request: &PackRequest, arch: &str, first: bool) -> Result<PlannedCompiler, PlanError> {
    if arch.is_empty() || !arch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(PlanError::NoArchitecture(arch.to_owned()));
    }
    let native = arch == std::env::consts::ARCH;
    let named = request.name.as_ref().filter(|_| first).map(|name| resolve(settings, name)).transpose()?;
    let mut libcs = Vec::new();
    for libc in &request.libcs {
        let wanted = if *libc == PackedLibc::Musl { Libc::Musl } else { Libc::Glibc };
        let usual = match (libc, native) {
            (PackedLibc::Musl, true) => "musl".to_owned(),
            (PackedLibc::Musl, false) => format!("{arch}-linux-musl"),
            (PackedLibc::Glibc, true) => GENERIC.to_owned(),
            (PackedLibc::Glibc, false) => format!("{arch}-linux-gnu"),
        };
        // The machine's own compiler does not say which it has.
        let named = named.clone().filter(|d| d.libc.unwrap_or(Libc::Glibc) == wanted);
        let source = match named {
            Some(named) => named,
            None => resolve(settings, OsStr::new(&usual))
                .map_err(|_| PlanError::NotBuilt { name: usual, arch: arch.to_owned() })?,
        };
        let manifest = source.manifest.as_deref().and_then(Manifest::load);
        if *libc == PackedLibc::Musl {
            if manifest.is_none() {
                return Err(PlanError::NotBuilt { name: source.name, arch: arch.to_owned() });
            }
            if request.languages.contains(&PackedLanguage::Fortran) && libcs.is_empty() {
                return Err(PlanError::NoFortran);
            }
        }
        libcs.push(PlannedLibc { libc: *libc, source, manifest });
    }
    let chain = Chain::of(settings);
    let command = libcs.first().and_then(|l| command_of(&l.source, Language::C, settings, &chain));
    let Some(program) = command.as_ref().and_then(|words| words.first()) else {
        let name = libcs.first().map_or(String::new(), |l| l.source.name.clone());
        return Err(PlanError::NoCompiler { name, arch: arch.to_owned() });
    };
    let env = [(crate::options::REAL_COMPILER.name.into(), chain.with(Path::new(program)))];
    let gcc = GccInstallation::of(Path::new(program), &env)?;
    Ok(PlannedCompiler { gcc, arch: arch.to_owned(), native, libcs })
}

impl PlannedLibc {
    /// The directory of a toolchain that was built here.
    pub(crate) fn built(&self) -> Option<&Path> {
        self.source.manifest.as_deref()?.parent()
    }
}

impl PlannedCompiler {
    /// The names of compilers that lead to this program.
    pub(crate) fn names(&self, languages: &BTreeSet<PackedLanguage>) -> Vec<String> {
        let musl = self.libcs.iter().any(|l| l.libc == PackedLibc::Musl);
        compiler_names(&self.gcc, languages, self.native, musl)
    }

    /// Major version.
    pub(crate) fn major(&self) -> &str {
        self.gcc.version.split('.').next().unwrap_or_default()
    }

    /// What the toolchain of a C library is called.
    pub(crate) fn toolchain_name(&self, libc: PackedLibc) -> String {
        let target = if self.native { String::new() } else { format!("{}-", self.arch) };
        format!("gcc-{}-{target}{}", self.major(), libc.directory())
    }

    /// The specs file of a C library that is not the usual one.
    pub(crate) fn further_specs(&self, libc: PackedLibc) -> Result<PathBuf, PackError> {
        Ok(self.gcc.place(&self.gcc.home)?.join(format!("{}.specs", libc.directory())))
    }

    /// The descriptor of a C library, for a file at the top of the tree.
    ///
    /// # Errors
    /// The compiler is not below its prefix.
    pub(crate) fn descriptor(
        &self,
        of: &PlannedLibc,
        languages: &BTreeSet<PackedLanguage>,
    ) -> Result<Descriptor, PackError> {
        let home = self.gcc.place(&self.gcc.home)?;
        let here = |path: &Path| format!("{HERE}{}", path.display());
        let dir = home.join(of.libc.directory());
        let target =
            if of.libc == PackedLibc::Musl { format!("{}-linux-musl", self.arch) } else { self.gcc.triple.clone() };
        let libc_dirs = match of.libc {
            PackedLibc::Musl => {
                vec![dir.join("local/lib"), dir.join("lib"), dir.join("lib/gcc").join(&target).join(self.major())]
            }
            PackedLibc::Glibc => vec![dir.join("local/lib"), dir.join("lib"), home.clone()],
        };
        let is_usual = self.libcs.first().is_some_and(|first| first.libc == of.libc);
        let specs = if is_usual { None } else { Some(format!("-specs={}", here(&self.further_specs(of.libc)?))) };
        let command = |name: &str| {
            let name = if self.native { name.to_owned() } else { format!("{}-{name}", self.gcc.triple) };
            vec![vec![here(&Path::new("/usr/bin").join(name))]]
        };
        let both = [(Language::C, "gcc", PackedLanguage::C), (Language::Cxx, "g++", PackedLanguage::Cxx)];
        let both = both.into_iter().filter(|(_, _, l)| *l == PackedLanguage::C || languages.contains(l));
        let find: BTreeMap<_, _> = both.map(|(language, name, _)| (language, command(name))).collect();
        let inside = |path: &Path| Some(here(&dir.join("lib").join(path.file_name()?)).into());
        let allocator = of
            .source
            .allocator
            .as_ref()
            .and_then(|a| Some(Allocator { offered: inside(&a.offered)?, object: inside(&a.object)? }));
        let functions = of.source.functions.as_ref().and_then(|f| {
            let (offered, defined, rest) = (inside(&f.offered)?, inside(&f.defined)?, inside(&f.rest)?);
            Some(FastFunctions { offered, defined, objects: inside(&f.objects)?, rest })
        });
        let musl = of.manifest.as_ref().map(|m| format!("musl {}", m.musl));
        Ok(Descriptor {
            schema: SCHEMA,
            name: self.toolchain_name(of.libc),
            description: format!("GCC {} with {}, packed", self.gcc.version, musl.unwrap_or_else(|| "glibc".into())),
            languages: find.keys().copied().collect(),
            find,
            target: Some(target),
            libc: Some(if of.libc == PackedLibc::Musl { Libc::Musl } else { Libc::Glibc }),
            family: None,
            compile_args: specs.into_iter().collect(),
            libc_dirs: libc_dirs.iter().map(|d| here(d).into()).collect(),
            search: HeaderSearch::LibcDirs,
            kinds: of.source.kinds.clone(),
            install: BTreeMap::new(),
            allocator,
            functions,
            compat: of.source.compat.as_ref().and_then(|archive| inside(archive)),
            prefix: None,
            built_with: None,
            manifest: None,
            packed: Some(here(&Path::new("/").join(MANIFEST)).into()),
            facts: Some(here(&Path::new("/").join(FACTS)).into()),
        })
    }
}

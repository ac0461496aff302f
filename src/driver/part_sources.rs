//! What a link offers to a program, file by file, with the package of each.

use super::link_job::LinkJob;
use crate::files::RealPaths;
use crate::install::{self, Manifest};
use crate::libs::Provider;
use crate::pack::PackManifest;
use crate::packages::{self, LinkedOwners};
use crate::parts::linked_parts::{PartKind, PartSource};
use crate::settings::Settings;
use crate::toolchain::packed;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files of a toolchain that every program has, of which the first of each name is looked for.
const ALWAYS: [&str; 14] = [
    "crt1.o",
    "rcrt1.o",
    "crti.o",
    "crtn.o",
    "crtbegin.o",
    "crtbeginS.o",
    "crtbeginT.o",
    "crtend.o",
    "crtendS.o",
    "libc.a",
    "libm.a",
    "libgcc.a",
    "libgcc_eh.a",
    "libstdc++.a",
];

/// All that the link offers.
pub(super) fn sources(settings: &Settings, job: &LinkJob, owners: &PartOwners) -> Vec<PartSource> {
    let libraries = &job.resolution.libraries;
    let mut files: Vec<PathBuf> = libraries.iter().map(|l| l.path.clone()).collect();
    let dirs = &job.facts.library_dirs;
    let first = |name: &&str| dirs.iter().map(|dir| dir.join(name)).find(|file| file.is_file());
    let known = files.clone();
    files.extend(ALWAYS.iter().filter_map(first).filter(|file| !known.contains(file)));
    files.extend(job.facts.repairs.iter().flat_map(|repairs| repairs.files()));
    files.extend(of_descriptor(job));
    let purls = owners.of(settings, &files);
    let mut sources = Vec::new();
    for (at, (file, purl)) in files.into_iter().zip(purls).enumerate() {
        let Some(library) = libraries.get(at) else {
            let mut source = owners.plain(file, purl);
            source.places.extend(objects_of(job, &source.file, owners));
            sources.push(source);
            continue;
        };
        let kind = match library.provider {
            Provider::Archive => PartKind::Archive,
            Provider::FatShared => PartKind::Carried,
            Provider::Converted => PartKind::Converted,
            Provider::Plugin => PartKind::Plugin,
        };
        let replaced =
            job.resolution.places.iter().filter(|(_, index)| *index == at).map(|(place, _)| owners.paths.of(place));
        let is_it = |module: &PathBuf| *module == library.path || Some(module) == library.twin.as_ref();
        let modules =
            job.resolution.modules.iter().filter(|(_, module)| is_it(module)).map(|(place, _)| owners.paths.of(place));
        let places = std::iter::once(owners.paths.of(&file)).chain(replaced).chain(modules).collect();
        // A crate is what the parts are in.
        let own = purl.is_none() && file.as_os_str().as_encoded_bytes().ends_with(b".rlib");
        let file = library.twin.clone().filter(|_| kind == PartKind::Carried).unwrap_or(file);
        let build_id = library.build_id.clone();
        sources.push(PartSource { places, file, kind, purl, build_id, sha256: None, own });
    }
    sources.extend(converted_program(settings, job, owners));
    sources
}

/// The toolchain's allocator, faster functions and those that its libc lacks, as far as they are on the line.
fn of_descriptor(job: &LinkJob) -> Vec<PathBuf> {
    let facts = &job.facts;
    let allocator = facts.allocator.iter().flat_map(|a| [&a.offered, &a.object]);
    let functions = facts.functions.iter().flat_map(|f| [&f.offered, &f.defined, &f.rest]);
    let on_line = |file: &&PathBuf| {
        let file = file.as_os_str().as_encoded_bytes();
        job.plan.argv.iter().any(|word| word.as_encoded_bytes().ends_with(file))
    };
    allocator.chain(functions).chain(&facts.compat).filter(on_line).cloned().collect()
}

/// The files of the objects that the built-in linker gets in place of one of these archives.
fn objects_of(job: &LinkJob, archive: &Path, owners: &PartOwners) -> Vec<PathBuf> {
    let of_allocator = job.facts.allocator.iter().filter(|a| a.offered == archive).map(|a| owners.paths.of(&a.object));
    let functions = job.facts.functions.iter().filter(|f| f.offered == archive);
    // Regular files of a directory whose real path is asked for once.
    let entries = functions.filter_map(|f| fs::read_dir(owners.paths.of(&f.objects)).ok()).flatten().flatten();
    of_allocator.chain(entries.map(|entry| entry.path())).collect()
}

/// The program that is converted, if one is.
fn converted_program(settings: &Settings, job: &LinkJob, owners: &PartOwners) -> Option<PartSource> {
    let program = job.store.converted.as_ref()?.policy().program.clone()?;
    let owner = if settings.hermetic { None } else { packages::owner(settings, &program.path) };
    let purl = owner.map(|package| package.purl);
    Some(PartSource {
        places: [&program.place, &program.members()].map(|place| owners.paths.of(place)).into(),
        file: program.path.clone(),
        kind: PartKind::Converted,
        own: purl.is_none(),
        purl,
        build_id: None,
        sha256: None,
    })
}

/// Code of this program's own.
const OURS: &str = concat!("pkg:generic/staticcxx@", env!("CARGO_PKG_VERSION"));

/// Whose files are whose: the machine's packages', the toolchain's, this program's.
pub(super) struct PartOwners {
    linked: LinkedOwners,
    toolchain: OfToolchain,
    ours: OurFiles,
    pub paths: RealPaths,
}

impl PartOwners {
    pub(super) fn open(settings: &Settings, job: &LinkJob) -> PartOwners {
        let (linked, paths) = (LinkedOwners::open(settings), RealPaths::default());
        let toolchain = OfToolchain::of(settings, job, &linked, &paths);
        PartOwners { linked, toolchain, ours: OurFiles::of(settings, job, &paths), paths }
    }

    /// The package URLs of files, in their order.
    pub(super) fn of(&self, settings: &Settings, files: &[PathBuf]) -> Vec<Option<String>> {
        let owners = self.linked.of(settings, &self.paths, files).into_iter().zip(files);
        let of_toolchain = |file: &PathBuf| self.toolchain.purl(&self.paths.of(file));
        owners.map(|(owner, file)| owner.map(|p| p.purl).or_else(|| of_toolchain(file))).collect()
    }

    /// A file that is linked in as it is.
    pub(super) fn plain(&self, file: PathBuf, purl: Option<String>) -> PartSource {
        let name = file.as_os_str().as_encoded_bytes();
        // An object that no package has, and a crate, are what the parts are in.
        let own = purl.is_none() && (name.ends_with(b".o") || name.ends_with(b".rlib"));
        let place = self.paths.of(&file);
        let ours = purl.is_none() && self.ours.has(&place);
        let kind = match name.ends_with(b".o") {
            _ if ours => PartKind::Ours,
            true => PartKind::Object,
            false => PartKind::Archive,
        };
        let purl = if ours { Some(OURS.to_owned()) } else { purl };
        let is_note = file.file_name().is_some_and(|n| n == "parts.o");
        PartSource {
            places: vec![place],
            file,
            kind,
            purl,
            build_id: None,
            sha256: None,
            own: own && !ours || ours && is_note,
        }
    }
}

/// What was made by this program, for this link or for all of a compiler.
struct OurFiles {
    dirs: Vec<PathBuf>,
    files: HashSet<PathBuf>,
}

impl OurFiles {
    fn of(settings: &Settings, job: &LinkJob, paths: &RealPaths) -> OurFiles {
        let dirs = settings.cache_dir.as_deref().into_iter().chain(job.store.made_dir());
        let repairs = job.facts.repairs.iter().flat_map(|repairs| repairs.files());
        OurFiles { dirs: dirs.map(real).collect(), files: repairs.map(|file| paths.of(&file)).collect() }
    }

    /// Whether a file, by its real path, is one of them.
    fn has(&self, file: &Path) -> bool {
        self.files.contains(file) || self.dirs.iter().any(|dir| file.starts_with(dir))
    }
}

pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// What the files of a toolchain of ours are from.
enum OfToolchain {
    /// It is the machine's own.
    Machine,
    /// musl, with libraries that were built of GCC's sources; below this directory.
    Musl { dir: PathBuf, musl: String, gcc: String },
    /// A packed one, which names the packages of its files.
    Packed { tree: PathBuf, purls: BTreeMap<PathBuf, String> },
}

impl OfToolchain {
    fn of(settings: &Settings, job: &LinkJob, linked: &LinkedOwners, paths: &RealPaths) -> OfToolchain {
        let descriptor = &job.selected.descriptor;
        if let Some(tree) = packed::tree_of(descriptor) {
            let purls = PackManifest::load(&tree).map(|manifest| manifest.purls()).unwrap_or_default();
            return OfToolchain::Packed { tree: real(&tree), purls };
        }
        let manifest = descriptor.manifest.as_deref().and_then(Manifest::load);
        let (Some(manifest), Some(prefix)) = (manifest, &descriptor.prefix) else { return OfToolchain::Machine };
        let mut owners =
            linked.of(settings, paths, &[manifest.musl_archive.clone(), manifest.source.clone()]).into_iter();
        let mut purl = |name: &str, version: &str| {
            owners.next().flatten().map_or_else(|| format!("pkg:generic/{name}@{version}"), |package| package.purl)
        };
        let musl = purl("musl", &manifest.musl);
        let gcc = purl("gcc", &manifest.source_version);
        OfToolchain::Musl { dir: real(&prefix.join("toolchain")), musl, gcc }
    }

    /// Of a file by its real path.
    fn purl(&self, file: &Path) -> Option<String> {
        match self {
            OfToolchain::Machine => None,
            OfToolchain::Packed { tree, purls } => purls.get(file.strip_prefix(tree).ok()?).cloned(),
            OfToolchain::Musl { dir, musl, gcc } => {
                let name = file.strip_prefix(dir).ok()?.file_name()?.to_str()?;
                Some(match OF_GCC.iter().any(|start| name.starts_with(start)) {
                    true => gcc.clone(),
                    false if install::is_own(file) => OURS.to_owned(),
                    false => musl.clone(),
                })
            }
        }
    }
}

/// How the names of GCC's own libraries and start files begin.
const OF_GCC: [&str; 7] = ["libstdc++", "libsupc++", "libgcc", "libgomp", "libatomic", "crtbegin", "crtend"];

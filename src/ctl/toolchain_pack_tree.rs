//! The tree of a packed toolchain.

use super::output::{Reported, report_error, unwritable};
use crate::bundle::bundle_dir;
use crate::check;
use crate::install;
use crate::libs::ld_so;
use crate::pack::PackError;
use crate::pack::pack_manifest::{self, Origins, PackagesOfFiles, PackedPackage};
use crate::pack::pack_plan::{PackRequest, PlannedCompiler, PlannedLibc};
use crate::pack::pack_specs::{FILE, PackSpecs};
use crate::pack::packed_libc::{self, PackedLibc, made};
use crate::pack::packed_programs::{PackedPrograms, tool_names};
use crate::rootfs::tree::{FileContent, FileTree, Node, TreeError};
use crate::settings::Settings;
use crate::toolchain::Repairs;
use crate::toolchain::packed::{BIN, PackedFacts};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The compilers of a pack, with their programs.
pub(super) type Compilers = Vec<(PlannedCompiler, PackedPrograms)>;

/// This program's place in a tree.
pub(super) const OWN_PROGRAM: &str = "bin/staticctl";

/// The other names of this program; `true` is what icecream runs to see whether an environment works (its
/// `icecc-create-env` puts one in).
const OWN_NAMES: [&str; 4] = ["staticcc", "staticcxx", "staticfc", "true"];

/// A tree, and what it is from.
pub(super) struct MadeTree {
    pub tree: FileTree,
    pub packages: Vec<PackedPackage>,
    pub packages_of: PackagesOfFiles,
}

/// Makes the tree without what is measured in it. `converted` has the file for each program's place.
pub(super) fn make(
    settings: &Settings,
    compilers: &Compilers,
    request: &PackRequest,
    converted: &BTreeMap<PathBuf, PathBuf>,
) -> Result<MadeTree, Reported> {
    let mut tree = FileTree::default();
    let mut origins = Origins::new();
    let mut build = || -> Result<(), PackError> {
        for (place, file) in converted {
            let size = fs::metadata(file).map_err(crate::pack::pack_error::at(file, "read"))?.len();
            let node = Node::File { content: FileContent::File(file.clone(), size), executable: true };
            tree.put(place, node, "a program")?;
        }
        for (compiler, programs) in compilers {
            add_compiler(settings, &mut tree, compiler, request)?;
            add_names(&mut tree, compiler, programs, request)?;
            for program in &programs.programs {
                origins.insert(below(&program.to), with_libraries(settings, &program.from));
            }
            for libc in compiler.libcs.iter().filter(|l| l.libc == PackedLibc::Musl) {
                origins.extend(of_musl(&tree, compiler, libc)?);
            }
        }
        add_own(&mut tree, compilers, request)
    };
    build().map_err(reported)?;
    origins.insert(OWN_PROGRAM.into(), Vec::new());
    let (packages, packages_of) = pack_manifest::add_packages(settings, &mut tree, &origins).map_err(reported)?;
    Ok(MadeTree { tree, packages, packages_of })
}

fn reported(error: PackError) -> Reported {
    let hint = error.hint();
    report_error(error, hint)
}

/// A place in the tree as a relative path.
fn below(place: &Path) -> PathBuf {
    place.strip_prefix("/").unwrap_or(place).to_owned()
}

/// Headers and libraries of one compiler, and the specs that lead to them.
fn add_compiler(
    settings: &Settings,
    tree: &mut FileTree,
    compiler: &PlannedCompiler,
    request: &PackRequest,
) -> Result<(), PackError> {
    let gcc = &compiler.gcc;
    packed_libc::add_compiler_files(tree, gcc)?;
    let built_in = gcc.ask("-dumpspecs");
    let mut usual: Option<PackSpecs> = None;
    for libc in &compiler.libcs {
        let specs = match (libc.libc, libc.built()) {
            (PackedLibc::Musl, Some(built)) => packed_libc::add_musl(tree, gcc, built)?,
            (PackedLibc::Musl, None) => continue,
            (PackedLibc::Glibc, _) => packed_libc::add_glibc(tree, settings, gcc, &request.languages)?,
        };
        match &usual {
            None => {
                let place = gcc.place(&gcc.home)?.join(FILE);
                tree.put(&place, made(specs.whole(&built_in)), "specs")?;
                usual = Some(specs);
            }
            Some(usual) => {
                let place = compiler.further_specs(libc.libc)?;
                tree.put(&place, made(specs.instead_of(usual, &built_in)), "specs")?;
            }
        }
    }
    Ok(())
}

/// Further names of programs, and those in `bin/`.
fn add_names(
    tree: &mut FileTree,
    compiler: &PlannedCompiler,
    programs: &PackedPrograms,
    request: &PackRequest,
) -> Result<(), PackError> {
    for (link, to) in &programs.links {
        link_to(tree, link, to)?;
    }
    let bin = Path::new("/").join(BIN);
    for (name, to) in tool_names(programs) {
        link_to(tree, &bin.join(name), &to)?;
    }
    for name in compiler.names(&request.languages) {
        link_to(tree, &bin.join(name), &Path::new("/").join(OWN_PROGRAM))?;
    }
    Ok(())
}

/// A relative link between two places of the tree.
fn link_to(tree: &mut FileTree, link: &Path, to: &Path) -> Result<(), TreeError> {
    let (from, common) = (link.parent().unwrap_or(Path::new("/")), |a: &Path, b: &Path| {
        a.components().zip(b.components()).take_while(|(a, b)| a == b).count()
    });
    let shared = common(from, to);
    let up = from.components().skip(shared).map(|_| Path::new(".."));
    let down: PathBuf = to.components().skip(shared).collect();
    let target: PathBuf = up.collect::<PathBuf>().join(down);
    tree.put(link, Node::Link { target }, "a name")
}

/// This program's other names, its licence, and the descriptors.
fn add_own(tree: &mut FileTree, compilers: &Compilers, request: &PackRequest) -> Result<(), PackError> {
    let own = Path::new("/").join(OWN_PROGRAM);
    for name in OWN_NAMES {
        link_to(tree, &own.with_file_name(name), &own)?;
    }
    let licences = [include_str!("../../LICENSE-MIT"), "\n\n", include_str!("../../LICENSE-APACHE")].concat();
    tree.put(Path::new("/share/doc/staticcxx/copyright"), made(licences), "our licences")?;
    let mut first = true;
    for (compiler, _) in compilers {
        for libc in &compiler.libcs {
            let descriptor = compiler.descriptor(libc, &request.languages)?;
            let name = match std::mem::take(&mut first) {
                true => "toolchain.json".to_owned(),
                false => format!("toolchain-{}.json", descriptor.name),
            };
            let text = serde_json::to_string_pretty(&descriptor).unwrap_or_default();
            tree.put(&Path::new("/").join(name), made(text + "\n"), "a descriptor")?;
        }
    }
    Ok(())
}

/// A program and the shared objects that it needs, which are in it now.
fn with_libraries(settings: &Settings, program: &Path) -> Vec<PathBuf> {
    let mut files = vec![program.to_owned()];
    if let Ok(image) = check::inspect_headers(program) {
        files.extend(ld_so::load_list(program, &image, &settings.loader_path()).loaded.into_iter().map(|l| l.path));
    }
    files
}

/// What the files of a musl toolchain were made from: none of them is a package's.
fn of_musl(tree: &FileTree, compiler: &PlannedCompiler, of: &PlannedLibc) -> Result<Origins, PackError> {
    const OF_THE_CXX_LIBRARY: [&str; 5] =
        ["include/c++", "lib/libstdc++", "lib/libsupc++", "lib/libgomp", "lib/libatomic"];
    let (Some(manifest), gcc) = (&of.manifest, &compiler.gcc) else { return Ok(Origins::new()) };
    let home = below(&gcc.place(&gcc.home)?.join("musl"));
    let origin = |path: &Path| {
        let name = path.strip_prefix(&home).ok()?.to_str()?;
        let starts = |beginnings: &[&str]| beginnings.iter().any(|b| name.starts_with(b));
        let is_kernel = || {
            let dir = name.strip_prefix("include/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
            crate::install::build_inputs::KERNEL_DIRS.contains(&dir)
        };
        Some(match () {
            () if starts(&OF_THE_CXX_LIBRARY) => vec![manifest.source.clone()],
            () if starts(&["lib/gcc/"]) => vec![gcc.home.join("libgcc.a")],
            // The allocator's licence lies beside it.
            () if install::is_own(path) => Vec::new(),
            () if name.strip_prefix("include/").is_some_and(install::is_own_header) => Vec::new(),
            () if is_kernel() => vec![manifest.kernel_header.clone()],
            () => vec![manifest.musl_archive.clone()],
        })
    };
    let files = tree.iter().filter(|(_, node)| matches!(node, Node::File { .. }));
    Ok(files.filter_map(|(path, _)| Some((path.to_owned(), origin(path)?))).collect())
}

/// Writes the tree into a directory.
pub(super) fn write(tree: &FileTree, to: &Path) -> Result<(), Reported> {
    bundle_dir::write(tree, to).map_err(|(path, error)| unwritable(&path, &error))
}

/// Copies the repairs of glibc, which were made in a cache, into the tree.
pub(super) fn take_repairs(facts: &mut PackedFacts, compilers: &Compilers, tree: &Path) -> Result<(), Reported> {
    for (compiler, _) in compilers {
        let home = compiler.gcc.place(&compiler.gcc.home).map_err(reported)?;
        for (language, facts) in facts.toolchains.values_mut().flatten() {
            let Some(repairs) = facts.repairs.take() else { continue };
            let Some(from) = repairs.files().first().and_then(|f| f.parent()).map(Path::to_owned) else { continue };
            if facts.arch() != compiler.arch || from.starts_with(tree) {
                facts.repairs = Some(repairs);
                continue;
            }
            let to = tree.join(below(&home)).join("glibc/repairs").join(language.to_string());
            copy_files(&from, &to).map_err(|e| unwritable(&to, &e))?;
            facts.repairs = moved(&repairs, &from, &to);
        }
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten().filter(|e| e.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The same repairs in another directory.
fn moved(repairs: &Repairs, from: &Path, to: &Path) -> Option<Repairs> {
    let text = serde_json::to_string(repairs).ok()?;
    serde_json::from_str(&text.replace(from.to_str()?, to.to_str()?)).ok()
}

//! The C library of a packed toolchain, and what GCC itself has for programs.

use super::gcc_installation::GccInstallation;
use super::pack_error::{PackError, at};
use super::pack_specs::PackSpecs;
use super::packed_programs::{LTO_PLUGIN, PackedLanguage};
use crate::packages;
use crate::rootfs::tree::{DIRECTORY, FileContent, FileTree, Node};
use crate::run::Command;
use crate::run::capture::capture;
use crate::settings::Settings;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A C library for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PackedLibc {
    /// musl, from `staticctl toolchain install musl`
    Musl,
    /// glibc, the machine's own
    Glibc,
}

impl PackedLibc {
    /// Its directory beside GCC's own files.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            PackedLibc::Musl => "musl",
            PackedLibc::Glibc => "glibc",
        }
    }
}

/// A file of our own making.
pub(crate) fn made(text: impl Into<Vec<u8>>) -> Node {
    Node::File { content: FileContent::Bytes(Cow::Owned(text.into())), executable: false }
}

/// Directories beside GCC's headers with those of compilers that are not packed: D and Objective-C.
const OF_OTHER_LANGUAGES: [&str; 2] = ["d", "objc"];

/// What is for programs of both C libraries: GCC's own headers, and the plugin that its drivers look for before they pass
/// its name to the linker.
///
/// # Errors
/// A file that can't be read.
pub(crate) fn add_compiler_files(tree: &mut FileTree, gcc: &GccInstallation) -> Result<(), PackError> {
    let home = gcc.place(&gcc.home)?;
    for dir in ["include", "include-fixed"] {
        let entries = fs::read_dir(gcc.home.join(dir)).into_iter().flatten().flatten();
        let own = entries.filter(|entry| !OF_OTHER_LANGUAGES.iter().any(|name| entry.file_name() == *name));
        for entry in own {
            tree.add(&entry.path(), &home.join(dir).join(entry.file_name()))?;
        }
    }
    if let Some(plugin) = gcc.file(LTO_PLUGIN) {
        let plugin = fs::canonicalize(&plugin).map_err(at(&plugin, "read"))?;
        let beside = gcc.part("lto-wrapper").unwrap_or_else(|| gcc.home.join("lto-wrapper"));
        tree.add(&plugin, &gcc.place(&beside)?.with_file_name(LTO_PLUGIN))?;
        // Where binutils look for plugins by themselves.
        tree.add(&plugin, &Path::new("/usr/lib/bfd-plugins").join(LTO_PLUGIN))?;
    }
    Ok(())
}

/// musl and the C++ library, from a toolchain that was built here: `built` is its directory.
///
/// # Errors
/// A file that can't be read.
pub(crate) fn add_musl(tree: &mut FileTree, gcc: &GccInstallation, built: &Path) -> Result<PackSpecs, PackError> {
    let home = gcc.place(&gcc.home)?.join("musl");
    for part in ["include", "lib"] {
        tree.add(&built.join(part), &home.join(part))?;
        tree.put(&home.join("local").join(part), DIRECTORY, "musl")?;
    }
    let specs = built.join("musl.specs");
    let text = fs::read_to_string(&specs).map_err(at(&specs, "read"))?;
    let arch = gcc.triple.split('-').next().unwrap_or_default();
    let major = gcc.version.split('.').next().unwrap_or_default();
    Ok(PackSpecs::musl(arch, major, text.contains("pack-relative-relocs")))
}

/// Libraries of GCC's for static programs, by the beginnings of their names; sanitizers' need a dynamic program.
const OF_GCC: [&str; 13] = [
    "crt",
    "libatomic",
    "libcaf_",
    "libgcc",
    "libgcov",
    "libgfortran",
    "libgomp",
    "libitm",
    "libquadmath",
    "libssp",
    "libstdc++",
    "libsupc++",
    "finclude",
];

/// The machine's own glibc, with the C++ library and Fortran's.
///
/// # Errors
/// A file that can't be read, or no package manager that knows whose the headers are.
pub(crate) fn add_glibc(
    tree: &mut FileTree,
    settings: &Settings,
    gcc: &GccInstallation,
    languages: &BTreeSet<PackedLanguage>,
) -> Result<PackSpecs, PackError> {
    let home = gcc.place(&gcc.home)?;
    let own = |name: &str| OF_GCC.iter().any(|n| name.starts_with(n)) && !name.ends_with(".so");
    let entries = fs::read_dir(&gcc.home).map_err(at(&gcc.home, "read"))?;
    for entry in entries.flatten().filter(|e| e.file_name().to_str().is_some_and(own)) {
        tree.add(&entry.path(), &home.join(entry.file_name()))?;
    }
    let glibc = home.join("glibc");
    for part in ["include", "lib"] {
        tree.put(&glibc.join("local").join(part), DIRECTORY, "glibc")?;
    }
    if languages.contains(&PackedLanguage::Cxx) {
        add_cxx_headers(tree, gcc, &glibc)?;
    }
    let headers = headers(
        &gcc.driver,
        "c",
        "#include <stdio.h>\n#include <linux/version.h>\n#if __has_include(<crypt.h>)\n#include <crypt.h>\n#endif\n",
    )?;
    let stdio = headers.iter().find(|path| path.ends_with("stdio.h"));
    let archive = gcc.file("libc.a").map(|path| fs::canonicalize(&path).unwrap_or(path));
    let (Some(base), Some(archive)) = (stdio.and_then(|path| path.parent()), archive) else {
        return Err(PackError::NoLibc(format!("`{}` has no static glibc", gcc.driver.display())));
    };
    let known: Vec<PathBuf> = headers.iter().chain([&archive]).cloned().collect();
    let files = packages::files_beside(settings, &known);
    if files.is_empty() {
        let error =
            format!("no package manager knows whose `{}` is, and so which other headers to pack", archive.display());
        return Err(PackError::NoLibc(error));
    }
    for file in files.iter().filter(|file| file.is_file()) {
        if let Ok(below) = file.strip_prefix(base) {
            tree.add(&fs::canonicalize(file).map_err(at(file, "read"))?, &glibc.join("include").join(below))?;
        }
    }
    add_archives(tree, &files, archive.parent().unwrap_or(Path::new("/")), &glibc.join("lib"))?;
    let multiarch = gcc.ask("-print-multiarch");
    let multiarch = Some(multiarch).filter(|dir| !dir.is_empty() && base.join(dir).is_dir());
    Ok(PackSpecs::glibc(multiarch.as_deref()))
}

/// Archives and start files of the C library's packages, by the name of the directory that the linker finds them in.
fn add_archives(tree: &mut FileTree, files: &BTreeSet<PathBuf>, dir: &Path, to: &Path) -> Result<(), PackError> {
    let names = files.iter().filter_map(|file| file.file_name()).collect::<BTreeSet<_>>();
    let entries = fs::read_dir(dir).map_err(at(dir, "read"))?;
    for entry in entries.flatten().filter(|entry| names.contains(entry.file_name().as_os_str())) {
        let path = entry.path();
        if !path.extension().is_some_and(|e| e == "a" || e == "o") {
            continue;
        }
        let bytes = fs::read(&path).map_err(at(&path, "read"))?;
        let script = bytes.starts_with(b"/*").then(|| String::from_utf8(bytes).ok()).flatten();
        match script {
            // A linker script names its archives by their paths.
            Some(text) => {
                let text = text.replace(&format!("{}/", dir.display()), "");
                tree.put(&to.join(entry.file_name()), made(text), "a linker script")?;
            }
            None => tree.add(&path, &to.join(entry.file_name()))?,
        }
    }
    Ok(())
}

/// The headers of the C++ library; those for the target are in a directory of their own with some distributions.
fn add_cxx_headers(tree: &mut FileTree, gcc: &GccInstallation, glibc: &Path) -> Result<(), PackError> {
    let none = || PackError::NoPart(gcc.driver.clone(), PackedLanguage::Cxx.to_string() + " compiler");
    let driver = gcc.sibling("g++").ok_or_else(none)?;
    let found = headers(&driver, "c++", "#include <vector>\n")?;
    let above = |file: &str, levels: usize| {
        found.iter().find(|path| path.ends_with(file)).and_then(|path| path.ancestors().nth(levels)).map(Path::to_owned)
    };
    let (Some(all), Some(of_target)) = (above("vector", 1), above("bits/c++config.h", 2)) else { return Err(none()) };
    tree.add(&all, &glibc.join("c++"))?;
    tree.add(&of_target, &glibc.join("c++/target"))?;
    Ok(())
}

/// The headers that a text includes, by their real paths.
fn headers(driver: &Path, language: &str, text: &str) -> Result<Vec<PathBuf>, PackError> {
    let dir = tempfile::Builder::new().prefix("staticcxx-pack").tempdir();
    let dir = dir.map_err(at(Path::new("the directory for temporary files"), "written"))?;
    let file = dir.path().join("headers");
    fs::write(&file, text).map_err(at(&file, "written"))?;
    let command = Command::new([driver]).args(["-x", language, "-M"]).arg(&file).env("LC_ALL", "C");
    let said = capture(&command).map_err(at(driver, "run"))?;
    if !said.status.success() {
        let why = String::from_utf8_lossy(&said.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(PackError::NoLibc(format!("`{}` lacks headers: {why}", driver.display())));
    }
    let words = said.text().replace("\\\n", " ");
    let paths = words.split_whitespace().filter(|word| word.starts_with('/') && Path::new(word) != file);
    Ok(paths.filter_map(|path| fs::canonicalize(path).ok()).collect())
}

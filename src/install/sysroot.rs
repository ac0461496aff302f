//! The directory tree of a toolchain without its C++ library: musl's and the kernel's headers, musl's archives
//! and crt objects, and GCC's own files that every program needs.

use super::build_inputs::Inputs;
use super::source::copy_tree;
use super::specs::{Specs, SpecsPlace};
use super::symbol_binding;
use crate::run::{self, Command};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// GCC's own files that every link may need, and under which names. `crtbeginT.o`, which Clang takes for `-static`,
/// registers frames through weak symbols of libpthread; `crtbeginS.o` with `--eh-frame-hdr` does without.
const GCC_FILES: [(&str, &str, bool); 9] = [
    ("libgcc.a", "libgcc.a", true),
    ("libgcc_eh.a", "libgcc_eh.a", true),
    ("crtbeginS.o", "crtbeginS.o", true),
    ("crtendS.o", "crtendS.o", true),
    ("crtbeginS.o", "crtbegin.o", true),
    ("crtendS.o", "crtend.o", true),
    ("crtbeginS.o", "crtbeginT.o", true),
    ("crtfastmath.o", "crtfastmath.o", false),
    ("libgcov.a", "libgcov.a", false),
];

/// Libraries that a shared object is not linked with: what it refers to is in the program it will be part of.
const IN_THE_PROGRAM: [&str; 13] = [
    "c",
    "m",
    "pthread",
    "dl",
    "rt",
    "util",
    "crypt",
    "stdc++",
    "supc++",
    "gcc_s",
    "gomp",
    "atomic",
    "atomic_asneeded",
];

/// What GCC 16 and newer end every link with.
pub(crate) const ATOMIC_AS_NEEDED: &str = "libatomic_asneeded.a";

/// An archive without members.
const EMPTY: &str = "!<arch>\n";

/// The unwinder's question to glibc 2.35 and newer, answered for musl.
const DL_FIND_OBJECT: &str = include_str!("../../toolchains/musl/dl_find_object.c");

/// The unwinder's search for a function's exception table, without a registry.
const FIND_FDE: &str = include_str!("../../toolchains/musl/find_fde.c");

/// Where the parts of a tree are.
#[derive(Debug, Clone)]
pub(crate) struct Sysroot {
    pub root: PathBuf,
    /// Major version of the compiler.
    pub major: String,
    pub triple: String,
}

impl Sysroot {
    /// The tree of these inputs at a place.
    pub(crate) fn new(root: impl Into<PathBuf>, inputs: &Inputs) -> Sysroot {
        Sysroot { root: root.into(), major: inputs.major().to_owned(), triple: inputs.triple() }
    }

    /// Archives and crt objects.
    pub(crate) fn lib(&self) -> PathBuf {
        self.root.join("lib")
    }

    /// GCC's own files.
    pub(crate) fn gcc(&self) -> PathBuf {
        self.root.join("lib/gcc").join(&self.triple).join(&self.major)
    }

    /// Headers of the C library and the kernel.
    pub(crate) fn include(&self) -> PathBuf {
        self.root.join("include")
    }

    /// Headers of the C++ library.
    pub(crate) fn cxx(&self) -> PathBuf {
        self.root.join("include/c++").join(&self.major)
    }

    pub(crate) fn specs(&self) -> PathBuf {
        self.root.join("musl.specs")
    }
}

/// Puts all of it into the tree, which is empty or half-made.
///
/// # Errors
/// What is missing, or can't be written.
pub(crate) fn fill(tree: &Sysroot, inputs: &Inputs) -> io::Result<()> {
    let everything = |_: &Path| true;
    copy_tree(&inputs.musl.include, &tree.include(), &everything)?;
    for (name, dir) in &inputs.kernel {
        copy_tree(dir, &tree.include().join(name), &everything)?;
    }
    fs::create_dir_all(tree.lib())?;
    fs::create_dir_all(tree.gcc())?;
    for entry in fs::read_dir(&inputs.musl.lib)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".a") || (name.contains("crt") && name.ends_with(".o")) {
            fs::copy(&path, tree.lib().join(name))?;
        }
    }
    for (from, to, required) in GCC_FILES {
        match compiler_file(inputs, from)? {
            Some(path) => drop(fs::copy(path, tree.gcc().join(to))?),
            None if required => return Err(io::Error::other(format!("the compiler has no {from}"))),
            None => {}
        }
    }
    let shared = tree.lib().join("shared");
    fs::create_dir_all(&shared)?;
    for name in IN_THE_PROGRAM {
        fs::write(shared.join(format!("lib{name}.a")), EMPTY)?;
    }
    // Until there is a libatomic.
    fs::write(tree.lib().join(ATOMIC_AS_NEEDED), EMPTY)?;
    Ok(())
}

/// Writes the specs for a tree, with the user's prefix.
///
/// # Errors
/// A file that can't be written.
pub(crate) fn write_specs(tree: &Sysroot, prefix: &Path, inputs: &Inputs) -> io::Result<()> {
    let headers = compiler_file(inputs, "include")?.ok_or_else(|| io::Error::other("the compiler has no headers"))?;
    let specs = Specs {
        place: SpecsPlace::Fixed { root: &tree.root, prefix, compiler_headers: &headers },
        arch: &inputs.arch,
        major: &tree.major,
        packs_relocations: packs_relocations(inputs),
    };
    fs::write(tree.specs(), specs.text())
}

/// Whether a static-pie may have packed relative relocations: musl's start code applies them since 1.2.4, and GNU ld makes
/// them since 2.38 (aarch64: later), which its help tells.
fn packs_relocations(inputs: &Inputs) -> bool {
    let help = || run::capture::capture(&Command::new([inputs.tool("ld")]).arg("--help"));
    applies_packed(&inputs.musl.version) && help().is_ok_and(|done| done.text().contains("pack-relative-relocs"))
}

fn applies_packed(musl: &str) -> bool {
    let numbers: Vec<u32> = musl.split('.').map_while(|part| part.parse().ok()).collect();
    numbers.as_slice() >= [1, 2, 4].as_slice()
}

/// Makes the unwinder's weak references to functions of threads strong: where nothing else brings them into a static
/// program, it would call a null pointer. GCC's own musl builds are configured without them.
///
/// # Errors
/// An archive that can't be read or written.
pub(crate) fn strengthen_unwinder(tree: &Sysroot) -> io::Result<()> {
    let archive = tree.gcc().join("libgcc_eh.a");
    let mut bytes = fs::read(&archive)?;
    symbol_binding::strengthen_undefined(&mut bytes, b"pthread")
        .map_err(|e| io::Error::other(format!("libgcc_eh.a: {e}")))?;
    fs::write(archive, bytes)
}

/// Adds to GCC's unwinder what it asks of glibc and musl has not, if it asks, and a small way to find exception tables in
/// front of its own, which has 15 KB.
///
/// # Errors
/// The compiler's or the archiver's failure, with what it said.
pub(crate) fn complete_unwinder(tree: &Sysroot, inputs: &Inputs, work: &Path) -> io::Result<()> {
    let bytes = fs::read(tree.gcc().join("libgcc_eh.a"))?;
    let has = |name: &str| bytes.windows(name.len()).any(|w| w == name.as_bytes());
    if has("_dl_find_object") && !has("staticcxx_find_objec") {
        add_to_unwinder(tree, inputs, work, ("staticcxx_find_object", DL_FIND_OBJECT), "")?;
    }
    let theirs = "unwind-dw2-fde-dip.o";
    if has(theirs) && !has("staticcxx_find_fde") {
        add_to_unwinder(tree, inputs, work, ("staticcxx_find_fde", FIND_FDE), theirs)?;
    }
    Ok(())
}

/// Compiles a source into the unwinder's archive: before the member `before`, or at its end.
fn add_to_unwinder(
    tree: &Sysroot,
    inputs: &Inputs,
    work: &Path,
    (name, text): (&str, &str),
    before: &str,
) -> io::Result<()> {
    let source = work.join(format!("{name}.c"));
    let object = work.join(format!("{name}.o"));
    fs::write(&source, text)?;
    let compile = Command::new([&inputs.cc])
        .arg(flag("-specs=", &tree.specs()))
        .args(["-Os", "-ffunction-sections", "-fPIE", "-Wall", "-Werror", "-c"])
        .arg(&source)
        .arg("-o")
        .arg(&object);
    must(Command { env: inputs.env.clone(), ..compile })?;
    let archiver = Command::new([inputs.tool("ar")]);
    let archiver = if before.is_empty() { archiver.arg("rs") } else { archiver.args(["rbs", before]) };
    must(archiver.arg(tree.gcc().join("libgcc_eh.a")).arg(object))
}

/// Gives Clang the names under which it looks for GCC's files: the triple with a vendor.
///
/// # Errors
/// A link that can't be made.
pub(crate) fn name_for_clang(tree: &Sysroot) -> io::Result<()> {
    let long = tree.triple.replacen('-', "-unknown-", 1);
    for dir in [tree.root.join("lib/gcc"), tree.cxx()] {
        symlink(&tree.triple, dir.join(&long))?;
    }
    Ok(())
}

fn flag(name: &str, path: &Path) -> OsString {
    let mut word = OsString::from(name);
    word.push(path);
    word
}

/// Runs a short command that must succeed.
///
/// # Errors
/// That it did not, with the last line that it said.
pub(crate) fn must(command: Command) -> io::Result<()> {
    let done = run::capture::capture(&command)?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim_end().lines().last().unwrap_or_default().to_owned();
    Err(io::Error::other(format!("`{}` failed: {said}", command.shell())))
}

/// `-print-file-name`; none where the compiler does not have it.
///
/// # Errors
/// A compiler that can't be run.
pub(crate) fn compiler_file(inputs: &Inputs, name: &str) -> io::Result<Option<PathBuf>> {
    let mut command = Command::new([&inputs.cxx]).arg(format!("-print-file-name={name}"));
    command.env.clone_from(&inputs.env);
    let path = PathBuf::from(run::capture::capture(&command)?.text());
    Ok(Some(path).filter(|p| p.is_absolute() && p.exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn musl_applies_packed_relocations_since_1_2_4() {
        for (version, applies) in
            [("1.2.3", false), ("1.2.4", true), ("1.2.10", true), ("1.1.24", false), ("2.0.0", true)]
        {
            assert_eq!(applies_packed(version), applies, "{version}");
        }
    }
}

//! What a toolchain can't be made without, and what to type to have it.

use crate::options;
use crate::toolchain::package_manager::this_package_manager;
use std::path::PathBuf;

/// One thing that is missing or unfit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The thing.
    pub what: What,
    /// For which architecture.
    pub arch: String,
}

/// The things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// No C++ compiler.
    Compiler,
    /// No C compiler.
    CCompiler,
    /// The compiler is not GCC, whose libstdc++ could be built with it.
    NotGcc {
        /// The compiler.
        program: PathBuf,
    },
    /// GCC without its static unwinder.
    Unwinder,
    /// GCC without an archive of its own C++ library, which configure scripts link their tests with.
    HostLibrary,
    /// Nothing that runs programs of another architecture.
    Emulator,
    /// No `make`.
    Make,
    /// No `objcopy`.
    Binutils,
    /// No musl.
    Musl {
        /// The directory that the user named.
        looked_in: Option<PathBuf>,
    },
    /// No kernel headers.
    KernelHeaders,
    /// No sources of this version.
    Source {
        /// Major version of the compiler.
        major: String,
        /// Its version in full.
        number: String,
    },
    /// Sources of another version.
    WrongSource {
        /// The sources.
        path: PathBuf,
        /// Their version.
        has: String,
        /// The compiler's.
        wanted: String,
    },
    /// Sources that can't be read.
    BadSource {
        /// The sources.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

impl Missing {
    /// What is missing, in one line.
    pub fn line(&self) -> String {
        let arch = &self.arch;
        match &self.what {
            What::Compiler => format!("no g++ for {arch} was found"),
            What::CCompiler => format!("no gcc for {arch} was found"),
            What::NotGcc { program } => format!(
                "`{}` is not GCC, and only GCC can build its libstdc++: name a g++ with {}",
                program.display(),
                options::CXX.name
            ),
            What::Unwinder => "GCC's static unwinder libgcc_eh.a was not found".into(),
            What::HostLibrary => "GCC's own libstdc++.a, which configure links its tests with, was not found".into(),
            What::Emulator => format!("qemu-{arch}-static, which runs the self-test, was not found"),
            What::Make => "`make` was not found".into(),
            What::Binutils => "`objcopy` was not found".into(),
            What::Musl { looked_in: None } => format!("musl for {arch} (its headers, libc.a and crt1.o) was not found"),
            What::Musl { looked_in: Some(dir) } => {
                format!("`{}` has no musl for {arch} in it (its headers, libc.a and crt1.o)", dir.display())
            }
            What::KernelHeaders => format!("the kernel's headers for {arch} were not found"),
            What::Source { number, .. } => format!("the sources of libstdc++ for GCC {number} were not found"),
            What::WrongSource { path, has, wanted } => {
                format!("`{}` is GCC {has}, but the compiler is GCC {wanted}", path.display())
            }
            What::BadSource { path, why } => format!("`{}` can't be used: {why}", path.display()),
        }
    }

    /// The package of this machine's package manager that has it.
    pub fn package(&self, manager: &str) -> Option<String> {
        let native = self.arch == std::env::consts::ARCH;
        let dashed = self.arch.replace('_', "-");
        let name = match (&self.what, manager) {
            (What::Compiler | What::CCompiler, "apt") if !native => format!("g++-{dashed}-linux-gnu"),
            (What::Compiler | What::CCompiler | What::Unwinder | What::HostLibrary, "apt") => "g++".into(),
            (What::HostLibrary, "dnf") => "libstdc++-static".into(),
            (What::Emulator, "apt" | "dnf") => "qemu-user-static".into(),
            (What::Emulator, "pacman") => "qemu-user-static".into(),
            (What::Compiler | What::CCompiler, "dnf" | "zypper") => "gcc-c++".into(),
            (What::Compiler | What::CCompiler | What::Unwinder, "pacman") => "gcc".into(),
            (What::Unwinder, "dnf") => "gcc".into(),
            (What::Make, _) => "make".into(),
            (What::Binutils, "apt") if !native => format!("binutils-{dashed}-linux-gnu"),
            (What::Binutils, _) => "binutils".into(),
            (What::Musl { looked_in: None }, "apt") if native => "musl-dev".into(),
            (What::Musl { looked_in: None }, "dnf") if native => "musl-devel musl-libc-static".into(),
            (What::Musl { looked_in: None }, "pacman") if native => "musl".into(),
            (What::Musl { looked_in: None }, "zypper") if native => "musl-devel".into(),
            (What::KernelHeaders, "apt") if native => "linux-libc-dev".into(),
            (What::KernelHeaders, "apt") => format!("linux-libc-dev-{}-cross", debian_arch(&self.arch)),
            (What::KernelHeaders, "dnf") => "kernel-headers".into(),
            (What::KernelHeaders, "pacman") => "linux-api-headers".into(),
            (What::KernelHeaders, "zypper") => "linux-glibc-devel".into(),
            (What::Source { major, .. }, "apt") => format!("gcc-{major}-source"),
            _ => return None,
        };
        Some(name)
    }

    /// Whether it is musl of an architecture that no package for this machine has.
    pub fn is_foreign_musl(&self) -> bool {
        matches!(self.what, What::Musl { looked_in: None }) && self.arch != std::env::consts::ARCH
    }

    /// What to do where no package has it.
    pub fn other_way(&self) -> Option<String> {
        match &self.what {
            What::Source { number, .. } => Some(format!(
                "download https://gcc.gnu.org/pub/gcc/releases/gcc-{number}/gcc-{number}.tar.xz and add `--gcc-source gcc-{number}.tar.xz`"
            )),
            What::WrongSource { wanted, .. } => Some(format!("name sources of GCC {wanted} with `--gcc-source`")),
            What::Musl { .. } if self.arch != std::env::consts::ARCH => Some(format!(
                "unpack the package musl-dev of {0} with `dpkg -x musl-dev_*_{0}.deb DIR` and add `--musl DIR`, or let `--yes` do it",
                debian_arch(&self.arch)
            )),
            What::Musl { .. } => Some("install musl anywhere and add `--musl PREFIX`".into()),
            _ => None,
        }
    }
}

/// Debian's word for an architecture.
pub fn debian_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "i686" => "i386",
        "arm" => "armhf",
        "powerpc64le" => "ppc64el",
        other => other,
    }
}

/// The package manager's command that installs all that can be installed; none where nothing can.
pub fn install_command(missing: &[Missing]) -> Option<Vec<String>> {
    let manager = this_package_manager()?;
    let mut packages: Vec<String> = missing.iter().filter_map(|m| m.package(manager)).collect();
    packages.sort();
    packages.dedup();
    if packages.is_empty() {
        return None;
    }
    let words: &[&str] = match manager {
        "apt" => &["apt-get", "install", "-y", "--no-install-recommends"],
        "dnf" => &["dnf", "install", "-y"],
        "pacman" => &["pacman", "-S", "--noconfirm"],
        "zypper" => &["zypper", "--non-interactive", "install"],
        "apk" => &["apk", "add"],
        _ => return None,
    };
    let packages = packages.iter().flat_map(|p| p.split(' ')).map(str::to_owned);
    Some(words.iter().map(|w| (*w).to_owned()).chain(packages).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_the_names_of_each_distribution() {
        let native = |what| Missing { what, arch: std::env::consts::ARCH.into() };
        let source = native(What::Source { major: "12".into(), number: "12.2.0".into() });
        assert_eq!(source.package("apt").as_deref(), Some("gcc-12-source"));
        assert_eq!(source.package("dnf"), None);
        assert!(source.other_way().unwrap().contains("gcc-12.2.0.tar.xz"));
        assert_eq!(native(What::Musl { looked_in: None }).package("pacman").as_deref(), Some("musl"));
        let cross = Missing { what: What::Compiler, arch: "riscv64".into() };
        assert_eq!(cross.package("apt").as_deref(), Some("g++-riscv64-linux-gnu"));
    }

    #[test]
    fn both_versions_are_named() {
        let what =
            What::WrongSource { path: "/s/gcc-13.2.0.tar.xz".into(), has: "13.2.0".into(), wanted: "12.2.0".into() };
        let line = Missing { what, arch: "x86_64".into() }.line();
        assert!(line.contains("13.2.0") && line.contains("GCC 12.2.0"), "{line}");
    }
}

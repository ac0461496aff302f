//! What a toolchain can't be built without, and the packages that provide it.

use crate::options;
use crate::toolchain::package_manager::this_package_manager;
use std::path::PathBuf;

/// One thing that is missing or unfit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingPrerequisite {
    pub what: Prerequisite,
    pub arch: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Prerequisite {
    Compiler,
    CCompiler,
    /// The compiler is not GCC, whose libstdc++ could be built with it.
    NotGcc {
        program: PathBuf,
    },
    /// GCC without its static unwinder.
    Unwinder,
    /// GCC without its libstdc++.a, which configure scripts link their tests with.
    HostLibrary,
    /// Nothing that runs programs of another architecture.
    Emulator,
    /// No `make`.
    Make,
    /// No `objcopy`.
    Binutils,
    Musl {
        /// The directory that the user named.
        looked_in: Option<PathBuf>,
    },
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
        path: PathBuf,
        has: String,
        wanted: String,
    },
    /// Sources that can't be read.
    BadSource {
        path: PathBuf,
        why: String,
    },
}

impl MissingPrerequisite {
    /// What is missing, in one line.
    pub(crate) fn line(&self) -> String {
        let arch = &self.arch;
        match &self.what {
            Prerequisite::Compiler => format!("no g++ for {arch} was found"),
            Prerequisite::CCompiler => format!("no gcc for {arch} was found"),
            Prerequisite::NotGcc { program } => format!(
                "`{}` is not GCC, and only GCC can build its libstdc++: name a g++ with {}",
                program.display(),
                options::CXX.name
            ),
            Prerequisite::Unwinder => "GCC's static unwinder libgcc_eh.a was not found".into(),
            Prerequisite::HostLibrary => {
                "GCC's own libstdc++.a, which configure links its tests with, was not found".into()
            }
            Prerequisite::Emulator => format!("qemu-{arch}-static, which runs the self-test, was not found"),
            Prerequisite::Make => "`make` was not found".into(),
            Prerequisite::Binutils => "`objcopy` was not found".into(),
            Prerequisite::Musl { looked_in: None } => {
                format!("musl for {arch} (headers, libc.a and crt1.o) was not found")
            }
            Prerequisite::Musl { looked_in: Some(dir) } => {
                format!("`{}` contains no musl for {arch} (headers, libc.a and crt1.o)", dir.display())
            }
            Prerequisite::KernelHeaders => format!("the kernel's headers for {arch} were not found"),
            Prerequisite::Source { number, .. } => format!("the sources of libstdc++ for GCC {number} were not found"),
            Prerequisite::WrongSource { path, has, wanted } => {
                format!("`{}` is GCC {has}, but the compiler is GCC {wanted}", path.display())
            }
            Prerequisite::BadSource { path, why } => format!("`{}` can't be used: {why}", path.display()),
        }
    }

    /// The package of this machine's package manager that has it.
    pub(crate) fn package(&self, manager: &str) -> Option<String> {
        let native = self.arch == std::env::consts::ARCH;
        let dashed = self.arch.replace('_', "-");
        let name = match (&self.what, manager) {
            (Prerequisite::Compiler | Prerequisite::CCompiler, "apt") if !native => format!("g++-{dashed}-linux-gnu"),
            (
                Prerequisite::Compiler | Prerequisite::CCompiler | Prerequisite::Unwinder | Prerequisite::HostLibrary,
                "apt",
            ) => "g++".into(),
            (Prerequisite::HostLibrary, "dnf") => "libstdc++-static".into(),
            (Prerequisite::Emulator, "apt" | "dnf") => "qemu-user-static".into(),
            (Prerequisite::Emulator, "pacman") => "qemu-user-static".into(),
            (Prerequisite::Compiler | Prerequisite::CCompiler, "dnf" | "zypper") => "gcc-c++".into(),
            (Prerequisite::Compiler | Prerequisite::CCompiler | Prerequisite::Unwinder, "pacman") => "gcc".into(),
            (Prerequisite::Unwinder, "dnf") => "gcc".into(),
            (Prerequisite::Make, _) => "make".into(),
            (Prerequisite::Binutils, "apt") if !native => format!("binutils-{dashed}-linux-gnu"),
            (Prerequisite::Binutils, _) => "binutils".into(),
            (Prerequisite::Musl { looked_in: None }, "apt") if native => "musl-dev".into(),
            (Prerequisite::Musl { looked_in: None }, "dnf") if native => "musl-devel musl-libc-static".into(),
            (Prerequisite::Musl { looked_in: None }, "pacman") if native => "musl".into(),
            (Prerequisite::Musl { looked_in: None }, "zypper") if native => "musl-devel".into(),
            (Prerequisite::KernelHeaders, "apt") if native => "linux-libc-dev".into(),
            (Prerequisite::KernelHeaders, "apt") => format!("linux-libc-dev-{}-cross", debian_arch(&self.arch)),
            (Prerequisite::KernelHeaders, "dnf") => "kernel-headers".into(),
            (Prerequisite::KernelHeaders, "pacman") => "linux-api-headers".into(),
            (Prerequisite::KernelHeaders, "zypper") => "linux-glibc-devel".into(),
            (Prerequisite::Source { major, .. }, "apt") => format!("gcc-{major}-source"),
            _ => return None,
        };
        Some(name)
    }

    /// Whether it is musl of an architecture that no package for this machine has.
    pub(crate) fn is_foreign_musl(&self) -> bool {
        matches!(self.what, Prerequisite::Musl { looked_in: None }) && self.arch != std::env::consts::ARCH
    }

    /// What to do where no package has it.
    pub(crate) fn other_way(&self) -> Option<String> {
        match &self.what {
            Prerequisite::Source { number, .. } => Some(format!(
                "download https://gcc.gnu.org/pub/gcc/releases/gcc-{number}/gcc-{number}.tar.xz and add `--gcc-source gcc-{number}.tar.xz`"
            )),
            Prerequisite::WrongSource { wanted, .. } => {
                Some(format!("name sources of GCC {wanted} with `--gcc-source`"))
            }
            Prerequisite::Musl { .. } if self.arch != std::env::consts::ARCH => Some(format!(
                "unpack the package musl-dev of {0} with `dpkg -x musl-dev_*_{0}.deb DIR` and add `--musl DIR`, or let `--yes` do it",
                debian_arch(&self.arch)
            )),
            Prerequisite::Musl { .. } => Some("install musl anywhere and add `--musl PREFIX`".into()),
            _ => None,
        }
    }
}

/// Debian's word for an architecture.
pub(crate) fn debian_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "i686" => "i386",
        "arm" => "armhf",
        "powerpc64le" => "ppc64el",
        other => other,
    }
}

/// The package manager's command that installs what it has of these; none if it has nothing.
pub(crate) fn install_command(missing: &[MissingPrerequisite]) -> Option<Vec<String>> {
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
        let native = |what| MissingPrerequisite { what, arch: std::env::consts::ARCH.into() };
        let source = native(Prerequisite::Source { major: "12".into(), number: "12.2.0".into() });
        assert_eq!(source.package("apt").as_deref(), Some("gcc-12-source"));
        assert_eq!(source.package("dnf"), None);
        assert!(source.other_way().unwrap().contains("gcc-12.2.0.tar.xz"));
        assert_eq!(native(Prerequisite::Musl { looked_in: None }).package("pacman").as_deref(), Some("musl"));
        let cross = MissingPrerequisite { what: Prerequisite::Compiler, arch: "riscv64".into() };
        assert_eq!(cross.package("apt").as_deref(), Some("g++-riscv64-linux-gnu"));
    }

    #[test]
    fn both_versions_are_named() {
        let what = Prerequisite::WrongSource {
            path: "/s/gcc-13.2.0.tar.xz".into(),
            has: "13.2.0".into(),
            wanted: "12.2.0".into(),
        };
        let line = MissingPrerequisite { what, arch: "x86_64".into() }.line();
        assert!(line.contains("13.2.0") && line.contains("GCC 12.2.0"), "{line}");
    }
}

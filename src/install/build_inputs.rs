//! What a toolchain is made from, found on this machine or named by the user.

use super::prerequisites::{MissingPrerequisite, Prerequisite};
use super::source::GccSource;
use crate::files::{Stamp, kept};
use crate::options;
use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// Kernel headers that programs include; musl has no files of these names.
pub(crate) const KERNEL_DIRS: [&str; 9] =
    ["linux", "asm", "asm-generic", "drm", "misc", "mtd", "rdma", "sound", "video"];

/// Everything that goes into a toolchain.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    /// Architecture as in a triple (`x86_64`).
    pub arch: String,
    /// The C compiler, absolute.
    pub cc: PathBuf,
    /// The C++ compiler, absolute.
    pub cxx: PathBuf,
    /// First line of the compiler's `--version`.
    pub version: String,
    /// Its `-dumpfullversion` (`12.2.0`).
    pub number: String,
    /// The prefix of `ar`, `objcopy` and the other binutils: empty, or `aarch64-linux-gnu-`.
    pub tool_prefix: String,
    /// The triple of the machine that builds.
    pub build: String,
    /// musl's headers and archives.
    pub musl: Musl,
    pub source: GccSource,
    /// Kernel headers: name and directory.
    pub kernel: Vec<(String, PathBuf)>,
    /// Clang, where the machine has it, absolute: C, C++.
    pub clang: Option<(PathBuf, PathBuf)>,
    /// `make`, absolute.
    pub make: PathBuf,
    /// What runs programs of another architecture, absolute.
    pub emulator: Option<PathBuf>,
    /// The environment that ends recursion of wrappers.
    pub env: Vec<(OsString, OsString)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Musl {
    pub include: PathBuf,
    /// Its archives and crt objects.
    pub lib: PathBuf,
    /// Its version, from the archive itself.
    pub version: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct RequestedInputs {
    /// Architecture; by default the machine's own.
    pub arch: Option<String>,
    /// A directory with musl in it.
    pub musl: Option<PathBuf>,
    /// A tarball or directory of GCC's sources.
    pub gcc_source: Option<PathBuf>,
}

impl Inputs {
    pub(crate) fn triple(&self) -> String {
        format!("{}-linux-musl", self.arch)
    }

    /// A header that says whose the kernel's headers are.
    pub(crate) fn kernel_header(&self) -> PathBuf {
        let linux = self.kernel.iter().find(|(name, _)| name == "linux");
        linux.map(|(_, dir)| dir.join("version.h")).unwrap_or_default()
    }

    /// Major version of the compiler.
    pub(crate) fn major(&self) -> &str {
        major(&self.number)
    }

    /// A binutils program by its name for the target.
    pub(crate) fn tool(&self, name: &str) -> String {
        format!("{}{name}", self.tool_prefix)
    }

    /// What a finished build depends on: a build of other inputs is of no use to this one.
    pub(crate) fn identity(&self) -> String {
        let stamp = |p: &Path| format!("{} {:?}", p.display(), Stamp::of(p));
        format!(
            "{} {} {} {} {} {}",
            kept::TOOLCHAINS,
            self.version,
            stamp(&self.cxx),
            stamp(&self.musl.lib.join("libc.a")),
            self.musl.include.display(),
            stamp(self.source.path()),
        )
    }

    /// Looks for everything.
    ///
    /// # Errors
    /// All that is missing or unfit, at once.
    pub(crate) fn find(settings: &Settings, asked: &RequestedInputs) -> Result<Inputs, Vec<MissingPrerequisite>> {
        let mut search = InputSearch::new(settings, asked);
        let (cc, cxx) = search.compilers();
        let make = search.require(Prerequisite::Make, search.program("make"));
        search.require(Prerequisite::Binutils, search.program(&format!("{}objcopy", search.prefix)));
        let env =
            vec![(OsString::from(options::REAL_COMPILER.name), search.chain.with(&cxx)), ("LC_ALL".into(), "C".into())];
        let CompilerIdentity { version, number, build } = search.identify(&cxx, &env);
        let looked_in = asked.musl.clone();
        let musl =
            search.require_found(Prerequisite::Musl { looked_in }, find_musl(&search.arch, asked.musl.as_deref()));
        let kernel = search.require_found(Prerequisite::KernelHeaders, kernel_headers(&search.arch, HOST));
        let source = search.gcc_source(asked.gcc_source.as_deref(), &number);
        // Clang would need a linker for another architecture, which is not among what is asked for.
        let clang = search.program("clang").zip(search.program("clang++")).filter(|_| !search.is_cross());
        let emulator = search.emulator();
        match (source, musl, kernel) {
            (Some(source), Some(musl), Some(kernel)) if search.missing.is_empty() => Ok(Inputs {
                arch: search.arch,
                cc,
                cxx,
                version,
                number,
                tool_prefix: search.prefix,
                build,
                musl,
                source,
                kernel,
                clang,
                make,
                emulator,
                env,
            }),
            _ => Err(search.missing),
        }
    }
}

/// The architecture of this machine.
const HOST: &str = std::env::consts::ARCH;

/// What a compiler reports about itself; empty if it could not be run.
#[derive(Default)]
struct CompilerIdentity {
    /// First line of `--version`.
    version: String,
    /// `-dumpfullversion`.
    number: String,
    /// `-dumpmachine`; for another architecture the triple of this machine.
    build: String,
}

/// A search for inputs, and what it missed so far.
struct InputSearch<'a> {
    settings: &'a Settings,
    chain: Chain,
    arch: String,
    /// What comes before the name of a program for the target.
    prefix: String,
    missing: Vec<MissingPrerequisite>,
}

impl<'a> InputSearch<'a> {
    fn new(settings: &'a Settings, asked: &RequestedInputs) -> InputSearch<'a> {
        let arch = asked.arch.clone().unwrap_or_else(|| HOST.to_owned());
        let prefix = if arch == HOST { String::new() } else { format!("{arch}-linux-gnu-") };
        InputSearch { settings, chain: Chain::of(settings), arch, prefix, missing: Vec::new() }
    }

    fn is_cross(&self) -> bool {
        self.arch != HOST
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        find::program(OsStr::new(name), self.settings, &self.chain)
    }

    fn lacks(&mut self, what: Prerequisite) {
        self.missing.push(MissingPrerequisite { what, arch: self.arch.clone() });
    }

    fn require_found<T>(&mut self, what: Prerequisite, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.lacks(what);
        }
        found
    }

    /// The path of what was found, or an empty one.
    fn require(&mut self, what: Prerequisite, found: Option<PathBuf>) -> PathBuf {
        self.require_found(what, found).unwrap_or_default()
    }

    /// The C and the C++ compiler: those that the user named, which are this machine's, or GCC's by name.
    fn compilers(&mut self) -> (PathBuf, PathBuf) {
        let named = |line: &Option<OsString>| {
            let words = find::split(line.as_ref().filter(|_| self.prefix.is_empty())?)?;
            find::program(words.first()?, self.settings, &self.chain)
        };
        let by_name = |name: &str| self.program(&format!("{}{name}", self.prefix));
        let cxx = named(&self.settings.cxx).or_else(|| by_name("g++"));
        let cc = named(&self.settings.cc).or_else(|| by_name("gcc"));
        let cxx = self.require(Prerequisite::Compiler, cxx);
        (self.require(Prerequisite::CCompiler, cc), cxx)
    }

    /// Asks the C++ compiler what it is, and whether it has the archives that a build takes from it.
    fn identify(&mut self, cxx: &Path, env: &[(OsString, OsString)]) -> CompilerIdentity {
        let ask = |args: &[&str]| {
            let mut command = Command::new([cxx]).args(args);
            command.env = env.to_vec();
            run::capture::capture(&command).map(|c| c.text()).unwrap_or_default()
        };
        let mut identity = CompilerIdentity::default();
        if !cxx.as_os_str().is_empty() {
            identity.version = ask(&["--version"]).lines().next().unwrap_or_default().to_owned();
            identity.number = ask(&["-dumpfullversion"]);
            identity.build = ask(&["-dumpmachine"]);
            // Clang calls itself 4.2.1 to `-dumpversion` and knows no `-dumpfullversion`.
            if identity.version.contains("clang") || !identity.number.starts_with(|c: char| c.is_ascii_digit()) {
                self.lacks(Prerequisite::NotGcc { program: cxx.to_owned() });
            } else {
                let archives = [("libgcc_eh.a", Prerequisite::Unwinder), ("libstdc++.a", Prerequisite::HostLibrary)];
                for (file, what) in archives {
                    if !PathBuf::from(ask(&[&format!("-print-file-name={file}")])).is_absolute() {
                        self.lacks(what);
                    }
                }
            }
        }
        if self.is_cross() {
            identity.build = format!("{HOST}-linux-gnu");
        }
        identity
    }

    /// The sources of libstdc++ for GCC `number`; an empty number is a compiler that could not be asked.
    fn gcc_source(&mut self, named: Option<&Path>, number: &str) -> Option<GccSource> {
        if number.is_empty() {
            return None;
        }
        let wanted = major(number);
        let Some(path) = named else {
            let what = Prerequisite::Source { major: wanted.to_owned(), number: number.to_owned() };
            return self.require_found(what, GccSource::of_distribution(wanted));
        };
        match GccSource::named(path) {
            Ok(source) if source.version.as_deref().is_none_or(|v| major(v) == wanted) => return Some(source),
            Ok(source) => self.lacks(Prerequisite::WrongSource {
                path: path.to_owned(),
                has: source.version.unwrap_or_default(),
                wanted: number.to_owned(),
            }),
            Err(why) => self.lacks(Prerequisite::BadSource { path: path.to_owned(), why }),
        }
        None
    }

    /// What runs programs of another architecture; none for this machine's own.
    fn emulator(&mut self) -> Option<PathBuf> {
        if !self.is_cross() {
            return None;
        }
        let names = [format!("qemu-{}-static", self.arch), format!("qemu-{}", self.arch)];
        let found = names.iter().find_map(|n| self.program(n));
        self.require_found(Prerequisite::Emulator, found)
    }
}

/// `12` of `12.2.0`.
pub(crate) fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// musl where distributions put it, or in the directory that was named: an unpacked package or a prefix.
fn find_musl(arch: &str, named: Option<&Path>) -> Option<Musl> {
    let triple = format!("{arch}-linux-musl");
    let layouts = |root: &Path| {
        let at = |a: String, b: String| (root.join(a), root.join(b));
        vec![
            at(format!("usr/include/{triple}"), format!("usr/lib/{triple}")),
            at(format!("usr/{triple}/include"), format!("usr/{triple}/lib64")),
            at(format!("usr/{triple}/include"), format!("usr/{triple}/lib")),
            at("usr/lib/musl/include".into(), "usr/lib/musl/lib".into()),
            at("usr/local/musl/include".into(), "usr/local/musl/lib".into()),
        ]
    };
    let candidates = match named {
        None => layouts(Path::new("/")),
        Some(dir) => {
            let mut all = vec![
                (dir.join("include"), dir.join("lib")),
                (dir.join("include"), dir.join("lib64")),
                (dir.join("usr/include"), dir.join("usr/lib")),
            ];
            all.extend(layouts(dir));
            all
        }
    };
    candidates.into_iter().find_map(|(include, lib)| {
        let there = ["libc.a", "crt1.o", "crti.o", "crtn.o"].iter().all(|f| lib.join(f).is_file());
        if !there || !include.join("features.h").is_file() {
            return None;
        }
        let (version, machine) = of_archive(&lib.join("libc.a"))?;
        (machine == arch).then_some(Musl { include, lib, version })
    })
}

/// musl's version and machine, out of its `libc.a`: the string that `__libc_version` (1.1.16 and newer:
/// `__libc_get_version`) is about. None for an archive that is not musl's.
fn of_archive(libc: &Path) -> Option<(String, String)> {
    let bytes = fs::read(libc).ok()?;
    let archive = ArchiveFile::parse(bytes.as_slice()).ok()?;
    for member in archive.members().flatten() {
        if !member.name().starts_with(b"version.") {
            continue;
        }
        let object = object::File::parse(member.data(bytes.as_slice()).ok()?).ok()?;
        let machine = match object.architecture() {
            object::Architecture::X86_64 => "x86_64",
            object::Architecture::Aarch64 => "aarch64",
            object::Architecture::I386 => "i686",
            object::Architecture::Riscv64 => "riscv64",
            object::Architecture::Arm => "arm",
            _ => "other",
        };
        let symbol = object.symbols().find(|s| s.name() == Ok("__libc_version"))?;
        let section = object.section_by_index(symbol.section_index()?).ok()?;
        let data = section.data().ok()?.get(usize::try_from(symbol.address()).ok()?..)?;
        let text = data.split(|b| *b == 0).next()?;
        return Some((String::from_utf8_lossy(text).into_owned(), machine.to_owned()));
    }
    None
}

/// The kernel's headers of a native or a cross compiler.
fn kernel_headers(arch: &str, own: &str) -> Option<Vec<(String, PathBuf)>> {
    let gnu = format!("{arch}-linux-gnu");
    let mut roots = vec![PathBuf::from("/usr").join(&gnu).join("include"), PathBuf::from("/usr/include").join(&gnu)];
    if arch == own {
        roots.push("/usr/include".into());
    }
    let found: Vec<(String, PathBuf)> = KERNEL_DIRS
        .iter()
        .filter_map(|name| {
            let general = Path::new("/usr/include").join(name);
            let dir = roots.iter().map(|r| r.join(name)).find(|d| d.is_dir());
            // Only `asm` differs between architectures.
            let dir = dir.or_else(|| Some(general).filter(|d| *name != "asm" && d.is_dir()))?;
            Some(((*name).to_owned(), dir))
        })
        .collect();
    let has = |name: &str| found.iter().any(|(n, _)| n == name);
    (has("linux") && has("asm") && has("asm-generic")).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with what is looked at of musl.
    fn musl_of_version(version: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["include", "lib"] {
            fs::create_dir(at(name)).unwrap();
        }
        for name in ["include/features.h", "lib/crt1.o", "lib/crti.o", "lib/crtn.o"] {
            fs::write(at(name), "").unwrap();
        }
        fs::write(at("version.c"), format!("const char __libc_version[] = \"{version}\";\n")).unwrap();
        for line in ["cc -c version.c", "ar rc lib/libc.a version.o"] {
            let mut words = line.split(' ');
            let mut command = std::process::Command::new(words.next().unwrap());
            assert!(command.args(words).current_dir(&dir).status().unwrap().success());
        }
        dir
    }

    #[test]
    fn musl_is_known_by_its_own_archive() {
        let dir = musl_of_version("1.2.3");
        let find = |arch| find_musl(arch, Some(dir.path()));
        assert_eq!(find(std::env::consts::ARCH).map(|m| m.version).as_deref(), Some("1.2.3"));
        assert_eq!(find("s390x"), None);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(find_musl(std::env::consts::ARCH, Some(empty.path())), None);
    }

    #[test]
    fn kernel_headers_have_the_architecture_s_own_part() {
        let own = std::env::consts::ARCH;
        let found = kernel_headers(own, own).expect("the tests need kernel headers");
        assert!(found.iter().any(|(n, d)| n == "asm" && d.join("unistd.h").is_file()));
    }
}

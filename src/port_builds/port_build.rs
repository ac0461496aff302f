//! One library's build: from its source package to a stage, with all output in a log.

use super::apt_sources::AptSources;
use super::port_error::{PortError, at};
use super::port_target::PortTarget;
use crate::install::build_context::CLEARED;
use crate::options;
use crate::options::table::TABLE;
use crate::ports::PortRecipe;
use crate::ports::port_recipe::PortSystem;
use crate::run::{Command, Ended, Guard};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Options of every compilation: code that fits into programs of every kind and into shared objects, of which a link takes
/// the functions that it needs.
const FLAGS: &str = "-O2 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong";

/// Lines of a log that are told when a step fails.
const LAST: usize = 8;

/// One library under way.
pub(crate) struct PortBuild<'a> {
    pub port: &'a PortRecipe,
    pub target: &'a PortTarget,
    /// A directory of its own, gone when it is done.
    pub work: &'a Path,
    /// Where our drivers are, as `staticcc` and `staticcxx`.
    pub drivers: &'a Path,
    pub log: &'a Path,
    pub jobs: usize,
    pub guard: &'a Guard,
}

impl PortBuild<'_> {
    /// Downloads the source and those beside it and unpacks them, with the distribution's patches. `source` and what is
    /// in `beside` are a package as apt takes it and its description.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn fetch(
        &self,
        apt: &AptSources,
        source: (&str, &str),
        beside: &[(String, String)],
    ) -> Result<(), PortError> {
        let not_fetched = |error: PortError, another: Option<String>| match error {
            PortError::Step { port, what, log, last } => PortError::NotFetched { port, what, log, last, another },
            other => other,
        };
        self.unpack(apt, source, &self.source(), "the source")
            .map_err(|error| not_fetched(error, apt.another(source.0, source.1)))?;
        let top = self.beside();
        fs::create_dir_all(&top).map_err(at(&top))?;
        beside.iter().try_for_each(|(name, description)| {
            // `NAME=VERSION` is of the library, whose own source is there.
            self.unpack(apt, (name, description), &top.join(name), &format!("the source `{name}` beside it"))
                .map_err(|error| not_fetched(error, None))
        })
    }

    fn unpack(
        &self,
        apt: &AptSources,
        (source, description): (&str, &str),
        into: &Path,
        what: &str,
    ) -> Result<(), PortError> {
        let packed = self.work.join("packed");
        fs::create_dir_all(&packed).map_err(at(&packed))?;
        self.step(&format!("downloading {what}"), apt.download(source, &packed))?;
        let unpack = Command::new(["dpkg-source", "-x"]).arg(description).arg(into).in_dir(&packed);
        self.step(&format!("unpacking {what}"), unpack)
    }

    /// Configures, makes and installs it into the stage.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn run(&self) -> Result<(), PortError> {
        let dir = self.source().join(&self.port.build.directory);
        self.lines("preparing the source", &self.port.build.prepare, &dir)?;
        match self.port.build.system {
            PortSystem::Autoconf => self.autoconf(&dir)?,
            PortSystem::Make => self.make(&dir)?,
            PortSystem::Cmake => self.cmake(&dir)?,
            PortSystem::Meson => self.meson(&dir)?,
            PortSystem::Lines => {}
        }
        self.lines("finishing it", &self.port.build.finish, &dir)
    }

    /// Takes the information for debuggers out of archives of the stage: build systems add it whatever `CFLAGS` says, and
    /// the sources that it names are gone.
    ///
    /// # Errors
    /// The step failed.
    pub(crate) fn strip(&self, files: &[PathBuf]) -> Result<(), PortError> {
        let staged = self.staged();
        let archives = files.iter().filter(|f| f.extension().is_some_and(|e| e == "a")).map(|f| staged.join(f));
        let archives: Vec<PathBuf> = archives.filter(|path| !path.is_symlink()).collect();
        self.step("strip", Command::new(["strip", "-g"]).args(archives))
    }

    fn source(&self) -> PathBuf {
        self.work.join("source")
    }

    /// Where the source packages are that it reads besides its own.
    fn beside(&self) -> PathBuf {
        self.work.join("beside")
    }

    /// Where it is installed to: what is to be in the prefix is below this with the prefix's path.
    pub(crate) fn stage(&self) -> PathBuf {
        self.work.join("stage")
    }

    /// The prefix in the stage.
    pub(crate) fn staged(&self) -> PathBuf {
        self.stage().join(self.target.prefix.strip_prefix("/").unwrap_or(&self.target.prefix))
    }

    fn autoconf(&self, dir: &Path) -> Result<(), PortError> {
        let prefix = self.target.prefix.display();
        let usual = [
            format!("--prefix={prefix}"),
            format!("--libdir={prefix}/lib"),
            format!("--host={}", self.target.triple),
            "--disable-shared".into(),
            "--enable-static".into(),
        ];
        let configure = Command::new(["./configure"]).args(usual).args(self.filled(&self.port.build.options));
        self.step("configure", configure.in_dir(dir))?;
        self.make_and_install(dir)
    }

    fn make(&self, dir: &Path) -> Result<(), PortError> {
        let configure = self.filled(&self.port.build.configure);
        if !configure.is_empty() {
            self.step("configure", Command::new(configure).in_dir(dir))?;
        }
        self.make_and_install(dir)
    }

    fn make_and_install(&self, dir: &Path) -> Result<(), PortError> {
        let make = |words: &[String]| Command::new(["make"]).args(self.filled(words)).in_dir(dir);
        self.step("make", make(&self.port.build.make).arg(format!("-j{}", self.jobs)))?;
        let install = make(&self.port.build.install).arg(format!("DESTDIR={}", self.stage().display()));
        self.step("make install", install)
    }

    fn cmake(&self, dir: &Path) -> Result<(), PortError> {
        let (prefix, build) = (self.target.prefix.display(), self.work.join("build"));
        let mut options: Vec<String> = [
            "CMAKE_BUILD_TYPE=Release",
            "CMAKE_INSTALL_LIBDIR=lib",
            "BUILD_SHARED_LIBS=OFF",
            "BUILD_TESTING=OFF",
            "CMAKE_POSITION_INDEPENDENT_CODE=ON",
            "CMAKE_EXPORT_NO_PACKAGE_REGISTRY=ON",
            // A static program has no run path that an install could change.
            "CMAKE_SKIP_RPATH=ON",
            "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER",
        ]
        .map(|option| format!("-D{option}"))
        .into();
        // What the machine has is glibc's.
        options
            .extend(["INCLUDE", "LIBRARY", "PACKAGE"].map(|what| format!("-DCMAKE_FIND_ROOT_PATH_MODE_{what}=ONLY")));
        options
            .extend(["INSTALL_PREFIX", "PREFIX_PATH", "FIND_ROOT_PATH"].map(|what| format!("-DCMAKE_{what}={prefix}")));
        options.extend(self.filled(&self.port.build.options));
        let configure = Command::new(["cmake", "-G", "Unix Makefiles", "-S"]).arg(dir).arg("-B").arg(&build);
        self.step("cmake", configure.args(options))?;
        self.make_and_install(&build)
    }

    fn meson(&self, dir: &Path) -> Result<(), PortError> {
        let (prefix, build) = (self.target.prefix.display(), self.work.join("build"));
        let machine = self.work.join("machine.ini");
        fs::write(&machine, machine_file(self.drivers)).map_err(at(&machine))?;
        let options = [
            format!("--native-file={}", machine.display()),
            format!("--prefix={prefix}"),
            "--libdir=lib".into(),
            "--default-library=static".into(),
            "--buildtype=plain".into(),
            // Projects of its own that a source brings are used, none is downloaded.
            "--wrap-mode=nodownload".into(),
            // What depends on the machine, or is new in a version, is the recipe's to ask for.
            "--auto-features=disabled".into(),
            "-Db_staticpic=true".into(),
        ];
        let setup = Command::new(["meson", "setup"]).args(options).args(self.filled(&self.port.build.options));
        self.step("meson setup", setup.arg(&build).arg(dir))?;
        self.step("ninja", Command::new(["ninja"]).arg(format!("-j{}", self.jobs)).arg("-C").arg(&build))?;
        let install = Command::new(["meson", "install", "--no-rebuild", "-C"]).arg(&build);
        self.step("meson install", install.env("DESTDIR", self.stage()))
    }

    /// Lines for the shell, each of which must succeed.
    fn lines(&self, what: &str, lines: &[String], dir: &Path) -> Result<(), PortError> {
        self.filled(lines)
            .into_iter()
            .try_for_each(|line| self.step(what, Command::new(["sh", "-e", "-c"]).arg(line).in_dir(dir)))
    }

    fn filled(&self, words: &[String]) -> Vec<String> {
        let prefix = self.target.prefix.to_string_lossy();
        let beside = self.beside();
        let beside = beside.to_string_lossy();
        let (stage, jobs) = (self.stage().to_string_lossy().into_owned(), self.jobs.to_string());
        let arch = self.target.triple.split('-').next().unwrap_or_default();
        let values = [
            ("{prefix}", prefix.as_ref()),
            ("{stage}", stage.as_str()),
            ("{beside}", beside.as_ref()),
            ("{host}", &self.target.triple),
            ("{arch}", arch),
            ("{jobs}", &jobs),
        ];
        words.iter().map(|word| values.iter().fold(word.clone(), |w, (name, value)| w.replace(name, value))).collect()
    }

    /// Runs a command for the library, with its output in the log.
    ///
    /// # Errors
    /// It fails, with the log's last lines; or a signal came.
    pub(crate) fn step(&self, what: &str, command: Command) -> Result<(), PortError> {
        let command = self.prepared(command);
        let mut log = File::options().create(true).append(true).open(self.log).map_err(at(self.log))?;
        writeln!(log, "\n$ {}", command.shell()).map_err(at(self.log))?;
        let from = log.metadata().map_err(at(self.log))?.len();
        let program = || command.program.to_string_lossy().into_owned();
        let ran =
            self.guard.run_into(&command, &log).map_err(|error| PortError::NotRun { program: program(), error })?;
        match (ran.interrupted, ran.ended) {
            (Some(signal), _) | (None, Ended::Killed(signal)) => Err(PortError::Interrupted(signal)),
            (None, Ended::Exited(0)) => Ok(()),
            (None, Ended::Exited(_)) => {
                let (port, log) = (self.port.name.clone(), self.log.to_owned());
                Err(PortError::Step { port, what: what.into(), last: last_lines(&log, from), log })
            }
        }
    }

    /// The command with the variables of a build, and without those that would change what is built.
    fn prepared(&self, mut command: Command) -> Command {
        let prefix = &self.target.prefix;
        let flags = format!("{FLAGS} {}", self.port.build.flags);
        let cleared = CLEARED.iter().copied().chain(TABLE.iter().map(|option| option.name));
        command.env_remove.extend(cleared.chain(["PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR"]).map(OsString::from));
        let mut set = |name: &str, value: OsString| {
            command.env_remove.retain(|n| *n != *name);
            if command.env.iter().all(|(set, _)| *set != *name) {
                command.env.push((name.into(), value));
            }
        };
        set(options::TOOLCHAIN.name, self.target.name.clone().into());
        set("CC", self.drivers.join("staticcc").into());
        set("CXX", self.drivers.join("staticcxx").into());
        for name in ["CFLAGS", "CXXFLAGS"] {
            set(name, flags.trim().into());
        }
        for (name, value) in [("AR", "ar"), ("RANLIB", "ranlib"), ("NM", "nm"), ("PKG_CONFIG", "pkg-config")] {
            set(name, value.into());
        }
        set("PKG_CONFIG_LIBDIR", package_dirs(&[prefix]));
        set("CMAKE_PREFIX_PATH", prefix.into());
        set("CONFIG_SITE", "/dev/null".into());
        set("LC_ALL", "C".into());
        command
    }
}

/// Meson's file of the machine: programs run here, so that it is a native one. pkg-config is asked for what archives need. There is
/// no CMake, which Meson asks for libraries that pkg-config does not know, and which would find the machine's.
fn machine_file(drivers: &Path) -> String {
    let quoted = |value: String| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
    let driver = |name: &str| quoted(drivers.join(name).display().to_string());
    let mut text = format!("[binaries]\nc = {}\ncpp = {}\n", driver("staticcc"), driver("staticcxx"));
    for name in ["ar", "nm", "ranlib", "strip"] {
        text.push_str(&format!("{name} = '{name}'\n"));
    }
    text + "pkg-config = ['pkg-config', '--static']\ncmake = '/dev/null'\n"
}

/// Where pkg-config looks: these prefixes alone, never the machine.
pub(super) fn package_dirs(prefixes: &[&Path]) -> OsString {
    let dirs = prefixes.iter().flat_map(|prefix| ["lib/pkgconfig", "share/pkgconfig"].map(|dir| prefix.join(dir)));
    std::env::join_paths(dirs).unwrap_or_default()
}

/// The last lines of a log from an offset on, without empty ones.
fn last_lines(log: &Path, from: u64) -> Vec<String> {
    let bytes = fs::read(log).unwrap_or_default();
    let text =
        String::from_utf8_lossy(bytes.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(LAST)).map(|l| (*l).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meson_is_given_our_drivers_and_no_cmake() {
        let text = machine_file(Path::new("/it's/bin"));
        assert!(text.starts_with("[binaries]\nc = '/it\\'s/bin/staticcc'\ncpp = '/it\\'s/bin/staticcxx'\n"), "{text}");
        assert!(text.ends_with("\npkg-config = ['pkg-config', '--static']\ncmake = '/dev/null'\n"), "{text}");
    }

    #[test]
    fn the_last_lines_are_those_after_an_offset() {
        let t = tempfile::NamedTempFile::new().unwrap();
        fs::write(t.path(), "before\n1\n\n2\n").unwrap();
        assert_eq!(last_lines(t.path(), 7), ["1", "2"]);
        assert!(last_lines(t.path(), 99).is_empty());
    }
}

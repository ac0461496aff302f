//! The build of a source package: what it needs, dpkg-buildpackage under `staticctl run`, and without it.

use super::PackageError;
use super::error::at;
use super::source_tree::{SourceTree, tool};
use crate::files::write_atomic;
use crate::message;
use crate::run::{Command, Ended, Guard, capture};
use crate::settings::Settings;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How packages are built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuildChoice {
    /// Run the package's own tests.
    pub tests: bool,
    /// Let apt install without asking.
    pub yes: bool,
}

/// The report of the last build.
const REPORT: &str = "report.json";
/// Reports of builds that were interrupted, and in which programs were linked that are not linked again.
const EARLIER: &str = "report-earlier.json";
/// There from a build's start to its success.
const UNFINISHED: &str = ".unfinished";

impl SourceTree {
    /// The reports of everything that was linked for the package.
    pub(super) fn reports(&self) -> Vec<PathBuf> {
        [REPORT, EARLIER].iter().map(|name| self.place.join(name)).filter(|path| path.is_file()).collect()
    }

    /// Lets apt install what the build needs, as root; says what is missing otherwise.
    ///
    /// # Errors
    /// Packages that are missing, no dpkg-checkbuilddeps or apt, a signal.
    pub(crate) fn install_dependencies(&self, choice: BuildChoice, guard: &Guard) -> Result<(), PackageError> {
        let Some(missing) = self.missing()? else { return Ok(()) };
        if nix::unistd::geteuid().is_root() {
            message::note(format!("`{}` needs packages for its build: {missing}", self.name));
            let yes = choice.yes.then_some("--yes");
            let apt = Command::new(["apt-get", "build-dep"]).args(yes).arg("./").in_dir(&self.tree);
            tool(&apt, guard)?;
        }
        match self.missing()? {
            None => Ok(()),
            Some(missing) => Err(PackageError::NoDependencies { name: self.name.clone(), missing }),
        }
    }

    /// The packages that are missing, as dpkg-checkbuilddeps(1) names them.
    fn missing(&self) -> Result<Option<String>, PackageError> {
        let check = Command::new(["dpkg-checkbuilddeps"]).env("LC_ALL", "C").in_dir(&self.tree);
        let said = capture::capture(&check).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => PackageError::Interrupted,
            _ => PackageError::NoTool { program: "dpkg-checkbuilddeps".into(), error },
        })?;
        if said.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        Ok(Some(text.rsplit("dependencies: ").next().unwrap_or(&text).to_owned()))
    }

    /// Builds the binary packages with static programs. A build that was interrupted goes on.
    ///
    /// # Errors
    /// It fails, or a signal came.
    pub(crate) fn build(&self, settings: &Settings, choice: BuildChoice, guard: &Guard) -> Result<(), PackageError> {
        let (report, earlier) = (self.place.join(REPORT), self.place.join(EARLIER));
        let unfinished = self.place.join(UNFINISHED);
        // Without the report of what was linked already, all is linked again.
        let goes_on = unfinished.is_file() && report.is_file();
        if goes_on {
            message::note(format!("the build of `{}` was interrupted, and goes on", self.name));
            keep_earlier(&report, &earlier)?;
        } else {
            remove(&earlier)?;
            remove(&report)?;
        }
        write_atomic(&unfinished, b"").map_err(at(&unfinished))?;
        let command =
            Command::new(["/proc/self/exe"]).named("staticctl").args(["run", "--report"]).arg(&report).arg("--");
        let command = command.args(BUILD).args(goes_on.then_some("--no-pre-clean"));
        let ended = tool(&self.prepared(settings, command, choice).in_dir(&self.tree), guard)?;
        match failure(ended) {
            Some(ended) => Err(PackageError::NotBuilt { name: self.name.clone(), ended }),
            None => remove(&unfinished),
        }
    }

    /// Builds a copy of the source without us, to find out whose fault a failure is.
    ///
    /// # Errors
    /// It fails too, or a signal came.
    pub(crate) fn build_plainly(
        &self,
        settings: &Settings,
        choice: BuildChoice,
        guard: &Guard,
    ) -> Result<(), PackageError> {
        let plain = self.place.join("plain");
        if let Err(error) = fs::remove_dir_all(&plain)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(PackageError::File(plain, error));
        }
        fs::create_dir_all(&plain).map_err(at(&plain))?;
        let tree = plain.join(self.tree.file_name().unwrap_or_default());
        if failure(tool(&Command::new(["cp", "-a", "--"]).arg(&self.tree).arg(&tree), guard)?).is_some() {
            return Err(PackageError::BadPackage(self.tree.clone(), "copied"));
        }
        let ended = tool(&self.prepared(settings, Command::new(BUILD), choice).in_dir(tree), guard)?;
        match failure(ended) {
            Some(ended) => Err(PackageError::NotBuiltPlainly { name: self.name.clone(), ended }),
            None => Ok(()),
        }
    }

    /// With the options of the build, unless the caller has set some.
    fn prepared(&self, settings: &Settings, command: Command, choice: BuildChoice) -> Command {
        match &settings.deb_build_options {
            None if !choice.tests => command.env("DEB_BUILD_OPTIONS", "nocheck"),
            _ => command,
        }
    }
}

/// Binary packages for this machine only (others have no programs, or those of another system), unsigned, with a job for
/// each processor as far as the rules allow. What it needs was looked at.
const BUILD: [&str; 5] = ["dpkg-buildpackage", "--build=any", "--no-sign", "--jobs-try=auto", "--no-check-builddeps"];

fn failure(ended: Ended) -> Option<String> {
    match ended {
        Ended::Exited(0) => None,
        Ended::Exited(status) => Some(format!("dpkg-buildpackage ended with status {status}")),
        Ended::Killed(signal) => Some(format!("dpkg-buildpackage was ended by signal {signal}")),
    }
}

/// Adds a report to those of earlier builds: one after the other, as JSON values.
fn keep_earlier(report: &Path, earlier: &Path) -> Result<(), PackageError> {
    let mut all = match fs::read(earlier) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(PackageError::File(earlier.to_owned(), error)),
    };
    all.extend(fs::read(report).map_err(at(report))?);
    write_atomic(earlier, &all).map_err(at(earlier))
}

fn remove(path: &Path) -> Result<(), PackageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PackageError::File(path.to_owned(), error)),
        _ => Ok(()),
    }
}

//! A library's own program: built against the stage, linked, and run in an empty root.

use super::port_build::{PortBuild, package_dirs};
use super::port_error::{PortError, at};
use crate::message;
use crate::options::exit_codes::EXIT_NO_ROOT;
use crate::run::capture::capture_within;
use crate::run::{Command, caught_signal};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Compiles and links: driver, staged prefix, source, program. The packages name the prefix, where nothing is yet.
/// A package that is not found ends the first line.
const LINK: &str = r#"cflags=@CFLAGS@; libs=@LIBS@
"$0" -O1 -I"$1/include" "$2" -o "$3" $cflags -L"$1/lib" $libs @WORDS@"#;

impl PortBuild<'_> {
    /// Builds the program of the recipe and runs it: it must print `ok` and end with 0.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn try_it(&self, own: &Path) -> Result<(), PortError> {
        let test = &self.port.test;
        let (source, program) = (self.work.join(&test.program), self.work.join("test-program"));
        fs::write(&source, &self.port.test_text).map_err(at(&source))?;
        let asked = |what: &str| match test.packages.join(" ") {
            none if none.is_empty() => none,
            names => format!("$(pkg-config --static {what} {names})"),
        };
        let line = LINK.replace("@CFLAGS@", &asked("--cflags")).replace("@LIBS@", &asked("--libs"));
        let line = line.replace("@WORDS@", &test.words.join(" "));
        let driver = if test.program.ends_with(".cpp") { "staticcxx" } else { "staticcc" };
        let staged = self.staged();
        let link = Command::new(["sh", "-e", "-c"]).arg(line).arg(self.drivers.join(driver));
        let link = link.args([&staged, &source, &program]).in_dir(self.work);
        self.step("building its test", link.env("PKG_CONFIG_LIBDIR", package_dirs(&[&staged, &self.target.prefix])))?;
        self.run_program(own, &program)
    }

    /// `own` is this program.
    fn run_program(&self, own: &Path, program: &Path) -> Result<(), PortError> {
        let run = |command: &Command| {
            let ran = capture_within(command, LIMIT);
            match caught_signal() {
                Some(signal) => Err(PortError::Interrupted(signal)),
                None => ran.map_err(at(program)),
            }
        };
        let jailed =
            Command::new([own]).named("staticctl").args(["try", "--with-tmp", "--with-dev", "--"]).arg(program);
        let mut ran = run(&jailed)?;
        if ran.status.code() == Some(i32::from(EXIT_NO_ROOT)) {
            message::note(format!(
                "there can be no empty root here: the test of `{}` runs without one",
                self.port.name
            ));
            ran = run(&Command::new([program]))?;
        }
        if ran.status.success() && ran.stdout == b"ok\n" {
            return Ok(());
        }
        let text = [ran.stdout, ran.stderr].concat();
        let last = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
        let what = format!("its test ({})", ran.status);
        Err(PortError::Step { port: self.port.name.clone(), what, log: self.log.to_owned(), last })
    }
}

//! `staticctl bug-report`.

use super::cli_own_args::BugReportArgs;
use super::output::{fail, produce};
use crate::files::write_atomic;
use crate::options::exit_codes::EXIT_YES;
use crate::options::{self};
use crate::own::build_facts::LONG;
use crate::own::veil::{Veil, is_secret};
use crate::report;
use crate::run::{Command, capture, shell_line};
use crate::settings::{self, Settings};
use crate::toolchain::os_release::OsRelease;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name where none is given.
const FILE: &str = "staticcxx-bug-report.md";
/// Its first line, by which one of ours is known.
const TITLE: &str = "# A fault of staticcxx";
/// How long a command may take that is asked; `doctor` tries everything out where nothing is kept.
const LIMIT: Duration = Duration::from_secs(300);
/// How many lines of the report are copied.
const LINES: usize = 20;
/// How much of one answer is copied, in bytes.
const MOST: usize = 64 << 10;

/// Variables that decide what a build does, beside all that begin with [`OURS`].
const TOLD: [&str; 29] = [
    "AR",
    "CC",
    "CFLAGS",
    "COLLECT_GCC",
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "C_INCLUDE_PATH",
    "FC",
    "GCC_EXEC_PREFIX",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD",
    "LDFLAGS",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "MAKEFLAGS",
    "PATH",
    "PKG_CONFIG_PATH",
    "RUSTFLAGS",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TMPDIR",
    "DESTDIR",
];

/// How our variables begin, and those of the directories that we use.
const OURS: [&str; 2] = [options::PREFIX, "XDG_"];

/// Writes the report, and prints where.
pub(super) fn run(settings: &Settings, args: &BugReportArgs) -> u8 {
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(FILE));
    if args.output.is_none() && !may_replace(&path) {
        return fail(format!("`{FILE}` is there, and is no report"), Some("staticctl bug-report -o OTHER.md".into()));
    }
    let variables = settings::everything();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let host = nix::unistd::gethostname().unwrap_or_default();
    let veil = Veil::of(&variables, &passwd, nix::unistd::getuid().as_raw(), &host.to_string_lossy());
    let text = veil.over(&written(settings, &variables, &args.command));
    if let Err(e) = write_atomic(&path, text.as_bytes()) {
        let elsewhere = std::env::temp_dir().join(FILE);
        let hint = format!("staticctl bug-report -o {}", shell_line(&[elsewhere.into_os_string()]));
        return fail(format!("`{}` can't be written: {e}", path.display()), Some(hint));
    }
    produce(&format!("{}\n", path.display()), EXIT_YES)
}

/// Whether a path is free, or has an earlier report.
fn may_replace(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err() || fs::read(path).is_ok_and(|bytes| bytes.starts_with(TITLE.as_bytes()))
}

fn written(settings: &Settings, variables: &BTreeMap<String, String>, command: &[OsString]) -> String {
    let mut text = format!(
        "{TITLE}\n\nWhat I did, what I expected, what happened instead:\n\n\n\
         <!-- Below: `staticctl bug-report`. The names of home, user and machine are left out, and what looks secret. -->\n"
    );
    let own = settings::own_program(settings.path.as_deref());
    let ask = |words: &[OsString]| match &own {
        Some(own) => said(Command::new([own]).args(words.iter().cloned())),
        None => "can't be asked: where this program is can't be known without /proc".to_owned(),
    };
    section(&mut text, "Versions", &versions());
    section(&mut text, "Settings", &set(variables));
    section(&mut text, "staticctl self-check", &ask(&["self-check".into()]));
    section(&mut text, "staticctl doctor", &ask(&["doctor".into()]));
    if !command.is_empty() {
        let words: Vec<OsString> = ["explain".into(), "--".into()].into_iter().chain(command.iter().cloned()).collect();
        section(&mut text, &format!("staticctl {}", shell_line(&words)), &ask(&words));
    }
    if let Some(dir) = &settings.report {
        section(&mut text, "The last links", &last_links(dir));
    }
    text
}

/// A heading and what is told below it, as it is.
fn section(text: &mut String, title: &str, told: &str) {
    // A fence longer than any in it.
    let ticks = told.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1;
    let fence = "`".repeat(ticks);
    // Writing to a String can't fail.
    let _ = write!(text, "\n## {}\n\n{fence}text\n{}\n{fence}\n", title.replace('\n', " "), told.trim_end());
}

/// What a command says on both streams, and how it ends if that is not well.
fn said(command: Command) -> String {
    match capture::capture_within(&command, LIMIT) {
        Ok(said) => {
            let both = [said.stdout.as_slice(), said.stderr.as_slice()].concat();
            let mut text = String::from_utf8_lossy(both.get(..MOST).unwrap_or(&both)).into_owned();
            if both.len() > MOST {
                text.push_str("\n… and more");
            }
            if !said.status.success() {
                let _ = write!(text, "({})", said.status);
            }
            text
        }
        Err(e) => format!("can't be asked: {e}"),
    }
}

fn versions() -> String {
    let os = OsRelease::read();
    let kernel = nix::sys::utsname::uname().map_or("unknown".to_owned(), |of| {
        let word = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        [word(of.sysname()), word(of.release()), word(of.machine())].join(" ")
    });
    let distribution = os.value("PRETTY_NAME").or(os.value("ID")).unwrap_or("unknown").to_owned();
    let mut text = format!("staticctl {LONG}\nkernel: {kernel}\ndistribution: {distribution}\n");
    for program in ["cc", "c++", "ld", "ldd"] {
        let first = said(Command::new([program, "--version"]));
        let _ = writeln!(text, "{program}: {}", first.lines().next().unwrap_or_default());
    }
    text
}

fn set(variables: &BTreeMap<String, String>) -> String {
    let is_told = |name: &str| TOLD.contains(&name) || OURS.iter().any(|start| name.starts_with(start));
    let told = variables.iter().filter(|(name, _)| is_told(name) && !is_secret(name));
    told.map(|(name, value)| format!("{name}={value}\n")).collect()
}

fn last_links(dir: &Path) -> String {
    match fs::read_to_string(dir.join(report::FILE)) {
        Ok(text) => {
            let lines: Vec<&str> = text.lines().collect();
            lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
        }
        Err(e) => format!("`{}` can't be read: {e}", dir.join(report::FILE).display()),
    }
}

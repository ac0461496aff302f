//! All exit codes, for the programs and their documentation.

/// A driver's own failure, as opposed to the compiler's: 1, as with GCC.
pub(crate) const EXIT_FAILURE: i32 = 1;

/// `staticctl`: done, and the answer is yes.
pub(crate) const EXIT_YES: u8 = 0;
/// `staticctl`: done, and the answer is no: a file is not static, a toolchain is not complete.
pub(crate) const EXIT_NO: u8 = 1;
/// `staticctl`: failed: bad arguments, an unreadable file.
pub(crate) const EXIT_ERROR: u8 = 2;
/// The sandbox could not be created, as with container runtimes.
pub(crate) const EXIT_NO_ROOT: u8 = 125;
/// The command exists but can't be run, as with shells.
pub(crate) const EXIT_NOT_RUNNABLE: u8 = 126;
/// The command was not found, as with shells.
pub(crate) const EXIT_NOT_FOUND: u8 = 127;

/// A row of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExitRow {
    /// The program and its command.
    pub of: &'static str,
    /// The code; none for codes of other programs.
    pub code: Option<u8>,
    pub means: &'static str,
}

const fn row(of: &'static str, code: u8, means: &'static str) -> ExitRow {
    ExitRow { of, code: Some(code), means }
}

const fn any(of: &'static str, means: &'static str) -> ExitRow {
    ExitRow { of, code: None, means }
}

pub(crate) const DRIVERS: &str = "staticcc, staticcxx";

/// All codes. A command that is not listed has those of `staticctl`.
pub(crate) const TABLE: [ExitRow; 44] = [
    any(DRIVERS, "the compiler's own code; a signal that ended it is raised again"),
    row(DRIVERS, EXIT_FAILURE as u8, "the program is not static, or a toolchain or library is missing"),
    row("staticctl", EXIT_YES, "done"),
    row("staticctl", EXIT_NO, "done, and the answer is no"),
    row("staticctl", EXIT_ERROR, "bad arguments, or it failed"),
    row("staticctl cache clear", EXIT_YES, "removed, but for what a running build may use"),
    row("staticctl cache clear", EXIT_NO, "something can't be removed"),
    row("staticctl check", EXIT_YES, "all files are static programs"),
    row("staticctl check", EXIT_NO, "one is not"),
    row("staticctl check", EXIT_ERROR, "one can't be read"),
    row("staticctl convert", EXIT_YES, "written and checked"),
    row("staticctl convert", EXIT_NO, "it can't be linked, or the result is not like the original"),
    row("staticctl convert", EXIT_ERROR, "it can't be converted"),
    row("staticctl deb", EXIT_YES, "the packages were built, and all their programs are static"),
    row("staticctl deb", EXIT_NO, "a package does not build, or not all of its programs are static"),
    row("staticctl deb", EXIT_ERROR, "a build was not started"),
    row("staticctl doctor", EXIT_YES, "static C and C++ programs can be built"),
    row("staticctl doctor", EXIT_NO, "they can't"),
    row("staticctl image", EXIT_YES, "written"),
    row("staticctl image", EXIT_NO, "a program is not allowed in an image"),
    row("staticctl image", EXIT_ERROR, "it could not be built"),
    row("staticctl licenses", EXIT_YES, "the licences of all parts were found"),
    row("staticctl licenses", EXIT_NO, "one is missing, of another version or of no package"),
    row("staticctl licenses", EXIT_ERROR, "a program can't be read, or nothing was written"),
    row("staticctl plugins", EXIT_YES, "the program opened something"),
    row("staticctl plugins", EXIT_NO, "it opened nothing"),
    row("staticctl plugins", EXIT_ERROR, "it could not be run"),
    any("staticctl run", "the command's own code; a signal that ended it is raised again"),
    row("staticctl run", EXIT_ERROR, "the command was not started"),
    row("staticctl run", EXIT_NOT_RUNNABLE, "the command can't be run"),
    row("staticctl run", EXIT_NOT_FOUND, "the command was not found"),
    row("staticctl self-check", EXIT_YES, "the programs are static, of one version, and first on PATH"),
    row("staticctl self-check", EXIT_NO, "they are not"),
    row("staticctl toolchain show", EXIT_YES, "it is complete"),
    row("staticctl toolchain show", EXIT_NO, "it is not"),
    row("staticctl toolchain test", EXIT_YES, "all programs pass"),
    row("staticctl toolchain test", EXIT_NO, "some fail"),
    any("staticctl try", "the program's own code; a signal that ended it is raised again"),
    row("staticctl try", EXIT_NO_ROOT, "the empty root could not be created"),
    row("staticctl try", EXIT_NOT_RUNNABLE, "the program can't run in it"),
    row("staticctl try", EXIT_NOT_FOUND, "there is no such program"),
    row("staticctl uninstall", EXIT_YES, "all that was installed is gone"),
    row("staticctl uninstall", EXIT_NO, "something was changed and stays, or nothing was installed"),
    row("staticctl uninstall", EXIT_ERROR, "the note of what was installed can't be read"),
];

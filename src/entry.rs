//! The programs' entry points.
//!
//! The drivers start in C's `main`, since Rust's runtime would change the handling of SIGPIPE, which the compiler must
//! inherit unchanged.

use crate::files::link_chain;
use crate::model::Language;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_FAILURE};
use crate::own::build_facts::VERSION;
use crate::parts::own_crates;
use crate::report::{self, LinkRecord, Outcome};
use crate::run::{self, panics};
use crate::session::own_programs::STATICCTL;
use crate::settings::{self, Settings};
use crate::toolchain::{Invocation, front_end};
use crate::{ctl, driver, message};
use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Runs a driver with C's argument vector; returns its exit status.
///
/// # Safety
/// `argv` must hold `argc` pointers to strings, as the C runtime passes them to `main`.
pub unsafe fn driver_main(own: Language, argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: guaranteed by the caller.
    driver_call(own, &unsafe { words(argc, argv) })
}

/// Runs the driver for Fortran, likewise.
///
/// # Safety
/// As [`driver_main`].
pub unsafe fn fortran_main(argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: guaranteed by the caller.
    let mut argv = unsafe { words(argc, argv) };
    // Under a name that says nothing it is what it is.
    if let Some(name) = argv.first_mut()
        && front_end::called(name).is_none()
    {
        *name = front_end::STATICFC.into();
    }
    driver_call(Language::C, &argv)
}

/// C's argument vector.
///
/// # Safety
/// As [`driver_main`].
unsafe fn words(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: guaranteed by the caller.
        .map(|i| unsafe { CStr::from_ptr(*argv.add(i)) })
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect()
}

fn driver_call(own: Language, argv: &[OsString]) -> c_int {
    own_crates::keep();
    panics::note();
    settings::leave_linker_dir();
    let called = argv.to_vec();
    panics::status_of(|| driver::main(own, argv), move |fault| record_fault(&called, fault))
}

/// Tells of a fault and writes it to the report; gives the exit status.
fn record_fault(argv: &[OsString], fault: &str) -> c_int {
    tell(argv, fault);
    let blank = LinkRecord::blank(Outcome::Failed, argv);
    let record = LinkRecord { status: EXIT_FAILURE, fault: Some(fault), output: output(argv), ..blank };
    if let Some(dir) = &Settings::from_env().report
        && let Err(error) = report::append(dir, &record)
    {
        message::warning(format!("the report in `{}` can't be written: {error}", dir.display()));
    }
    EXIT_FAILURE
}

/// The output, found without classification, which may be what failed.
fn output(argv: &[OsString]) -> PathBuf {
    argv.iter().skip_while(|word| *word != "-o").nth(1).map_or("a.out".into(), PathBuf::from)
}

/// Runs `staticctl`, or a driver where it was called by the name of one or of a compiler, or where its own file has such a
/// name: installed, it is one program under all of them.
///
/// # Safety
/// As [`driver_main`].
pub unsafe fn staticctl_main(argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: guaranteed by the caller.
    let mut words = unsafe { words(argc, argv) };
    // icecream runs it to see whether an environment works.
    if words.first().is_some_and(|name| Path::new(name).file_name() == Some(OsStr::new("true"))) {
        return 0;
    }
    if let Some(language) = called_as_driver(&mut words) {
        return driver_call(language, &words);
    }
    own_crates::keep();
    panics::note();
    settings::leave_linker_dir();
    run::ignore_broken_pipes();
    panics::status_of(
        || c_int::from(ctl::main()),
        move |fault| {
            tell(&words, fault);
            c_int::from(EXIT_ERROR)
        },
    )
}

/// The driver that a call is for; none where it is for `staticctl`. A Fortran driver under a name that says nothing gets
/// the one that it has.
fn called_as_driver(words: &mut [OsString]) -> Option<Language> {
    let name = words.first_mut().filter(|name| Path::new(name).file_name() != Some(OsStr::new(STATICCTL)))?;
    if let Some(language) = driver_of(name) {
        return Some(language);
    }
    // A link of any name to one of the drivers is that one.
    let file = settings::found_by_name(name)?;
    let names = link_chain(file).map(PathBuf::into_os_string);
    let (file, language) = names.filter_map(|at| driver_of(&at).map(|language| (at, language))).next()?;
    if front_end::called(&file).is_some() {
        *name = file;
    }
    Some(language)
}

/// The driver for a name; none for other names than those of drivers, compilers and linkers.
fn driver_of(argv0: &OsStr) -> Option<Language> {
    let own = ["staticcc", "staticcxx"].iter().any(|name| Path::new(argv0).file_name() == Some(OsStr::new(name)));
    let called = Invocation::parse(argv0, Language::C);
    let is_driver = own || called.name.is_some() || front_end::called(argv0).is_some() || driver::is_linker(argv0);
    is_driver.then_some(called.language)
}

/// Reports a fault of this program, and what a bug report needs.
fn tell(argv: &[OsString], fault: &str) {
    let [error, hint] = fault_lines(argv, fault);
    message::error(error);
    message::hint(hint);
}

fn fault_lines(argv: &[OsString], fault: &str) -> [String; 2] {
    [
        format!("this should not have happened: {fault}"),
        format!(
            "please report that line, with the file that this writes (version {VERSION}): staticctl bug-report -- {}",
            run::shell_line(argv)
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_which_program_it_is() {
        for (name, language) in [
            ("staticctl", None),
            ("./staticctl-1.0", None),
            ("/p/bin/staticcc", Some(Language::C)),
            ("staticcxx", Some(Language::Cxx)),
            ("x86_64-linux-gnu-g++-12", Some(Language::Cxx)),
            ("cc", Some(Language::C)),
            ("staticfc", Some(Language::C)),
            ("gfortran", Some(Language::C)),
        ] {
            assert_eq!(driver_of(OsStr::new(name)), language, "{name}");
        }
    }

    #[test]
    fn a_fault_is_told_with_its_place_and_the_command() {
        let [error, hint] = fault_lines(&["staticcc".into(), "a b.o".into()], "panic at src/x.rs:7: no such thing");
        assert!(
            error.starts_with("this should not have happened: panic") && error.ends_with("no such thing"),
            "{error}"
        );
        assert!(hint.contains(VERSION) && hint.ends_with("staticctl bug-report -- staticcc 'a b.o'"), "{hint}");
    }

    #[test]
    fn a_report_has_the_fault() {
        let dir = tempfile::tempdir().unwrap();
        let record =
            LinkRecord { fault: Some("panic at src/x.rs:7: y"), ..LinkRecord::blank(Outcome::Failed, &["cc".into()]) };
        report::append(dir.path(), &record).unwrap();
        let line = std::fs::read_to_string(dir.path().join(report::FILE)).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["outcome"], &value["fault"]), (&"failed".into(), &"panic at src/x.rs:7: y".into()));
    }
}

//! Options that harden what is compiled (`STATICCXX_HARDEN`): those that the OpenSSF's "Compiler Options Hardening Guide
//! for C and C++" recommends and that change code, as far as the compiler has them. They come before the call's own words,
//! which may take each back.

use crate::args::InputKind;
use crate::args::Request;
use crate::files::{kept, temporary_for_programs};
use crate::model::Language;
use crate::run::Command;
use crate::run::capture::capture_within;
use crate::settings::Settings;
use crate::toolchain::Selected;
use crate::toolchain::probe_cache::{Kept, Key};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// When an option is of use, beyond what the compiler says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fits {
    Always,
    /// In C++, and with a macro of which the call says nothing itself.
    CxxMacro(&'static str),
    /// Where the call optimises, which glibc's headers want, and says nothing of this macro itself.
    OptimisedMacro(&'static str),
    /// Where none of these words is in the call, with which the compiler refuses it.
    Without(&'static [&'static str]),
}

/// Options that belong together, and when they are of use.
const OPTIONS: [(&[&str], Fits); 10] = [
    (&["-fstack-protector-strong"], Fits::Always),
    (&["-fstack-clash-protection"], Fits::Without(&["-fstack-check", "-fsplit-stack"])),
    (&["-fcf-protection=full"], Fits::Without(&["-mindirect-branch", "-mfunction-return"])),
    (&["-mbranch-protection=standard"], Fits::Always),
    (&["-ftrivial-auto-var-init=zero"], Fits::Always),
    (&["-fstrict-flex-arrays=3"], Fits::Always),
    (&["-fno-delete-null-pointer-checks", "-fno-strict-overflow"], Fits::Always),
    (&["-fno-strict-aliasing"], Fits::Always),
    (&["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"], Fits::OptimisedMacro("_FORTIFY_SOURCE")),
    (&["-D_GLIBCXX_ASSERTIONS"], Fits::CxxMacro("_GLIBCXX_ASSERTIONS")),
];

/// Words of code for no system, which has none of what the options call.
const FREESTANDING: [&str; 5] = ["-ffreestanding", "-fno-hosted", "-nostdlib", "-nostdinc", "-mcmodel=kernel"];

/// For one compilation of an empty file.
const LIMIT: Duration = Duration::from_secs(60);

/// The options for a call that compiles C or C++.
pub(super) fn compile_args(settings: &Settings, request: &Request, selected: &Selected) -> Vec<OsString> {
    let compiles = |kind: InputKind| matches!(kind, InputKind::Source | InputKind::Stdin);
    if !settings.harden || !request.inputs.iter().any(|i| compiles(i.kind)) || has(request, &FREESTANDING) {
        return Vec::new();
    }
    let works = working(settings, &request.abi, selected);
    let wanted = OPTIONS.iter().zip(works).filter(|((_, fits), works)| *works && is_of_use(*fits, request, selected));
    wanted.flat_map(|((words, _), _)| words.iter().map(OsString::from)).collect()
}

/// Whether a word of the call begins with one of these.
fn has(request: &Request, beginnings: &[&str]) -> bool {
    request.args.iter().any(|arg| beginnings.iter().any(|start| starts(&arg.word, start)))
}

fn starts(word: &OsString, start: &str) -> bool {
    word.as_encoded_bytes().starts_with(start.as_bytes())
}

fn is_of_use(fits: Fits, request: &Request, selected: &Selected) -> bool {
    let mentions = |name: &str| {
        request.args.iter().any(|arg| memchr::memmem::find(arg.word.as_encoded_bytes(), name.as_bytes()).is_some())
    };
    match fits {
        Fits::Always => true,
        Fits::CxxMacro(name) => selected.language == Language::Cxx && !mentions(name),
        Fits::OptimisedMacro(name) => optimises(request) && !mentions(name),
        Fits::Without(words) => !has(request, words),
    }
}

/// Whether the last `-O` of a call is not `-O0`.
fn optimises(request: &Request) -> bool {
    let level = request.args.iter().rfind(|arg| !arg.is_input() && starts(&arg.word, "-O"));
    level.is_some_and(|arg| arg.word != "-O0")
}

/// Which of the options the compiler has for this target, tried once and kept.
fn working(settings: &Settings, abi: &[OsString], selected: &Selected) -> Vec<bool> {
    let what = format!("{} hardening {}", kept::TRIALS, selected.language);
    let key = Key::of(&selected.compiler, abi, &what);
    let kept = Kept { kind: "trials", dir: settings.cache_dir.as_deref(), key: key.as_ref() };
    if let Some(known) = kept.load::<Vec<bool>>().filter(|known| known.len() == OPTIONS.len()) {
        return known;
    }
    let Ok(dir) = temporary_for_programs("staticcxx-trial", settings.cache_dir.as_deref()) else {
        return vec![false; OPTIONS.len()];
    };
    let works = |words: &[&str]| compiles(selected, abi, words, dir.path());
    let Some(true) = works(&[]) else { return vec![false; OPTIONS.len()] };
    let tried: Vec<Option<bool>> = OPTIONS.iter().map(|(words, _)| works(words)).collect();
    if tried.iter().all(Option::is_some) {
        kept.store(&tried.iter().map(|works| works == &Some(true)).collect::<Vec<bool>>());
    }
    tried.into_iter().map(|works| works == Some(true)).collect()
}

/// Whether the compiler takes these words without a warning; none if it could not be run.
fn compiles(selected: &Selected, abi: &[OsString], words: &[&str], dir: &Path) -> Option<bool> {
    let (source, text) = match selected.language {
        Language::C => ("empty.c", "int one(char *s) { char b[64]; b[0] = *s; return b[0]; }\n"),
        Language::Cxx => ("empty.cc", "int one(char *s) { char b[64]; b[0] = *s; return b[0]; }\n"),
    };
    std::fs::write(dir.join(source), text).ok()?;
    let mut command = Command::new(selected.compiler.iter().cloned());
    command.env.clone_from(&selected.env);
    let line = ["-Werror", "-O2", "-c", source, "-o", "empty.o"];
    let command = command.args(&selected.compile_args).args(abi).args(words).args(line).in_dir(dir);
    capture_within(&command.env("LC_ALL", "C"), LIMIT).ok().map(|done| done.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::classify;

    fn request(line: &str) -> Request {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        classify(&words, Language::C)
    }

    #[test]
    fn the_last_level_counts() {
        for (line, expected) in [
            ("-c a.c", false),
            ("-O -c a.c", true),
            ("-O2 -O0 -c a.c", false),
            ("-O0 -Os -c a.c", true),
            ("-Og -c a.c", true),
        ] {
            assert_eq!(optimises(&request(line)), expected, "{line}");
        }
    }
}

//! `staticctl env`, `cmake-toolchain`, `meson-file`, `conan-profile` and `vcpkg-triplet`: the environment of `staticctl
//! run`, for manual use.

use super::cli::Shell;
use super::output::{fail, produce};
use crate::model::Language;
use crate::options::exit_codes::EXIT_YES;
use crate::run::capture::capture;
use crate::run::{Command, shell_line};
use crate::session::compiler_names;
use crate::session::environment::{self, Variable};
use crate::session::templates::{self, CompilerIdentity, TemplateValues};
use crate::settings::Settings;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(crate) fn print(settings: &Settings, toolchain: Option<&OsStr>, shell: Shell) -> u8 {
    let environment = match environment::prepare(settings, toolchain) {
        Ok(environment) => environment,
        Err(error) => {
            let hint = error.hint();
            return fail(error, hint);
        }
    };
    if !environment.shims.is_kept() {
        return fail(
            "the cache directory can't be written, so the variables would name files that no longer exist",
            Some("set XDG_CACHE_HOME to a writable directory, or use `staticctl run`".into()),
        );
    }
    for warning in &environment.warnings {
        crate::message::warning(warning);
    }
    let bin = environment.shims.bin();
    let text = match shell {
        Shell::Sh => lines(&environment.variables, |v| match v.name.as_str() {
            "PATH" => format!("export PATH={}\"${{PATH:+:$PATH}}\"", shell_line(&[bin.clone().into()])),
            name => format!("export {name}={}", shell_line(std::slice::from_ref(&v.value))),
        }),
        Shell::Fish => lines(&environment.variables, |v| match v.name.as_str() {
            "PATH" => format!("set -gx PATH {} $PATH", fish(bin.as_os_str())),
            name => format!("set -gx {name} {}", fish(&v.value)),
        }),
        Shell::Json => {
            let pairs = environment.variables.iter().map(|v| (v.name.clone(), v.value.to_string_lossy().into()));
            format!("{:#}\n", serde_json::Value::Object(pairs.collect()))
        }
    };
    produce(&text, EXIT_YES)
}

fn lines(variables: &[Variable], line: impl Fn(&Variable) -> String) -> String {
    variables.iter().map(|v| line(v) + "\n").collect()
}

/// fish knows two escapes between single quotes.
fn fish(value: &OsStr) -> String {
    format!("'{}'", value.to_string_lossy().replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Prints a file for a build system.
pub(crate) fn file(settings: &Settings, toolchain: Option<&OsStr>, text: impl FnOnce(&TemplateValues) -> String) -> u8 {
    match environment::file_values(settings, toolchain) {
        Ok(values) => produce(&text(&values), EXIT_YES),
        Err(error) => {
            let hint = error.hint();
            fail(error, hint)
        }
    }
}

/// The CMake toolchain file.
pub(crate) fn cmake(settings: &Settings, toolchain: Option<&OsStr>) -> u8 {
    file(settings, toolchain, templates::cmake)
}

pub(crate) fn meson(settings: &Settings, toolchain: Option<&OsStr>) -> u8 {
    file(settings, toolchain, templates::meson)
}

/// The Conan profile.
pub(crate) fn conan(settings: &Settings, toolchain: Option<&OsStr>) -> u8 {
    file(settings, toolchain, |values| templates::conan(values, &identity(values)))
}

/// The vcpkg triplet.
pub(crate) fn vcpkg(settings: &Settings, toolchain: Option<&OsStr>) -> u8 {
    file(settings, toolchain, templates::vcpkg)
}

/// What the compiler behind the drivers says of itself. One that says nothing is a GCC of unknown version.
pub(super) fn identity(values: &TemplateValues) -> CompilerIdentity {
    let ask = |words: &[&str]| {
        let command = Command::new(values.compiler.iter().cloned()).args(words.iter().copied()).env("LC_ALL", "C");
        capture(&command).map(|said| (said.text(), String::from_utf8_lossy(&said.stderr).into_owned()))
    };
    let program = values.compiler.first().map(Path::new);
    let name = program.and_then(|p| compiler_names::known_name(p, Language::C)).unwrap_or("gcc");
    let version = ask(&["-dumpversion"]).map(|(said, _)| said).unwrap_or_default();
    let version = version.split('.').next().unwrap_or_default().trim().to_owned();
    // GCC and Clang list them between two lines (GCC manual, `-v`).
    let (_, said) = ask(&["-E", "-x", "c++", "-v", "/dev/null"]).unwrap_or_default();
    let between = said.lines().skip_while(|l| !l.starts_with("#include <...>")).skip(1);
    let listed = between.take_while(|l| l.starts_with(' ')).map(|l| PathBuf::from(l.trim()));
    let real = |dir: &PathBuf| dir.canonicalize().unwrap_or_else(|_| dir.clone());
    let mut includes: Vec<String> = Vec::new();
    for dir in listed.flat_map(|dir| [real(&dir), dir]) {
        let dir = dir.to_string_lossy().into_owned();
        if !includes.contains(&dir) {
            includes.push(dir);
        }
    }
    CompilerIdentity { name, version, includes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fish_reads_its_quotes() {
        assert_eq!(fish(OsStr::new(r"it's \ here")), r"'it\'s \\ here'");
    }
}

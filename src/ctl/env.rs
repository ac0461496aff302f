//! `staticctl env`, `cmake-toolchain` and `meson-file`: the environment of `staticctl run`, for manual use.

use super::cli::Shell;
use super::output::{fail, produce};
use crate::options::exit_codes::EXIT_YES;
use crate::run::shell_line;
use crate::session::environment::{self, Variable};
use crate::session::templates::{self, TemplateValues};
use crate::settings::Settings;
use std::ffi::OsStr;

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
pub(crate) fn file(settings: &Settings, toolchain: Option<&OsStr>, text: fn(&TemplateValues) -> String) -> u8 {
    match environment::file(settings, toolchain, text) {
        Ok(text) => produce(&text, EXIT_YES),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fish_reads_its_quotes() {
        assert_eq!(fish(OsStr::new(r"it's \ here")), r"'it\'s \\ here'");
    }
}

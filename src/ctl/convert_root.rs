//! Where the libraries of a program are searched for that is not of this machine, or of another root.

use super::cli_args::ConvertArgs;
use super::convert_original::Original;
use super::output::{Reported, report_error};
use crate::check::Expect;
use crate::check::target::machine_name;
use crate::options;
use crate::settings::Settings;
use crate::toolchain::{Facts, Selected};
use std::env::consts::ARCH;
use std::ffi::OsString;
use std::path::PathBuf;

/// Settings whose LD_LIBRARY_PATH leads to the program's libraries: to those of the root that was named, and, for a
/// program of another machine, to the toolchain's.
///
/// # Errors
/// A root that is no directory, or a toolchain for another machine than the program's.
pub(super) fn settings(
    settings: &Settings,
    args: &ConvertArgs,
    original: &Original,
    (selected, facts): (&Selected, &Facts),
) -> Result<Settings, Reported> {
    let image = &original.image;
    if !fits(&facts.triple, image.machine) {
        let shown = original.path.display();
        let (name, toolchain, triple) = (machine_name(image.machine, image.bits), &selected.toolchain, &facts.triple);
        let error = format!("`{shown}` is for {name}, and the toolchain `{toolchain}` makes programs for {triple}");
        let name = options::TOOLCHAIN.name;
        let hint = format!("install that machine's cross compiler, and name it: `{name}=aarch64-linux-gnu`");
        return Err(report_error(error, Some(hint)));
    }
    let mut dirs = Vec::new();
    if let Some(root) = &args.root {
        if !root.is_dir() {
            let error = format!("--root: `{}` is no directory", root.display());
            return Err(report_error(error, Some("name the root of the system that the program is from".into())));
        }
        let names = ["usr/lib", "lib"].map(|lib| format!("{lib}/{}", facts.triple));
        let plain = ["usr/lib64", "lib64", "usr/lib", "lib"].map(str::to_owned);
        dirs.extend(names.into_iter().chain(plain).map(|name| root.join(name)).filter(|dir| dir.is_dir()));
    }
    if !fits(&format!("{ARCH}-linux-gnu"), image.machine) {
        dirs.extend(facts.library_dirs.iter().cloned());
    }
    if dirs.is_empty() {
        return Ok(settings.clone());
    }
    let all: Vec<PathBuf> = settings.loader_path().into_iter().chain(dirs).collect();
    let words: Vec<OsString> = all.into_iter().map(PathBuf::into_os_string).collect();
    Ok(Settings { loader_path: Some(words.join(":".as_ref())), ..settings.clone() })
}

fn fits(triple: &str, machine: u16) -> bool {
    Expect::from_triple(triple).machine.is_none_or(|of_triple| of_triple == machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_fits_programs_of_its_machine() {
        assert!(fits("aarch64-linux-gnu", 183) && fits("x86_64-linux-gnu", 62));
        assert!(!fits("x86_64-linux-gnu", 183) && !fits("aarch64-linux-gnu", 62));
    }
}

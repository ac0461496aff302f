//! Programs that builds run and files that they read, and the packages that have them.

use super::port_error::PortError;
use crate::ports::PortRecipe;
use crate::ports::port_recipe::PortSystem;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

/// What every build runs.
const ALWAYS: [&str; 8] = ["apt-config", "apt-get", "ar", "dpkg-source", "nm", "pkg-config", "ranlib", "strip"];

/// Debian's packages whose name is not the program's, and those of files.
const PACKAGES: [(&str, &str); 14] = [
    ("/usr/share/publicsuffix/public_suffix_list.dat", "publicsuffix"),
    ("apt-config", "apt"),
    ("apt-get", "apt"),
    ("ar", "binutils"),
    ("autoreconf", "autoconf automake libtool"),
    ("dpkg-source", "dpkg-dev"),
    ("ninja", "ninja-build"),
    ("nm", "binutils"),
    ("ranlib", "binutils"),
    ("strip", "binutils"),
    ("tclsh", "tcl"),
    ("tic", "ncurses-bin"),
    ("msgfmt", "gettext"),
    ("xsltproc", "xsltproc"),
];

/// Looks for all that the builds of these run, along PATH, and read.
///
/// # Errors
/// Those that are not there, with their packages.
pub(crate) fn require(ports: &[&PortRecipe], path: Option<&OsStr>) -> Result<(), PortError> {
    let is_there = |name: &str| match name.starts_with('/') {
        true => Path::new(name).is_file(),
        false => which::which_in(name, path, "/").is_ok(),
    };
    let missing = missing(ports, is_there);
    if missing.is_empty() { Ok(()) } else { Err(PortError::Tools(missing)) }
}

fn missing(ports: &[&PortRecipe], there: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut wanted: BTreeSet<&str> = ALWAYS.into();
    for port in ports {
        wanted.extend(match port.build.system {
            PortSystem::Autoconf | PortSystem::Make => ["make"].as_slice(),
            PortSystem::Cmake => &["cmake", "make"],
            PortSystem::Meson => &["meson", "ninja"],
            PortSystem::Lines => &[],
        });
        wanted.extend(port.tools.iter().chain(&port.data).map(String::as_str));
    }
    let package =
        |program: &str| PACKAGES.iter().find(|(name, _)| *name == program).map_or(program.to_owned(), |p| p.1.into());
    wanted.into_iter().filter(|p| !there(p)).map(|p| (p.to_owned(), package(p))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::port_recipe::testing::recipe;

    #[test]
    fn only_what_a_library_needs_is_asked_for() {
        let port = PortRecipe { tools: vec!["autoreconf".into(), "perl".into()], ..recipe("x", &[]) };
        let has = |of: &[&PortRecipe]| missing(of, |p| ALWAYS.contains(&p));
        assert_eq!(has(&[]), []);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let all = [pair("autoreconf", "autoconf automake libtool"), pair("make", "make"), pair("perl", "perl")];
        assert_eq!(has(&[&port]), all);
        let said = PortError::Tools(all.to_vec());
        assert_eq!(said.to_string(), "programs were not found: `autoreconf`, `make`, `perl`");
        assert_eq!(said.hint().unwrap(), "apt-get install autoconf automake libtool make perl");
        assert!(missing(&[], |p| p != "apt-get").len() == 1);
        let file = "/usr/share/publicsuffix/public_suffix_list.dat";
        let read = PortRecipe { data: vec![file.into()], ..recipe("x", &[]) };
        let lacking = missing(&[&read], |p| p != file);
        let said = PortError::Tools(lacking);
        assert_eq!(said.to_string(), format!("a file was not found: `{file}`"));
        assert_eq!(said.hint().unwrap(), "apt-get install publicsuffix");
        assert_eq!(
            PortError::Tools(has(&[&read])).to_string(),
            format!("programs and files were not found: `{file}`, `make`")
        );
        let mut meson = recipe("x", &[]);
        meson.build.system = PortSystem::Meson;
        assert_eq!(has(&[&meson]), [pair("meson", "meson"), pair("ninja", "ninja-build")]);
        assert_eq!(PortError::Tools(has(&[&meson])).hint().unwrap(), "apt-get install meson ninja-build");
    }
}

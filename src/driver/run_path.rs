//! The run path of a link, kept where CMake's installation changes it.

use super::link_job::LinkJob;
use crate::args::Request;
use crate::args::ld_options::{self, LdRole};
use crate::args::option_table::Role;
use crate::fat::run_path_section;
use std::ffi::{OsStr, OsString};

/// Keeps the run path that a program would have if it were dynamic. Without it the program is the same, so what stands in
/// the way is only logged.
pub(super) fn keep(job: &LinkJob) {
    let Some(path) = of(&job.request) else { return };
    if let Err(why) = run_path_section::append(job.request.output_path(), path.as_encoded_bytes()) {
        log::info!("the run path is not kept: {why}");
    }
}

/// The run path of a link as GNU ld writes it: each value once, with colons between.
fn of(request: &Request) -> Option<OsString> {
    let options = ld_options::options(&ld_options::split(&request.args));
    let of_linker = options.iter().filter(|o| o.role == LdRole::Rpath).filter_map(|o| o.value.as_deref());
    let mut values: Vec<&OsStr> = Vec::new();
    for value in request.values(Role::Rpath).chain(of_linker).filter(|v| !v.is_empty()) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    (!values.is_empty()).then(|| values.join(OsStr::new(":")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::classify;
    use crate::model::Language;

    #[test]
    fn values_are_joined_as_ld_joins_them() {
        let path = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            of(&classify(&words, Language::C)).map(|p| p.into_string().unwrap_or_default())
        };
        assert_eq!(
            path("x.o -Wl,-rpath,/a -Wl,-rpath,/b:/c -Wl,-rpath,/a -Wl,--rpath=::::").as_deref(),
            Some("/a:/b:/c:::::")
        );
        assert_eq!(path("x.o -Wl,-rpath-link,/a"), None);
        assert_eq!(path("x.o -Wl,-rpath="), None);
    }
}

//! `staticctl completions` and `staticctl man`, made from the command line's own description.

use super::cli::Cli;
use super::output::{fail, produce};
use crate::options::exit_codes::EXIT_YES;
use crate::options::{exit_codes, render};
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs;
use std::path::Path;

/// Prints the completions.
pub fn completions(shell: Shell) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "staticctl", &mut text);
    produce(&String::from_utf8_lossy(&text), EXIT_YES)
}

/// Writes one page for `staticctl` and each of its commands, and one for the drivers.
pub fn man(dir: &Path) -> u8 {
    let written = fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .and_then(|()| fs::write(dir.join("staticcxx.1"), drivers()))
        .and_then(|()| fs::write(dir.join("staticcc.1"), ".so man1/staticcxx.1\n"));
    match written {
        Ok(()) => EXIT_YES,
        Err(e) => fail(format!("the man pages can't be written to `{}`: {e}", dir.display()), None),
    }
}

/// The page of the drivers.
fn drivers() -> String {
    let (variables, codes) = (render::environment_roff(), render::exit_codes_roff(exit_codes::DRIVERS));
    format!("{DRIVERS}.SH ENVIRONMENT\n{variables}.SH EXIT STATUS\n{codes}{SEE_ALSO}")
}

/// The drivers have the compiler's own options and no others, so the beginning of their page is written by hand.
const DRIVERS: &str = r#".TH STATICCXX 1
.SH NAME
staticcc, staticcxx \- drop-in compiler drivers that link static programs
.SH SYNOPSIS
.B staticcc
.RI [ "compiler arguments" ]
.br
.B CC=staticcc CXX=staticcxx make
.SH DESCRIPTION
Calls the real C or C++ compiler with the same arguments. The link of an executable is rewritten so that the
program is fully static; the result is read back, and the call fails if it is not.
Everything else is passed through unchanged.
.PP
Under the name of a compiler (by a link or a copy) the driver stands in for that compiler.
"#;

/// Its end.
const SEE_ALSO: &str = r#".SH SEE ALSO
.BR staticctl (1),
.BR gcc (1),
.BR ld (1)
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

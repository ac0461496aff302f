//! `staticctl completions` and `staticctl man`, made from the command line's own description.

use super::cli::Cli;
use super::output::{fail, produce};
use crate::files::write_atomic;
use crate::options::exit_codes::EXIT_YES;
use crate::options::{exit_codes, render};
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Prints the completions.
pub fn completions(shell: Shell) -> u8 {
    produce(&String::from_utf8_lossy(&completion(shell)), EXIT_YES)
}

fn completion(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "staticctl", &mut text);
    text
}

/// Writes one page for `staticctl` and each of its commands, and one for the drivers.
pub fn man(dir: &Path) -> u8 {
    let written = fs::create_dir_all(dir)
        .and_then(|()| pages()?.iter().try_for_each(|(name, text)| write_atomic(&dir.join(name), text)));
    match written {
        Ok(()) => EXIT_YES,
        Err(e) => fail(format!("the man pages can't be written to `{}`: {e}", dir.display()), None),
    }
}

/// The man pages: names and texts.
///
/// # Errors
/// None: they are written to memory.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    fn add(command: &clap::Command, to: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
        command.get_subcommands().filter(|of| !of.is_hide_set()).try_for_each(|of| add(of, to))?;
        let page = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text)?;
        to.push((page.get_filename(), text));
        Ok(())
    }
    let mut all = vec![
        ("staticcxx.1".to_owned(), drivers().into_bytes()),
        ("staticcc.1".to_owned(), b".so man1/staticcxx.1\n".to_vec()),
        ("staticfc.1".to_owned(), b".so man1/staticcxx.1\n".to_vec()),
    ];
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    add(&command, &mut all)?;
    Ok(all)
}

/// The man pages and completions with their places below `share` of a prefix.
///
/// # Errors
/// As [`pages`].
pub(super) fn shared_files() -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    const COMPLETIONS: [(Shell, &str); 3] = [
        (Shell::Bash, "bash-completion/completions/staticctl"),
        (Shell::Zsh, "zsh/site-functions/_staticctl"),
        (Shell::Fish, "fish/vendor_completions.d/staticctl.fish"),
    ];
    let man = pages()?.into_iter().map(|(name, text)| (Path::new("man/man1").join(name), text));
    let others = COMPLETIONS.into_iter().map(|(shell, place)| (PathBuf::from(place), completion(shell)));
    Ok(man.chain(others).collect())
}

/// The page of the drivers.
fn drivers() -> String {
    let (variables, codes) = (render::environment_roff(), render::exit_codes_roff(exit_codes::DRIVERS));
    format!("{DRIVERS}.SH ENVIRONMENT\n{variables}.SH EXIT STATUS\n{codes}{SEE_ALSO}")
}

/// The drivers have the compiler's own options and no others, so the beginning of their page is written by hand.
const DRIVERS: &str = r#".TH STATICCXX 1
.SH NAME
staticcc, staticcxx, staticfc \- drop-in compiler drivers that link static programs
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

//! The command line that a compiler would pass to its linker, with placeholders for the parts of a call.
//!
//! The compiler is asked with `-###`, which takes two milliseconds, once for each set of options that may matter. The
//! answer is cached with the probed facts under the same key, so another compiler of the same name is asked again.

use super::WhyNot;
use super::line::{DIRS, OUTPUT, STREAM};
use crate::files::kept;
use crate::run::{self, Command};
use crate::toolchain::probe_cache::{Kept, Key};
use std::path::Path;

/// A query to a compiler.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// Its command and environment.
    pub compiler: &'a Command,
    /// The options of the call that may matter.
    pub options: &'a [String],
    /// `LIBRARY_PATH`, whose directories it adds.
    pub library_path: &'a str,
}

/// The template from the cache, else from the compiler.
///
/// # Errors
/// The compiler prints no valid command line.
pub(crate) fn template(cache: Option<&Path>, asked: &Asked<'_>) -> Result<Vec<String>, WhyNot> {
    let options: Vec<_> = asked.options.iter().map(Into::into).collect();
    let key = Key::of(&asked.compiler.words(), &options, &format!("line {} {}", kept::LINES, asked.library_path));
    let kept = Kept { kind: "lines", dir: cache, key: key.as_ref() };
    if let Some(line) = kept.load::<Vec<String>>() {
        return Ok(line);
    }
    let line = ask(asked)?;
    kept.store(&line);
    Ok(line)
}

fn ask(asked: &Asked<'_>) -> Result<Vec<String>, WhyNot> {
    let said = |e: std::io::Error| WhyNot::NoLine(e.to_string());
    let dir = tempfile::Builder::new().prefix("staticcxx-line").tempdir().map_err(said)?;
    // Clang checks that its inputs exist even with `-###`.
    std::fs::write(dir.path().join(STREAM), "").map_err(said)?;
    let command = asked.compiler.clone().args(asked.options).args(["-###", DIRS, STREAM, "-o", OUTPUT]);
    let answer = run::capture::capture(&command.env("LC_ALL", "C").in_dir(dir.path())).map_err(said)?;
    read(&String::from_utf8_lossy(&answer.stderr))
}

/// Finds the linker's command in the output of `-###`.
fn read(text: &str) -> Result<Vec<String>, WhyNot> {
    let lines = text.lines().rev().filter(|l| l.starts_with(' '));
    for line in lines {
        let Some(words) = shlex::split(line) else { continue };
        let program = words.first().map(|w| w.rsplit('/').next().unwrap_or_default().to_owned()).unwrap_or_default();
        if program != "collect2" && program != "ld" && !program.starts_with("ld.") && !program.ends_with("-ld") {
            continue;
        }
        let once = |place: &str| words.iter().filter(|w| *w == place).count() == 1;
        if ![DIRS, STREAM, OUTPUT].iter().all(|place| once(place)) {
            return Err(WhyNot::NoLine("its linker command does not contain every part of the call once".into()));
        }
        return Ok(words.into_iter().skip(1).collect());
    }
    let last = text.lines().last().unwrap_or("it printed nothing");
    Err(WhyNot::NoLine(last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcc_s_and_clang_s_answers_are_read() {
        let gcc = "Using built-in specs.\nCOLLECT_GCC=g++\n /usr/lib/gcc/collect2 -plugin p.so \"-plugin-opt=-pass-through=-lc\" -static -o staticcxx-output crt1.o -L/staticcxx/dirs -L/l staticcxx-stream.o -lc\nCOLLECT_GCC_OPTIONS='-static'\n";
        let line = read(gcc).unwrap();
        assert_eq!(line[..3], ["-plugin", "p.so", "-plugin-opt=-pass-through=-lc"]);
        assert_eq!(line.last().map(String::as_str), Some("-lc"));
        let clang =
            " \"/usr/bin/ld\" \"-static\" \"-o\" \"staticcxx-output\" \"-L/staticcxx/dirs\" \"staticcxx-stream.o\"\n";
        assert_eq!(read(clang).unwrap().len(), 5);
    }

    #[test]
    fn an_answer_without_a_line_is_an_error() {
        for text in ["", "gcc: error: unrecognized option\n", " /usr/bin/ld -o staticcxx-output x.o\n", " 'open\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

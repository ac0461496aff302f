//! A planned call, split into what the compiler interprets and what it passes to the linker unchanged.

use super::WhyNot;
use crate::args::InputKind;
use crate::args::ld_options::{self, Item};
use crate::args::lexer::{self, Arg};
use crate::args::option_table::Role;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The parts of a planned call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LineParts {
    /// Options that may change what the compiler adds; it is asked with them.
    pub options: Vec<String>,
    /// `-LDIR`, in order.
    pub dirs: Vec<String>,
    /// Inputs, libraries and linker words, in order.
    pub stream: Vec<String>,
    /// The first input that is compiled, or the `-x` option: the call is more than a link.
    pub compiles: Option<String>,
}

/// Driver options with which it does more than run its linker, or runs another one.
const STEERING: [&str; 10] =
    ["-save-temps", "--save-temps", "-time", "-wrapper", "-B", "--prefix", "-specs", "--specs", "-Wa,", "-Xassembler"];

/// Options without effect on a link.
const SILENT: [&str; 12] =
    ["-D", "-U", "-I", "-W", "-M", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-std=", "-pipe"];

/// Splits a planned call.
///
/// # Errors
/// An option that changes how the compiler links.
pub(crate) fn parts(argv: &[OsString]) -> Result<LineParts, WhyNot> {
    let mut parts = LineParts::default();
    for item in ld_options::split(&lexer::lex(argv)) {
        match item {
            Item::Word { text, .. } => parts.stream.push(text_of(&text)?),
            Item::Arg(arg) => parts.take(&arg)?,
        }
    }
    Ok(parts)
}

impl LineParts {
    fn take(&mut self, arg: &Arg) -> Result<(), WhyNot> {
        let word = text_of(&arg.word)?;
        if arg.is_input() {
            self.input(&arg.word, word);
            return Ok(());
        }
        let value = arg.value().map(text_of).transpose()?;
        match (arg.role(), value) {
            (Some(Role::Library), Some(name)) => self.stream.push(format!("-l{name}")),
            (Some(Role::LibraryDir), Some(dir)) => self.dirs.push(format!("-L{dir}")),
            (Some(Role::Output), _) => {}
            (Some(Role::UseLinker), Some(linker)) => return Err(WhyNot::Asked(linker)),
            (Some(Role::Lto | Role::LinkerScript | Role::Verbose | Role::DryRun | Role::Query), _) => {
                return Err(WhyNot::Option(word));
            }
            (Some(Role::Language), _) => {
                self.compiles.get_or_insert(word);
            }
            _ if starts_with(&word, &SILENT) => {}
            _ if starts_with(&word, &STEERING) => return Err(WhyNot::Option(word)),
            (_, _) => {
                for word in arg.words() {
                    self.options.push(text_of(word)?);
                }
            }
        }
        Ok(())
    }

    fn input(&mut self, name: &OsStr, word: String) {
        match InputKind::of_name(name) {
            InputKind::Object | InputKind::Archive if !word.starts_with(['-', '@']) && !word.is_empty() => {
                self.stream.push(word);
            }
            _ => {
                self.compiles.get_or_insert(word);
            }
        }
    }
}

fn starts_with(word: &str, names: &[&str]) -> bool {
    names.iter().any(|n| word.starts_with(n))
}

fn text_of(word: &(impl AsRef<OsStr> + ?Sized)) -> Result<String, WhyNot> {
    word.as_ref().to_str().map(str::to_owned).ok_or(WhyNot::NotText)
}

/// The names that a linker is asked for: `-u NAME`, `--undefined=NAME`.
pub(crate) fn asked(line: &[String]) -> Vec<&str> {
    let mut asked = Vec::new();
    let mut words = line.iter();
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix('-') else { continue };
        let name = name.strip_prefix('-').unwrap_or(name);
        match name.split_once('=') {
            Some(("undefined", value)) => asked.push(value),
            _ if name == "u" || name == "undefined" => asked.extend(words.next().map(String::as_str)),
            _ => {}
        }
    }
    asked
}

/// Whether sections that nothing refers to are left out: the last of the two options counts.
pub(crate) fn collects(line: &[String]) -> bool {
    let said = line.iter().rev().map(|word| word.trim_start_matches('-'));
    said.into_iter().find(|word| *word == "gc-sections" || *word == "no-gc-sections") == Some("gc-sections")
}

/// Placeholder in a template for the call's search directories.
pub(crate) const DIRS: &str = "-L/staticcxx/dirs";
/// Placeholder in a template for the call's inputs and linker words.
pub(crate) const STREAM: &str = "staticcxx-stream.o";
/// Placeholder in a template for the output.
pub(crate) const OUTPUT: &str = "staticcxx-output";

/// The linker's command line: a template with the parts of a call, and additional directories at the end.
pub(crate) fn fill(
    template: &[String],
    parts: &LineParts,
    output: &Path,
    dirs: &[String],
) -> Result<Vec<String>, WhyNot> {
    let output = text_of(output.as_os_str())?;
    let mut line = Vec::with_capacity(template.len() + parts.stream.len() + parts.dirs.len() + dirs.len());
    for word in template {
        match word.as_str() {
            DIRS => line.extend(parts.dirs.iter().cloned()),
            STREAM => line.extend(parts.stream.iter().cloned()),
            OUTPUT => line.push(output.clone()),
            _ => line.push(word.clone()),
        }
    }
    line.extend(dirs.iter().cloned());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<LineParts, WhyNot> {
        parts(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn names_that_are_asked_for() {
        let line: Vec<String> =
            "-static -u a --undefined=b x.o -undefined c --undefined d -lu".split(' ').map(str::to_owned).collect();
        assert_eq!(asked(&line), ["a", "b", "c", "d"]);
        assert!(asked(&["-u".to_owned()]).is_empty());
        let collects = |line: &str| collects(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(collects("--no-gc-sections -s --gc-sections") && collects("-gc-sections x.o"));
        assert!(!collects("--gc-sections --no-gc-sections") && !collects("-s"));
    }

    #[test]
    fn what_the_linker_gets_keeps_its_order() {
        let parts =
            of("-static-pie -O2 -DX -Wall -Lb x.o -Wl,--wrap,f liba.a -La -lz -Xlinker -s -o out -pthread").unwrap();
        assert_eq!(parts.options, ["-static-pie", "-O2", "-pthread"]);
        assert_eq!(parts.dirs, ["-Lb", "-La"]);
        assert_eq!(parts.stream, ["x.o", "--wrap", "f", "liba.a", "-lz", "-s"]);
    }

    #[test]
    fn calls_that_are_more_than_a_link_are_named() {
        for (line, word) in [
            ("x.c", "x.c"),
            ("x.S y.o", "x.S"),
            ("-", "-"),
            ("libq.so", "libq.so"),
            ("-xc x.o", "-xc"),
            ("-x c x.o y.c", "-x"),
        ] {
            assert_eq!(of(line).map(|p| p.compiles), Ok(Some(word.into())), "{line}");
        }
        assert_eq!(of("x.o -lm").map(|p| p.compiles), Ok(None));
    }

    #[test]
    fn options_that_change_the_link_are_named() {
        for (line, why) in [
            ("x.o -fuse-ld=mold", WhyNot::Asked("mold".into())),
            ("x.o -flto", WhyNot::Option("-flto".into())),
            ("x.o -T s", WhyNot::Option("-T".into())),
            ("x.o -v", WhyNot::Option("-v".into())),
            ("x.o -wrapper time", WhyNot::Option("-wrapper".into())),
            ("x.o -B/d", WhyNot::Option("-B/d".into())),
        ] {
            assert_eq!(of(line), Err(why), "{line}");
        }
    }

    #[test]
    fn a_template_is_filled_in_place() {
        let template: Vec<String> =
            ["-o", OUTPUT, "crt1.o", DIRS, "-L/usr/lib", STREAM, "-lc"].map(String::from).into();
        let parts = of("x.o -lz -L.").unwrap();
        let line = fill(&template, &parts, Path::new("p"), &["-L/l".into()]).unwrap();
        assert_eq!(line, ["-o", "p", "crt1.o", "-L.", "-L/usr/lib", "x.o", "-lz", "-lc", "-L/l"]);
    }
}

//! What a call asks for, from its words alone: no input is looked at.

use super::ld_options::{self, LdRole};
use super::lexer::{self, Arg};
use super::option_table::Role;
use super::response;
use crate::model::Language;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What the driver is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Prints something, or has nothing to work on.
    Query,
    /// `-E`, `-M`, `-MM`.
    Preprocess,
    /// `-fsyntax-only` and other ends that are never linked.
    SyntaxOnly,
    /// `-S`.
    Compile,
    /// `-c`.
    Assemble,
    /// Header inputs only: a precompiled header.
    Precompile,
    /// Links.
    Link(OutputKind),
}

/// What a link makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputKind {
    /// A program.
    Executable,
    /// A shared object.
    SharedObject,
    /// One object out of several (`-r`).
    Relocatable,
}

/// What an input is, by its name and the `-x` before it, as the driver decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// Compiled and assembled: C, C++, preprocessed or not, and other languages.
    Source,
    /// A header: precompiled, never linked.
    Header,
    /// Assembled: `.s`, `.S`.
    Assembly,
    /// Handed to the linker: `.o`, `.obj` and everything unknown.
    Object,
    /// Handed to the linker: `.a`.
    Archive,
    /// Handed to the linker: `.so`, `.so.1.2`.
    Shared,
    /// `-lNAME`.
    Library,
    /// `-`.
    Stdin,
}

impl InputKind {
    /// The kind of an input by its file name, without any `-x`.
    pub fn of_name(path: &OsStr) -> InputKind {
        by_name(path)
    }

    /// Whether the driver hands something to the linker for it.
    pub fn is_linked(self) -> bool {
        self != InputKind::Header
    }

    /// Whether the driver compiles or assembles it first.
    pub fn is_compiled(self) -> bool {
        matches!(self, InputKind::Source | InputKind::Assembly | InputKind::Stdin)
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is.
    pub kind: InputKind,
    /// A path, or the name after `-l`.
    pub text: OsString,
    /// Index into [`Request::args`].
    pub at: usize,
}

/// A call, understood.
#[derive(Debug, Clone)]
pub struct Request {
    /// The arguments with `@file` expanded.
    pub args: Vec<Arg>,
    /// What the driver is going to do.
    pub action: Action,
    /// Value of the last `-o`.
    pub output: Option<OsString>,
    /// Inputs in order.
    pub inputs: Vec<Input>,
    /// `-###`.
    pub dry_run: bool,
    /// `-v`.
    pub verbose: bool,
    /// Whether a response file was read.
    pub used_files: bool,
    /// The arguments that change the target or the search directories, as typed.
    pub abi: Vec<OsString>,
}

impl Request {
    /// Whether an argument of this role is there.
    pub fn has(&self, role: Role) -> bool {
        self.args.iter().any(|a| a.role() == Some(role))
    }

    /// The last argument that has one of these roles: the drivers let the last one win.
    pub fn last(&self, roles: &[Role]) -> Option<Role> {
        self.args.iter().rev().filter_map(Arg::role).find(|r| roles.contains(r))
    }

    /// The values of all arguments with a role, in order.
    pub fn values(&self, role: Role) -> impl Iterator<Item = &OsStr> {
        self.args.iter().filter(move |a| a.role() == Some(role)).filter_map(Arg::value)
    }

    /// The output's path, `a.out` where none was given.
    pub fn output_path(&self) -> &Path {
        Path::new(self.output.as_deref().unwrap_or(OsStr::new("a.out")))
    }
}

/// Understands a call: `argv` without `argv[0]`. The language is the driver's own; it does not change
/// what is asked for, only what later stages add. Response files are read relative to the current directory.
pub fn classify(argv: &[OsString], _default: Language) -> Request {
    let expanded = response::expand(argv, Path::new(""));
    let args = lexer::lex(&expanded.words);
    let inputs = inputs(&args);
    let flag = |role: Role| args.iter().any(|a| a.role() == Some(role));
    let dry_run = flag(Role::DryRun);
    let verbose = flag(Role::Verbose);
    let action = action(&args, &inputs, expanded.looping);
    let output = args.iter().rev().find(|a| a.role() == Some(Role::Output)).and_then(Arg::value).map(OsStr::to_owned);
    let abi = args.iter().filter(|a| a.role() == Some(Role::Abi)).flat_map(Arg::words).cloned().collect();
    Request { action, output, inputs, dry_run, verbose, used_files: expanded.used_files, abi, args }
}

fn action(args: &[Arg], inputs: &[Input], looping: bool) -> Action {
    let has = |role: Role| args.iter().any(|a| a.role() == Some(role));
    if looping || has(Role::Query) || inputs.is_empty() {
        return Action::Query;
    }
    // The order of the stages, not of the options: `-c -E` preprocesses.
    for (role, action) in [
        (Role::Preprocess, Action::Preprocess),
        (Role::CheckOnly, Action::SyntaxOnly),
        (Role::Compile, Action::Compile),
        (Role::Assemble, Action::Assemble),
    ] {
        if has(role) {
            return action;
        }
    }
    // GCC and Clang start a link here too if there are words for the linker, and there is nothing in it to link.
    if !inputs.iter().any(|i| i.kind.is_linked()) {
        return Action::Precompile;
    }
    let items = ld_options::split(args);
    let words = ld_options::options(&items);
    let says = |role: LdRole| words.iter().any(|o| o.role == role);
    if says(LdRole::Query) {
        return Action::Query;
    }
    // Each of these negates the others in the drivers' own tables, so the last one stands.
    let last = args
        .iter()
        .rev()
        .filter_map(Arg::role)
        .find(|r| matches!(r, Role::Shared | Role::Pie | Role::NoPie | Role::StaticPie));
    Action::Link(if has(Role::Relocatable) || says(LdRole::Relocatable) {
        OutputKind::Relocatable
    } else if last == Some(Role::Shared) || says(LdRole::Shared) {
        OutputKind::SharedObject
    } else {
        OutputKind::Executable
    })
}

fn inputs(args: &[Arg]) -> Vec<Input> {
    let mut forced: Option<InputKind> = None;
    let mut found = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        match arg.role() {
            Some(Role::Language) => forced = arg.value().and_then(by_language),
            Some(Role::Library) => {
                if let Some(name) = arg.value() {
                    found.push(Input { kind: InputKind::Library, text: name.to_owned(), at });
                }
            }
            _ if arg.is_input() => {
                let kind =
                    if arg.word == "-" { InputKind::Stdin } else { forced.unwrap_or_else(|| by_name(&arg.word)) };
                found.push(Input { kind, text: arg.word.clone(), at });
            }
            _ => {}
        }
    }
    found
}

/// The kind that `-x LANGUAGE` forces; none for `-x none`.
fn by_language(language: &OsStr) -> Option<InputKind> {
    match language.as_bytes() {
        b"none" => None,
        b"assembler" | b"assembler-with-cpp" => Some(InputKind::Assembly),
        l if l.ends_with(b"-header") => Some(InputKind::Header),
        _ => Some(InputKind::Source),
    }
}

/// File name endings and what the drivers take them for (GCC manual, "Overall Options", and the
/// front ends that may be installed in addition to C and C++). Everything else goes to the linker.
static ENDINGS: &[(&[&str], InputKind)] = &[
    (
        &[
            "c", "i", "ii", "m", "mi", "mm", "mii", "M", "cc", "cp", "cxx", "cpp", "CPP", "c++", "C", "cu", "cppm",
            "ixx", "bc", "ll", "go", "d", "di", "dd", "adb", "ads", "f", "for", "ftn", "fi", "F", "FOR", "fpp", "FPP",
            "FTN", "f90", "f95", "f03", "f08", "fii", "F90", "F95", "F03", "F08",
        ],
        InputKind::Source,
    ),
    (&["h", "H", "hh", "hp", "hxx", "hpp", "HPP", "h++", "tcc"], InputKind::Header),
    (&["s", "S", "sx"], InputKind::Assembly),
    // The second is that of our own archives.
    (&["a", "ar"], InputKind::Archive),
    (&["so"], InputKind::Shared),
];

fn by_name(path: &OsStr) -> InputKind {
    let name = path.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    let Some(dot) = name.iter().rposition(|b| *b == b'.') else { return InputKind::Object };
    let ending = name.get(dot + 1..).unwrap_or_default();
    for (endings, kind) in ENDINGS {
        if endings.iter().any(|e| e.as_bytes() == ending) {
            return *kind;
        }
    }
    let versioned =
        !ending.is_empty() && ending.iter().all(u8::is_ascii_digit) && name.windows(4).any(|w| w == b".so.");
    if versioned { InputKind::Shared } else { InputKind::Object }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Request {
        let argv: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        classify(&argv, Language::C)
    }

    #[test]
    fn stages() {
        use OutputKind::{Executable, Relocatable, SharedObject};
        for (line, action) in [
            ("", Action::Query),
            ("-v", Action::Query),
            ("--version", Action::Query),
            ("-V", Action::Query),
            ("-Wl,--version", Action::Query),
            ("x.o -Wl,--version", Action::Query),
            ("-E x.c", Action::Preprocess),
            ("-c -E x.c", Action::Preprocess),
            ("-M x.c", Action::Preprocess),
            ("-MD x.c", Action::Link(Executable)),
            ("-fsyntax-only x.c", Action::SyntaxOnly),
            ("-S x.c", Action::Compile),
            ("-c x.c", Action::Assemble),
            ("x.h", Action::Precompile),
            ("-x c++-header x", Action::Precompile),
            ("x.c", Action::Link(Executable)),
            ("-xc - -o /dev/null", Action::Link(Executable)),
            ("-lm", Action::Link(Executable)),
            ("-shared x.o", Action::Link(SharedObject)),
            ("-Wl,-shared x.o", Action::Link(SharedObject)),
            ("-shared -pie x.o", Action::Link(Executable)),
            ("-r x.o", Action::Link(Relocatable)),
            ("-rdynamic x.o", Action::Link(Executable)),
            ("-nostdlib -Wl,-r x.o", Action::Link(Relocatable)),
            ("-p -static-libgcc x.o", Action::Link(Executable)),
            ("-c x.c -o x.o --print-search-dirs", Action::Query),
            ("-### x.c", Action::Link(Executable)),
        ] {
            assert_eq!(of(line).action, action, "{line}");
        }
    }

    #[test]
    fn inputs_are_named_as_the_driver_does() {
        let kinds = |line: &str| of(line).inputs.iter().map(|i| i.kind).collect::<Vec<_>>();
        use InputKind::*;
        assert_eq!(
            kinds("a.c b.o c.a d.so e.so.1.2 -lf g h.S"),
            [Source, Object, Archive, Shared, Shared, Library, Object, Assembly]
        );
        assert_eq!(kinds("-xc a.o -x none b.o"), [Source, Object]);
        assert_eq!(kinds("-o x.c y.o"), [Object]);
        assert_eq!(kinds("libfoo.so.1.old x.1"), [Object, Object]);
    }

    #[test]
    fn the_last_output_counts() {
        assert_eq!(of("-o a x.c -ob").output.as_deref(), Some(OsStr::new("b")));
        assert_eq!(of("x.c").output_path(), Path::new("a.out"));
    }

    #[test]
    fn abi_options_are_collected_as_typed() {
        assert_eq!(of("-m32 --sysroot /s -B/b -O2 x.c").abi, ["-m32", "--sysroot", "/s", "-B/b"]);
    }
}

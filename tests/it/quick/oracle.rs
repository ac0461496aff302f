//! The classifier against GCC's drivers: `-###` prints what they would run, and runs nothing.

use crate::support::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use staticcxx::args::{self, Action, InputKind, OutputKind, Request};
use staticcxx::model::Language;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// What a driver says that it would do.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// None where nothing would be linked.
    pub link: Option<Link>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    pub kind: OutputKind,
    pub output: String,
    /// Inputs that reach the linker under their own names, in order, libraries as `-lNAME`.
    pub inputs: Vec<String>,
}

/// Runs `-###` and reads the command that links; `words` are those after the program's name.
pub fn ask(compiler: &str, words: &[String], dir: &Path) -> Option<Said> {
    let out = Run::new(compiler).args(["-###"]).args(words).dir(dir).output();
    let text = text(&out.stderr);
    // A call that the driver refuses has no meaning to agree on.
    if text.contains("error:") {
        return None;
    }
    let line = text.lines().filter(|l| l.starts_with(' ')).rfind(|l| {
        let program = l.split_whitespace().next().unwrap_or_default().trim_matches('"');
        let name = program.rsplit('/').next().unwrap_or_default();
        name == "collect2" || name.split('.').next().is_some_and(|n| n.ends_with("ld"))
    });
    // With `-###`, GCC goes on to a link of nothing after it printed its version; without, it ends there.
    let line = line.filter(|_| !words.iter().any(|w| w == "--version"));
    let Some(line) = line else { return Some(Said { link: None }) };
    let line: Vec<String> = shlex::split(line)?;
    let mut link = Link { kind: OutputKind::Executable, output: "a.out".into(), inputs: Vec::new() };
    let named: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    let libraries: BTreeSet<&str> = words.windows(2).filter(|w| w[0] == "-l").map(|w| w[1].as_str()).collect();
    let mut it = line.iter().skip(1);
    while let Some(word) = it.next() {
        match word.as_str() {
            "-o" => link.output = it.next().cloned().unwrap_or_default(),
            "-shared" => link.kind = OutputKind::SharedObject,
            "-r" | "--relocatable" => link.kind = OutputKind::Relocatable,
            "-plugin" | "-dynamic-linker" | "-m" | "-z" | "-soname" | "-rpath" | "-T" | "-e" | "-u" | "-h" => {
                it.next();
            }
            w if w.starts_with("-l") && (named.contains(w) || libraries.contains(&w[2..])) => {
                link.inputs.push(w.to_owned())
            }
            w if !w.starts_with('-') && named.contains(w) => link.inputs.push(w.to_owned()),
            _ => {}
        }
    }
    Some(Said { link: Some(link) })
}

/// What we understand of the same call.
pub fn understand(words: &[String], language: Language) -> (Said, Request) {
    let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
    let request = args::classify(&argv, language);
    let link = match request.action {
        Action::Link(kind) => Some(Link {
            kind,
            output: request.output_path().display().to_string(),
            inputs: request
                .inputs
                .iter()
                .filter(|i| i.kind.is_linked() && !i.kind.is_compiled())
                .map(|i| match i.kind {
                    InputKind::Library => format!("-l{}", i.text.display()),
                    _ => i.text.display().to_string(),
                })
                .collect(),
        }),
        _ => None,
    };
    (Said { link }, request)
}

/// Both ways; gives a line for a disagreement.
pub fn disagreement(compiler: &str, words: &[String], dir: &Path) -> Option<String> {
    let language = if compiler.ends_with("++") { Language::Cxx } else { Language::C };
    let theirs = ask(compiler, words, dir)?;
    let (ours, request) = understand(words, language);
    // GCC and Clang each take other options for inputs (`-Wl,`, `-z`, `-e`, `-static-libstdc++`) and start a link in
    // which nothing of the user's is. It can't give a program, and we leave the call to the driver.
    let nothing = !request.inputs.iter().any(|i| i.kind.is_linked())
        && matches!(&theirs.link, Some(l) if l.inputs.is_empty())
        && matches!(request.action, Action::Query | Action::Precompile);
    // Added by the C++ driver and by -pthread as well as by the user: compared as sets of what the user named.
    let sorted = |s: &Said| {
        s.link.as_ref().map(|l| (l.kind, l.output.clone(), l.inputs.iter().cloned().collect::<BTreeSet<_>>()))
    };
    // In GCC's table `-shared` and `-static-pie` negate each other, so that the last one stands; Clang lets the first
    // win. One call that says both means nothing to anybody: GCC's reading is taken.
    let both = compiler.starts_with("clang") && ["-shared", "-static-pie"].iter().all(|b| words.iter().any(|w| w == b));
    if nothing || both || sorted(&ours) == sorted(&theirs) {
        return None;
    }
    Some(format!("{compiler} {}\n  driver: {theirs:?}\n  us:     {ours:?} {:?}", words.join(" "), request.action))
}

/// Words of generated calls, a word or a pair a line; what is unknown to one of the drivers it refuses itself.
pub const WORDS: &[&str] = &[
    "x.c",
    "y.cc",
    "z.o",
    "w.a",
    "v.so",
    "u.so.1.2",
    "s.s",
    "t.S",
    "h.h",
    "noending",
    "x.cpp",
    "x.C",
    "q.i",
    "q.ii",
    "dir/x.o",
    "p.lo",
    "-lz",
    "-l z",
    "-lfoo",
    "-l:libq.a",
    "-o out",
    "-oout2",
    "-o dir/exe",
    "-o libx.so",
    "-c",
    "-S",
    "-E",
    "-M",
    "-MM",
    "-MD",
    "-MMD",
    "-MF deps.d",
    "-MT x",
    "-MQ x",
    "-MP",
    "-fsyntax-only",
    "-shared",
    "-r",
    "-pie",
    "-no-pie",
    "-static",
    "-static-pie",
    "-rdynamic",
    "-static-libgcc",
    "-static-libstdc++",
    "-nostdlib",
    "-nostartfiles",
    "-nodefaultlibs",
    "-pthread",
    "-p",
    "-pg",
    "-g",
    "-g3",
    "-ggdb",
    "-O0",
    "-O2",
    "-Os",
    "-Ofast",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wl,-O1",
    "-Wl,--as-needed",
    "-Wl,-rpath,/x",
    "-Wl,-rpath -Wl,/y",
    "-Xlinker -E",
    "-Wl,-soname,libx.so.1",
    "-Wl,--start-group",
    "-Wl,--end-group",
    "-Wl,-z,relro,-z,now",
    "-Wl,--gc-sections",
    "-fPIC",
    "-fPIE",
    "-fno-pie",
    "-fpic",
    "-ffast-math",
    "-fno-exceptions",
    "-fvisibility=hidden",
    "-flto",
    "-fopenmp",
    "-funroll-loops",
    "-DX",
    "-DX=1",
    "-D Y",
    "-UZ",
    "-U Z",
    "-I.",
    "-I inc",
    "-isystem inc",
    "-iquote inc",
    "-idirafter inc",
    "-include h.h",
    "-imacros h.h",
    "-L.",
    "-L /lib",
    "-B.",
    "-B /b",
    "-m64",
    "-march=x86-64",
    "-mtune=generic",
    "-msse2",
    "-std=gnu11",
    "-std=c++17",
    "-ansi",
    "-pedantic",
    "-pipe",
    "-v",
    "-x c",
    "-x c++",
    "-x assembler",
    "-x none",
    "-xc",
    "-x c-header",
    "-save-temps",
    "-s",
    "-S",
    "-w",
    "-T script.ld",
    "-u sym",
    "-e start",
    "-z now",
    "-Xassembler -x",
    "-Wa,--noexecstack",
    "-Wp,-DQ",
    "-Xpreprocessor -DQ",
    "--param max-inline-insns-single=9",
    "--sysroot=/",
    "--sysroot /",
    "-fdiagnostics-color=always",
    "-fno-common",
    "-dumpbase x",
    "-P",
    "-C",
    "-H",
    "-dM",
    "-nostdinc",
    "-fuse-ld=bfd",
    "-Wno-unused",
    "-Wlogical-op",
    "-rdynamic",
    "-undef",
    "-trigraphs",
    "-MG",
    "-Q",
    "-aux-info aux",
    "-no-canonical-prefixes",
];

/// Generated calls from a fixed seed: a failure is the same on every machine.
pub fn generated_calls(count: usize, salt: u8) -> Vec<Vec<String>> {
    let words = proptest::sample::select(WORDS.to_vec());
    let calls = proptest::collection::vec(words, 1..9);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[salt; 32]));
    (0..count)
        .map(|_| {
            let call = calls.new_tree(&mut runner).unwrap().current();
            call.iter().flat_map(|w| w.split(' ')).map(str::to_owned).collect()
        })
        .collect()
}

pub fn generated_calls_agree(compiler: &str, count: usize, at_least: usize, salt: u8) {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("dir")).unwrap();
    fs::create_dir_all(dir.join("inc")).unwrap();
    // Clang looks whether its inputs are there.
    for word in WORDS.iter().filter(|w| !w.starts_with('-')) {
        dir.file(word, "");
    }
    dir.file("script.ld", "");
    let calls = generated_calls(count, salt);
    let halves = calls.split_at(calls.len() / 2);
    let check = |calls: &[Vec<String>]| {
        let mut understood = 0;
        let mut wrong = Vec::new();
        for words in calls {
            understood += usize::from(ask(compiler, words, dir.path()).is_some());
            wrong.extend(disagreement(compiler, words, dir.path()));
        }
        (understood, wrong)
    };
    let (one, two) = std::thread::scope(|s| {
        let one = s.spawn(|| check(halves.0));
        (check(halves.1), one.join().unwrap())
    });
    let wrong = [one.1, two.1].concat();
    let understood = one.0 + two.0;
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    assert!(understood >= at_least, "the driver took only {understood} of {count} calls: too few to say anything");
}

#[test]
fn generated_calls_mean_what_gcc_says() {
    generated_calls_agree("gcc", 6500, 5000, 1);
}

#[test]
fn generated_calls_mean_what_gxx_says() {
    generated_calls_agree("g++", 1500, 1000, 2);
}

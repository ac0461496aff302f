//! Every shell block of the README and of the book, run as it stands there.
//!
//! A block of `sh` is run in a project that has what such blocks name, and every program that it makes must be static. A
//! block of `console` is a transcript: its commands are run, and must print what stands below them, but for numbers. What
//! can't be run has a comment above it that says why: `<!-- not run: REASON -->`.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A file of documentation: its path from the top directory, and its text.
pub struct Page {
    pub path: PathBuf,
    pub text: String,
}

/// The README, the chapters of the book, and what is documented beside the thing itself.
pub fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "toolchains/README.md"]
            .map(PathBuf::from)
            .into();
    for below in ["docs/src", "examples"] {
        for entry in walkdir::WalkDir::new(Path::new(ROOT).join(below)).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|e| e == "md") {
                paths.push(path.strip_prefix(ROOT).unwrap().to_owned());
            }
        }
    }
    let text = |path: &PathBuf| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    paths.into_iter().map(|path| Page { text: text(&path), path }).collect()
}

/// A fenced block of a page.
pub struct Block {
    pub line: usize,
    pub language: String,
    pub text: String,
    /// Why it is not run.
    pub reason: Option<String>,
}

/// The fenced blocks of a text, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut above = "";
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().map(|(_, l)| l).take_while(|l| l.trim() != "```").collect();
            let reason = above.strip_prefix("<!-- not run: ").and_then(|r| r.strip_suffix(" -->"));
            found.push(Block {
                line: number + 1,
                language: language.to_owned(),
                text: body.join("\n") + "\n",
                reason: reason.map(str::to_owned),
            });
            above = "";
        } else {
            above = line;
        }
    }
    found
}

/// A project that is there for every build system but Go, whose packages hold no C++ of others.
fn project(block: &str) -> Dir {
    let dir = Dir::new();
    let examples = Path::new(ROOT).join("examples/hello-cpp");
    for entry in fs::read_dir(&examples).unwrap().flatten() {
        dir.file(Path::new("examples/hello-cpp").join(entry.file_name()), fs::read(entry.path()).unwrap());
    }
    if block.contains("-- go build") {
        dir.file("go.mod", "module example.org/app\n\ngo 1.19\n");
        dir.file(
            "main.go",
            "package main\n\n// #include <stdlib.h>\nimport \"C\"\nimport \"fmt\"\n\nfunc main() { C.abs(1); fmt.Println(\"hello\") }\n",
        );
        return dir;
    }
    let host = "#include <dlfcn.h>\nint main(void) { return !dlopen(\"plugins/one.so\", RTLD_NOW); }\n";
    for (name, text) in [
        ("hello.cpp", HELLO_CXX),
        ("main.c", host),
        ("plugins/one.c", "int one(void) { return 1; }\n"),
        ("more", "plugins/one.so\n"),
        ("client.c", "#include <systemd/sd-daemon.h>\nint main(void) { return sd_booted() < 0; }\n"),
        ("app.py", "import json\nprint(json.dumps('hello'))\n"),
        ("Makefile", "hello: hello.cpp\n\tg++ hello.cpp -o hello\nmain: main.c\n\t$(CC) main.c -o main\n"),
        ("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(h CXX)\nadd_executable(hello hello.cpp)\n"),
        ("meson.build", "project('h', 'cpp')\nexecutable('hello', 'hello.cpp')\n"),
        ("Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", "fn main() { println!(\"hello\"); }\n"),
    ] {
        dir.file(name, text);
    }
    fs::create_dir(dir.join("lib")).unwrap();
    for output in ["plugins/one.so", "lib/two.so"] {
        Run::new("gcc").dir(dir.path()).line("-shared -fPIC plugins/one.c -o").args([output]).ok();
    }
    let makefile = fs::read_to_string(dir.join("Makefile")).unwrap();
    if block.contains("PLUGINS") {
        dir.file("Makefile", format!("all: main\n{makefile}"));
    } else if !block.contains("staticctl run") {
        dir.file("Makefile", makefile.replace("g++", "$(CXX)"));
    }
    if block.contains("./configure") {
        dir.file(
            "configure.ac",
            "AC_INIT([h],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CXX\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
        );
        dir.file("Makefile.am", "bin_PROGRAMS = hello\nhello_SOURCES = hello.cpp\n");
        Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    }
    if block.contains("staticctl try --trace ./hello") {
        Run::new(STATICCXX).dir(dir.path()).line("hello.cpp -o hello").silent();
    }
    dir
}

/// What blocks make, where they make it.
const PROGRAMS: [&str; 9] = [
    "hello",
    "examples/hello-cpp/hello",
    "build/hello",
    "target/debug/hello",
    "app",
    "main",
    "client",
    "curl-static",
    "python3",
];

/// The commands that make one of these.
const MAKING: [&str; 8] =
    ["make", "ninja", "cargo build", "go build", "staticcc ", "staticcxx ", "cmake --build", "staticctl convert"];

/// Runs a text in a directory with our programs on PATH. Gives what it printed, on stdout and stderr.
fn shell(dir: &Path, text: &str) -> Result<String, String> {
    let own = Path::new(STATICCTL).parent().unwrap();
    let go = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache");
    let mut run = Run::new("sh").dir(dir).path_first(&[own]).env("GOCACHE", go).env("GOFLAGS", "-mod=mod");
    run = run.env("CARGO_TARGET_DIR", dir.join("target"));
    if text.contains("STATICCXX_TOOLCHAIN=musl") {
        run = run.env("XDG_DATA_HOME", crate::full::musl::data());
    }
    let out = run.args(["-euc", &format!("exec 2>&1\n{text}")]).output();
    let said = self::text(&out.stdout);
    if out.status.success() { Ok(said) } else { Err(format!("{}\n{said}", out.status)) }
}

/// Runs a block of `sh`; the programs that it makes are static.
fn run_script(dir: &Dir, block: &str) -> Result<(), String> {
    shell(dir.path(), block)?;
    let made: Vec<&str> = PROGRAMS.into_iter().filter(|p| dir.join(p).is_file()).collect();
    if made.is_empty() && MAKING.iter().any(|m| block.contains(m)) {
        return Err("it made no program that is known here".to_owned());
    }
    match made.iter().find(|p| !is_static(&dir.join(p))) {
        Some(dynamic) => Err(format!("`{dynamic}` is not static")),
        None => Ok(()),
    }
}

/// Words with numbers of any length in the place of all numbers and digests: sizes and times are the machine's.
fn shape(text: &str) -> Vec<String> {
    let word = |w: &str| {
        let w = w.split_once("sha256:").map_or(w.to_owned(), |(before, _)| format!("{before}sha256:"));
        let mut shape: Vec<char> = w.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape.dedup_by(|a, b| *a == '0' && *b == '0');
        String::from_iter(shape)
    };
    let line = |l: &str| l.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect()
}

/// Runs a transcript; what its commands print is what stands below them.
fn run_transcript(dir: &Dir, block: &str) -> Result<(), String> {
    let commands: Vec<&str> = block.lines().filter_map(|l| l.strip_prefix("$ ")).collect();
    if commands.is_empty() {
        return Err("a transcript without a command".to_owned());
    }
    let echoed = |c: &&str| format!("cat <<'END-OF-COMMAND'\n$ {c}\nEND-OF-COMMAND\n{c}\n");
    let script: String = commands.iter().map(echoed).collect();
    // A first run finds out about the toolchain, which takes seconds.
    shell(dir.path(), "staticctl doctor")?;
    let said = shell(dir.path(), &script)?;
    if shape(&said) == shape(block) { Ok(()) } else { Err(format!("it printed:\n{said}")) }
}

/// Runs the blocks of some pages and asserts that there are as many as are known to be there, at least.
fn run_pages(of: impl Fn(&Path) -> bool, at_least: usize) {
    let mut ran = 0;
    let mut failed = String::new();
    for page in pages().into_iter().filter(|p| of(&p.path)) {
        for block in blocks(&page.text) {
            let place = format!("{}:{}", page.path.display(), block.line);
            if let Some(reason) = &block.reason {
                assert!(reason.split(' ').count() > 3, "{place}: `{reason}` is no reason");
                continue;
            }
            let dir = project(&block.text);
            let result = match &*block.language {
                "sh" if page.path.starts_with("examples") => {
                    let below = format!("cd {}\n{}", page.path.parent().unwrap().display(), block.text);
                    run_script(&dir, &below)
                }
                "sh" => run_script(&dir, &block.text),
                "console" => run_transcript(&dir, &block.text),
                // Excerpts; the Dockerfile is the business of `readme`.
                "text" | "toml" | "yaml" | "dockerfile" if !block.text.starts_with("$ ") => continue,
                other => {
                    Err(format!("`{other}` is no language of a block here: sh, console, text, toml, yaml, dockerfile"))
                }
            };
            ran += 1;
            if let Err(why) = result {
                failed += &format!("{place}: {why}\n{}", block.text);
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(ran >= at_least, "{ran} blocks ran");
}

fn is_guide(path: &Path) -> bool {
    path.starts_with("docs/src/guide")
}

fn is_topic(path: &Path) -> bool {
    path.starts_with("docs/src") && !is_guide(path)
}

#[test]
fn the_readme_and_its_like() {
    run_pages(|p| !p.starts_with("docs") && p != Path::new("ARCHITECTURE.md"), 9);
}

#[test]
fn the_guide() {
    run_pages(is_guide, 15);
}

#[test]
fn the_topics_and_the_reference() {
    run_pages(is_topic, 7);
}

#[test]
fn what_is_wrong_is_found() {
    let of = |text: &str| blocks(text).pop().unwrap();
    assert_eq!(of("<!-- not run: no such thing here -->\n```sh\nx\n```\n").reason.unwrap(), "no such thing here");
    assert_eq!(of("<!-- not run: why -->\n\n```sh\nx\n```\n").reason, None);
    let dir = project("");
    assert!(run_script(&dir, "false\ntrue\n").is_err());
    assert!(run_script(&dir, "g++ hello.cpp -o hello\n").unwrap_err().contains("not static"));
    assert!(run_script(&Dir::new(), "make --version\n").unwrap_err().contains("made no program"));
    assert!(run_transcript(&dir, "$ echo 12 MiB\n7 MiB\n").is_ok());
    assert!(run_transcript(&dir, "$ echo 12 MiB\n7 KiB\n").is_err());
    assert!(run_transcript(&dir, "echo 12 MiB\n").is_err());
}

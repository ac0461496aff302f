//! Where libraries are, for calls that ask the compiler (`-print-search-dirs`, `-print-file-name=FILE`).
//!
//! A compiler answers from where it was built to look. The links of a toolchain with a prefix of its own look nowhere but in
//! its own directories, so these are the answer: builds take archives from where they are told (Meson's `prefer_static` and
//! `cc.find_library(static: true)` do), and those of the machine are another libc's.

use super::command::not_run;
use super::compile::as_it_is;
use crate::args::{Action, Request};
use crate::message;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::run::Command;
use crate::run::capture::capture;
use crate::toolchain::Selected;
use crate::toolchain::descriptor::HeaderSearch;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Directories,
    File(OsString),
}

/// A question, and what answers it.
pub(crate) struct AskedPlaces {
    asked: Asked,
    /// Where a link looks, in this order.
    dirs: Vec<PathBuf>,
    /// The command that makes the compiler tell its own directory.
    own: Command,
}

impl AskedPlaces {
    /// None for other calls, and for toolchains whose links look where their compiler does.
    pub(super) fn of(request: &Request, selected: &Selected) -> Option<AskedPlaces> {
        let descriptor = &selected.descriptor;
        if request.action != Action::Query || descriptor.prefix.is_none() || descriptor.search != HeaderSearch::LibcDirs
        {
            return None;
        }
        let words: Vec<&OsStr> = request.args.iter().flat_map(|a| a.words()).map(OsString::as_os_str).collect();
        let dirs = descriptor.libc_dirs.iter().filter(|dir| dir.is_dir()).cloned().collect();
        Some(AskedPlaces { asked: asked(&words)?, dirs, own: as_it_is(selected, &["-print-search-dirs".into()]) })
    }

    /// Runs the compiler and tells its answer with our places in it; gives its exit status.
    pub(super) fn answer(&self, command: &Command) -> i32 {
        let said = match capture(command) {
            Ok(said) => said,
            Err(error) => return not_run(command, &error),
        };
        message::pass_on(&said.stderr);
        if !said.status.success() {
            message::pass_on_stdout(&said.stdout);
            return said.status.code().unwrap_or(EXIT_FAILURE);
        }
        message::pass_on_stdout(&match &self.asked {
            Asked::Directories => with_directories(&said.stdout, &self.dirs),
            Asked::File(name) => self.file(Path::new(name), said.stdout),
        });
        0
    }

    /// The answer about a file, a line.
    fn file(&self, name: &Path, said: Vec<u8>) -> Vec<u8> {
        let line = |path: &Path| [path.as_os_str().as_bytes(), b"\n"].concat();
        if let Some(path) = self.dirs.iter().map(|dir| dir.join(name)).find(|path| path.exists()) {
            return line(&path);
        }
        let found = PathBuf::from(OsString::from_vec(said.trim_ascii_end().to_vec()));
        // A compiler that does not find it says its name.
        let stays = !found.is_absolute() || name.is_absolute() || self.is_of_the_compiler(&found);
        if stays { said } else { line(name) }
    }

    /// Whether a file is no code for programs, and in the compiler's own directory: its headers, its plugins.
    fn is_of_the_compiler(&self, found: &Path) -> bool {
        if found.extension().is_some_and(|e| e == "a" || e == "o") {
            return false;
        }
        let said = capture(&self.own).map(|said| said.text()).unwrap_or_default();
        let own = said.lines().find_map(|l| l.strip_prefix("install: ")).and_then(|dir| fs::canonicalize(dir).ok());
        let parent = found.parent().and_then(|dir| fs::canonicalize(dir).ok());
        own.zip(parent).is_some_and(|(own, parent)| parent.starts_with(own))
    }
}

/// What a call asks for: compilers answer about directories first, and about the last file.
fn asked(words: &[&OsStr]) -> Option<Asked> {
    let options: Vec<&[u8]> = words.iter().map(|word| option(word)).collect();
    if options.contains(&b"print-search-dirs".as_slice()) {
        return Some(Asked::Directories);
    }
    let file = |(at, option): (usize, &&[u8])| match option.strip_prefix(b"print-file-name=") {
        Some(name) => Some(OsStr::from_bytes(name).to_owned()),
        None if *option == b"print-file-name" => words.get(at + 1).map(|name| (*name).to_owned()),
        None => None,
    };
    options.iter().enumerate().filter_map(file).next_back().filter(|name| !name.is_empty()).map(Asked::File)
}

/// An option without its one or two dashes; nothing for another word.
fn option(word: &OsStr) -> &[u8] {
    let single = word.as_bytes().strip_prefix(b"-").unwrap_or_default();
    single.strip_prefix(b"-").unwrap_or(single)
}

/// An answer to `-print-search-dirs` with these directories as those of libraries.
fn with_directories(said: &[u8], dirs: &[PathBuf]) -> Vec<u8> {
    const BEGINS: &[u8] = b"libraries: =";
    let own: Vec<Vec<u8>> = dirs.iter().map(|dir| [dir.as_os_str().as_bytes(), b"/"].concat()).collect();
    let line = |line: &[u8]| match line.strip_prefix(BEGINS) {
        Some(_) => [BEGINS, &own.join(&b':'), b"\n"].concat(),
        None => line.to_vec(),
    };
    said.split_inclusive(|b| *b == b'\n').flat_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_by(line: &str) -> Option<Asked> {
        asked(&line.split(' ').map(OsStr::new).collect::<Vec<_>>())
    }

    #[test]
    fn a_question_is_told_from_others() {
        let file = |name: &str| Some(Asked::File(name.into()));
        assert_eq!(asked_by("-print-search-dirs"), Some(Asked::Directories));
        assert_eq!(asked_by("x.c -o x.exe -c --print-search-dirs"), Some(Asked::Directories));
        assert_eq!(asked_by("-print-file-name=libz.a -print-search-dirs"), Some(Asked::Directories));
        assert_eq!(asked_by("--print-file-name=libz.a"), file("libz.a"));
        assert_eq!(asked_by("-print-file-name=a -print-file-name=b"), file("b"));
        assert_eq!(asked_by("--print-file-name libz.a"), file("libz.a"));
        for line in ["-print-file-name=", "--print-file-name", "-print-multiarch", "print-search-dirs", "-v", ""] {
            assert_eq!(asked_by(line), None, "{line}");
        }
    }

    #[test]
    fn only_the_line_of_libraries_is_another() {
        let dirs = ["/p/lib".into(), "/t".into()];
        let said = with_directories(b"install: /i/\nprograms: =/p\nlibraries: =/usr/lib/:/lib/\n", &dirs);
        assert_eq!(said, b"install: /i/\nprograms: =/p\nlibraries: =/p/lib/:/t/\n");
        assert_eq!(with_directories(b"programs: =/p", &dirs), b"programs: =/p");
        assert_eq!(with_directories(b"", &dirs), b"");
    }

    #[test]
    fn a_file_is_the_toolchain_s_or_the_compiler_s_own() {
        let t = tempfile::tempdir().unwrap();
        let path = |p: &str| t.path().join(p);
        for dir in ["lib", "own/plugin", "usr"] {
            fs::create_dir_all(path(dir)).unwrap();
        }
        for file in ["lib/libz.a", "own/libasan.a", "own/liblto.so", "usr/libx.so"] {
            fs::write(path(file), "").unwrap();
        }
        let own = Command::new(["echo"]).arg(format!("install: {}/", path("own").display()));
        let places = AskedPlaces { asked: Asked::Directories, dirs: vec![path("lib")], own };
        let told = |name: &str, said: &str| {
            let line = format!("{}\n", if said.is_empty() { name.into() } else { path(said).display().to_string() });
            String::from_utf8(places.file(Path::new(name), line.into_bytes())).unwrap().trim_end().to_owned()
        };
        let at = |p: &str| path(p).display().to_string();
        assert_eq!(told("libz.a", "usr/libz.a"), at("lib/libz.a"));
        assert_eq!(told("libssl.a", "own/../usr/libssl.a"), "libssl.a");
        assert_eq!(told("libx.so", "own/../usr/libx.so"), "libx.so");
        assert_eq!(told("libasan.a", "own/libasan.a"), "libasan.a");
        assert_eq!(told("liblto.so", "own/liblto.so"), at("own/liblto.so"));
        assert_eq!(told("plugin", "own/plugin"), at("own/plugin"));
        assert_eq!(told("none", ""), "none");
    }
}

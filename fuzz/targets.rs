//! What is done with hostile bytes: the bodies of the fuzz targets, which `cargo fuzz` (coverage) and the integration tests
//! (`STATICCXX_FUZZ_SECONDS`, properties of damaged files) feed.
//!
//! Each takes any input; a panic is a failure.

use staticcxx::args::{ld_options, lexer, response};
use staticcxx::convert::copies::{Copied, Members, of_archives, wanted};
use staticcxx::convert::scope::ModuleScope;
use staticcxx::convert::{
    ConversionOptions, GlibcSymbols, Layout, Library, ProgramParts, Versions, acceptable, convert, file_hints, program,
};
use staticcxx::libs::{la, pc, script, sniff};
use staticcxx::parts::noted_program;
use staticcxx::{check, harden};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// More bytes than any conversion of the seeds makes.
const LARGEST: usize = 80 << 20;

/// The readers of programs, objects and archives.
pub fn elf(bytes: &[u8]) {
    let _ = check::inspect_bytes(bytes);
    let _ = sniff::classify(bytes);
    let _ = noted_program::package_urls(bytes);
    let _ = harden::has_canary(bytes);
}

/// The readers of linker scripts, libtool's and pkg-config's files.
pub fn scripts(text: &str) {
    let _ = script::parse(text.as_bytes());
    let _ = la::parse(text);
    let _ = pc::parse(text);
}

/// The lexer of command lines, which gives back what it took; words have no NUL.
pub fn calls(words: &[Vec<u8>]) {
    let argv: Vec<OsString> = words.iter().map(|w| OsString::from_vec(w.clone())).collect();
    let args = lexer::lex(&argv);
    assert_eq!(lexer::emit(&args), argv);
    let items = ld_options::split(&args);
    let _ = ld_options::options(&items);
    assert_eq!(ld_options::join(&items), argv);
}

/// Response files: what we write ourselves reads back as it was. Files are made in `dir`.
pub fn responses(bytes: &[u8], dir: &Path) {
    let path = dir.join("args");
    let reference = || {
        let mut word = OsString::from("@");
        word.push(path.as_os_str());
        word
    };
    fs::write(&path, bytes).unwrap();
    let expanded = response::expand(&[reference()], Path::new(""));
    let words: Vec<OsString> =
        expanded.words.iter().filter(|w| !w.is_empty() && !w.as_encoded_bytes().contains(&b'@')).cloned().collect();
    fs::write(&path, response::quote(&words)).unwrap();
    assert_eq!(response::expand(&[reference()], Path::new("")).words, words);
}

/// The conversion of a shared object, in each layout.
pub fn shared(bytes: &[u8]) {
    let Ok(library) = Library::read(bytes) else { return };
    let _ = acceptable(&library);
    let _ = file_hints::hints(&library);
    let (versions, libc, scope) = (Versions::of(&[&library]), GlibcSymbols::default(), ModuleScope::default());
    for (layout, module) in
        [(Layout::Segments, None), (Layout::Data, None), (Layout::Data, Some(&scope)), (Layout::Apart, Some(&scope))]
    {
        converted(
            &library,
            &ConversionOptions {
                tag: "fuzz",
                layout,
                versions: &versions,
                libc: &libc,
                module,
                program: None,
                null: None,
            },
        );
    }
}

/// The conversion of a finished program, with copies of what the archives define.
pub fn programs(bytes: &[u8], archives: &[Vec<u8>]) {
    let Ok(library) = Library::read_program(bytes) else { return };
    let _ = (acceptable(&library), program::main(&library));
    let (versions, libc) = (Versions::of(&[&library]), GlibcSymbols::default());
    let mut members = Members::new();
    let Ok(wanted) = wanted(&library) else { return };
    let copies = wanted.into_iter().filter_map(|(symbol, at)| {
        let content = of_archives(archives, symbol, &mut members).ok()??;
        Some(Copied { at, content })
    });
    let program = ProgramParts { copies: copies.collect(), thread_align: 1, bare: false };
    for layout in [Layout::Segments, Layout::Data] {
        converted(
            &library,
            &ConversionOptions {
                tag: "fuzz",
                layout,
                versions: &versions,
                libc: &libc,
                module: None,
                program: Some(&program),
                null: None,
            },
        );
    }
}

/// What is made of it is an object of a reasonable size.
fn converted(library: &Library<'_>, options: &ConversionOptions<'_>) {
    if let Ok(made) = convert(library, options) {
        object::File::parse(&*made.object).unwrap();
        assert!(made.object.len() < LARGEST);
    }
}

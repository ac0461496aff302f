//! Hostile bytes for what converts shared objects and programs; several linkers make those that are damaged.

use crate::quick::fuzz::fuzz;
use crate::support::*;
use proptest::prelude::*;
use staticcxx::convert::copies::{Copied, Members, of_archives, wanted};
use staticcxx::convert::scope::ModuleScope;
use staticcxx::convert::{
    ConversionOptions, GlibcSymbols, Layout, Library, ProgramParts, Versions, acceptable, convert, file_hints, program,
};
use std::fs;

/// Extreme values in a file, most of them where its tables are.
fn damaged(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![any::<u8>(), proptest::sample::select(vec![0u8, 1, 7, 8, 0x10, 0x24, 0x7f, 0x80, 0xff])];
    let changes = proptest::collection::vec((any::<u32>(), value, 1usize..9), 0..6);
    (proptest::sample::select(seeds), changes, any::<u32>()).prop_map(|(mut bytes, changes, cut)| {
        let tables = 0x1000.min(bytes.len());
        for (at, value, run) in changes {
            // The headers and the dynamic tables lie at the beginning, the dynamic section somewhere else.
            let within = if at % 4 == 0 { bytes.len() } else { tables };
            let at = at as usize % within;
            let end = (at + run).min(bytes.len());
            bytes[at..end].fill(value);
        }
        if cut % 17 == 0 {
            bytes.truncate(cut as usize % bytes.len());
        }
        bytes
    })
}

#[test]
fn shared_objects() {
    let dir = Dir::new();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/convert");
    let torture = format!("-O1 {sources}/torture.cc -Wl,--version-script={sources}/torture.map");
    dir.file("q.c", "__thread int t = 1; int x; int *p = &x; int q(void) { return t + *p; }\n");
    for (line, output) in [
        (torture.clone(), "a.so"),
        (format!("{torture} -mtls-dialect=gnu2 -Wl,-z,pack-relative-relocs -Wl,--hash-style=sysv"), "b.so"),
        ("-x c q.c".to_owned(), "c.so"),
        (format!("{torture} -fuse-ld=lld"), "d.so"),
    ] {
        Run::new("g++").dir(dir.path()).line(&format!("-shared -fPIC {line} -o {output}")).ok();
        Run::new("strip").dir(dir.path()).args([output]).ok();
    }
    let seeds: Vec<Vec<u8>> = ["a.so", "b.so", "c.so", "d.so"].map(|n| fs::read(dir.join(n)).unwrap()).to_vec();
    let libc = GlibcSymbols::default();
    fuzz("shared", damaged(seeds), |bytes| {
        let Ok(library) = Library::read(bytes) else { return };
        let _ = acceptable(&library);
        let _ = file_hints::hints(&library);
        let versions = Versions::of(&[&library]);
        let scope = ModuleScope::default();
        for (layout, module) in [(Layout::Segments, None), (Layout::Data, None), (Layout::Data, Some(&scope))] {
            let options =
                ConversionOptions { tag: "fuzz", layout, versions: &versions, libc: &libc, module, program: None };
            if let Ok(made) = convert(&library, &options) {
                object::File::parse(&*made.object).unwrap();
                assert!(made.object.len() < 80 << 20);
            }
        }
    });
}

#[test]
fn programs() {
    let dir = Dir::new();
    dir.file("q.c", "int shared = 3; int *led = &shared;\n");
    dir.file(
        "p.c",
        "#include <stdio.h>\nextern int shared, *led; __thread int t = 1;\nextern char **environ;\n\
                     int main(void) { return printf(\"%d\", shared + *led + t + !environ); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    for (line, output) in [("", "a"), ("-fno-pie -no-pie", "b"), ("-fuse-ld=lld -Wl,-z,now", "c")] {
        Run::new("gcc").dir(dir.path()).line(&format!("{line} p.c libq.so -s -o {output}")).ok();
    }
    let seeds: Vec<Vec<u8>> = ["a", "b", "c"].map(|n| fs::read(dir.join(n)).unwrap()).to_vec();
    Run::new("gcc").dir(dir.path()).line("-c q.c").ok();
    Run::new("ar").dir(dir.path()).line("rcs libq.a q.o").ok();
    let archives = vec![fs::read(dir.join("libq.a")).unwrap()];
    let libc = GlibcSymbols::default();
    fuzz("programs", damaged(seeds), |bytes| {
        let Ok(library) = Library::read_program(bytes) else { return };
        let _ = (acceptable(&library), program::main(&library));
        let versions = Versions::of(&[&library]);
        let mut members = Members::new();
        let Ok(wanted) = wanted(&library) else { return };
        let copies = wanted.into_iter().filter_map(|(symbol, at)| {
            let content = of_archives(&archives, symbol, &mut members).ok()??;
            Some(Copied { at, content })
        });
        let program = ProgramParts { copies: copies.collect(), thread_align: 1 };
        for layout in [Layout::Segments, Layout::Data] {
            let options = ConversionOptions {
                tag: "fuzz",
                layout,
                versions: &versions,
                libc: &libc,
                module: None,
                program: Some(&program),
            };
            if let Ok(made) = convert(&library, &options) {
                object::File::parse(&*made.object).unwrap();
                assert!(made.object.len() < 80 << 20);
            }
        }
    });
}

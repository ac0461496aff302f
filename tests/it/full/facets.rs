//! Facets that the musl toolchain links where a program uses them: every one alone in a program, beside a dynamic program
//! with glibc that has all.

use super::musl::data;
use crate::support::*;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Numbers of the sections in `each.cpp`: `has_facet` and `use_facet` of each facet, and what uses several.
fn sections() -> Vec<u32> {
    (0..30).chain(100..130).chain(200..226).collect()
}

/// The locale that both libraries know by the environment's name.
const LOCALE: (&str, &str) = ("LC_ALL", "C.UTF-8");

fn musl(dir: &Dir) -> Run {
    Run::new(STATICCXX).dir(dir.path()).env("XDG_DATA_HOME", data()).env("STATICCXX_TOOLCHAIN", "musl")
}

/// What a program says, a section a line.
fn said_by(program: &Path) -> Vec<String> {
    let said = Run::new(program).env(LOCALE.0, LOCALE.1).ok();
    said.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

/// Builds a program of each section with these options, and compares what all say with the program that has all sections.
fn each_section(options: &str, sections: &[u32]) {
    let dir = Dir::new();
    dir.file("each.cpp", fixture!("musl/facets/each.cpp"));
    Run::new("g++").dir(dir.path()).line("-std=c++20 -w each.cpp -o twin").silent();
    let expected = said_by(&dir.join("twin"));
    let left = Mutex::new(sections.to_vec());
    let compiled = || {
        while let Some(section) = left.lock().ok().and_then(|mut left| left.pop()) {
            let line = format!("-std=c++20 -w {options} -DONLY={section} each.cpp -o e{section}");
            // mold 1.10 warns of the stack size.
            musl(&dir).line(&line).ok();
            let said = said_by(&dir.join(format!("e{section}")));
            let own = if section < 100 { format!("{section} has") } else { format!("{} use", section - 100) };
            let own = if section < 200 { own } else { format!("{section} ") };
            let expected: Vec<&String> = expected.iter().filter(|l| l.starts_with(&own)).collect();
            assert!(!expected.is_empty(), "the dynamic program has no section {section}");
            assert_eq!(said.iter().collect::<Vec<_>>(), expected, "{options}, section {section}");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(compiled);
        scope.spawn(compiled);
    });
}

#[test]
fn every_facet_is_there_for_a_program_that_uses_nothing_else() {
    each_section("-O1", &sections());
}

#[test]
fn facets_come_with_other_linkers_and_options() {
    // Money, time, messages, a conversion of char16_t; regular expressions; a locale by name; a type.
    let some = [12, 20, 23, 26, 110, 204, 211, 213, 224];
    for options in ["-fuse-ld=lld -O0", "-fuse-ld=mold -O2", "-flto=auto -O2", "-static -Wl,--no-gc-sections -rdynamic"]
    {
        each_section(options, &some);
    }
}

#[test]
fn facets_that_only_an_archive_names_are_there() {
    let dir = Dir::new();
    dir.file("library.cpp", fixture!("musl/facets/library.cpp"));
    dir.file("program.cpp", fixture!("musl/facets/program.cpp"));
    for abi in ["1", "0"] {
        let options = format!("-O2 -D_GLIBCXX_USE_CXX11_ABI={abi}");
        Run::new("g++").dir(dir.path()).line(&options).line("program.cpp library.cpp -o twin").silent();
        musl(&dir).line(&options).line("-c library.cpp").silent();
        let _ = fs::remove_file(dir.join("libfacets.a"));
        Run::new("ar").dir(dir.path()).line("rcs libfacets.a library.o").ok();
        // Behind the C++ library as well: what has been started by then is started with all.
        for line in ["program.cpp -L. -lfacets -o p", "program.cpp -lstdc++ -L. -lfacets -o p"] {
            musl(&dir).line(&options).line(line).silent();
            assert_eq!(said_by(&dir.join("p")), said_by(&dir.join("twin")), "{abi} {line}");
        }
    }
}

#[test]
fn a_program_has_no_facets_that_it_does_not_use() {
    let dir = Dir::new();
    dir.file("h.cpp", "#include <iostream>\nint main() { std::cout << 1.5 << std::endl; }\n");
    dir.file("l.cpp", "#include <locale>\nint main() { return !(std::locale() == std::locale::classic()); }\n");
    for source in ["h.cpp", "l.cpp"] {
        musl(&dir).line("-O2 -o p").line(source).silent();
        let symbols = Run::new("nm").dir(dir.path()).line("-C p").ok();
        assert!(symbols.contains(" std::num_put<char"), "{symbols}");
        for facet in
            ["money", "time_get", "time_put", "messages<", "collate<", "codecvt<char16_t", "<wchar_t>", "strftime"]
        {
            let found = symbols.lines().find(|l| l.contains(facet) && !l.contains(" w "));
            assert_eq!(found, None, "{source}");
        }
    }
}

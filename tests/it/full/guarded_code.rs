//! Programs for aarch64 whose code a processor guards: branch target identification and return addresses that are signed.

use crate::quick::linkers::{driver, linked_by, readelf};
use crate::support::*;
use std::path::Path;

fn compiler(dir: &Dir, words: &str) -> Run {
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line(words)
}

/// What the note of a program promises.
fn marks(program: &Path) -> String {
    let notes = readelf("-nW", program);
    let marks = notes.lines().find_map(|line| line.split_once("Properties: ")).map_or("none", |(_, marks)| marks);
    // The kernel finds the note by its segment.
    assert_eq!(marks != "none", readelf("-lW", program).contains("GNU_PROPERTY"), "{}", program.display());
    marks.trim().to_owned()
}

/// With a processor that stops a call of what is not marked as its target.
fn guarded(program: &Path) -> String {
    Run::new("qemu-aarch64-static").line("-cpu max").args([program]).ok()
}

/// GNU ld's marks are those of all inputs together, and so are ours, by either linker; the program runs where it is guarded.
#[test]
fn a_program_has_the_marks_that_all_of_its_inputs_have() {
    let dir = Dir::new();
    dir.file("start.c", fixture!("freestanding/guarded-start.c"));
    dir.file("parts.c", fixture!("freestanding/guarded-parts.c"));
    for kind in ["standard", "bti", "none"] {
        for name in ["start", "parts"] {
            let words = "-O1 -fno-stack-protector -fno-pie -c";
            compiler(&dir, &format!("{words} -mbranch-protection={kind} {name}.c -o {name}-{kind}.o")).silent();
        }
    }
    for (kinds, expected) in [
        (["standard", "standard"], "AArch64 feature: BTI, PAC"),
        (["standard", "bti"], "AArch64 feature: BTI"),
        (["bti", "bti"], "AArch64 feature: BTI"),
        (["standard", "none"], "none"),
        (["none", "none"], "none"),
    ] {
        let line = format!("-static -nostdlib start-{}.o parts-{}.o", kinds[0], kinds[1]);
        compiler(&dir, &format!("{line} -o gnu")).silent();
        assert_eq!(
            (marks(&dir.join("gnu")).as_str(), guarded(&dir.join("gnu")).as_str()),
            (expected, "42\n"),
            "{line}"
        );
        for (linker, by) in [("wild", "built-in"), ("bfd", "compiler")] {
            for stripped in ["", " -s"] {
                let shown = format!("{linker} {line}{stripped}");
                let run = driver(&dir, linker).env("STATICCXX_CXX", "aarch64-linux-gnu-g++");
                run.line(&line).line(stripped).line("-o p").output();
                assert_eq!(linked_by(&dir).0, by, "{shown}: {}", linked_by(&dir).1);
                assert_eq!(marks(&dir.join("p")), expected, "{shown}");
                assert_eq!(guarded(&dir.join("p")), "42\n", "{shown}");
            }
        }
    }
}

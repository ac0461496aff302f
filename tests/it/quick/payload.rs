//! What a program's file has besides the program: data behind it, sections that are not loaded, notes. The program finds
//! them in the result as in the original.

use crate::support::*;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Reads the last 16 bytes of its own file: an offset, zeros for none, and a magic number. Prints what is there, or what is
/// before the magic number.
const BEHIND_C: &str = fixture!("payload/behind.c");

/// Prints the section `.own` of its own file.
const SECTION_C: &str = fixture!("payload/section.c");

/// Prints a note of its own, found by walking over the program headers.
const NOTE_C: &str = fixture!("payload/note.c");

fn compile(dir: &Dir, source: &str, line: &str) {
    dir.file("p.c", source);
    Run::new("gcc").dir(dir.path()).line(&format!("p.c -o p {line}")).silent();
}

/// The original and its conversion say the same; gives what.
fn same(dir: &Dir) -> String {
    let said = Run::new(dir.join("p")).ok();
    let printed = Run::new(STATICCTL).dir(dir.path()).line("convert ./p -o static").ok();
    assert!(printed.contains("payload"), "{printed}");
    assert!(is_static(&dir.join("static")));
    assert_eq!(Run::new(dir.join("static")).ok(), said);
    said
}

fn append(program: &Path, parts: &[&[u8]]) {
    let mut file = OpenOptions::new().append(true).open(program).unwrap();
    parts.iter().for_each(|part| file.write_all(part).unwrap());
}

const WORDS: &[u8] = b"sixteen letters!";

#[test]
fn data_behind_the_program_are_at_the_end_again() {
    let dir = Dir::new();
    compile(&dir, BEHIND_C, "-DMAGIC=\"OWNMAGIC\"");
    append(&dir.join("p"), &[WORDS, &[0; 8], b"OWNMAGIC"]);
    assert_eq!(same(&dir), "sixteen letters!\n");
    // Without section headers, and with a table that lies outside of the file.
    for strip in [true, false] {
        compile(&dir, BEHIND_C, "-DMAGIC=\"OWNMAGIC\"");
        let mut bytes = fs::read(dir.join("p")).unwrap();
        bytes[0x28..0x30].copy_from_slice(&if strip { 0u64 } else { 1 << 40 }.to_le_bytes());
        bytes[0x3c..0x40].copy_from_slice(&if strip { [0; 4] } else { [30, 0, 29, 0] });
        fs::write(dir.join("p"), bytes).unwrap();
        append(&dir.join("p"), &[WORDS, &[0; 8], b"OWNMAGIC"]);
        assert_eq!(same(&dir), "sixteen letters!\n", "{strip}");
    }
}

#[test]
fn data_that_say_where_they_begin_are_there_again() {
    // A format that is known: SBCL's. The number is changed.
    let dir = Dir::new();
    compile(&dir, BEHIND_C, "-DMAGIC=\"LCBS\\0\\0\\0\"");
    let at = fs::metadata(dir.join("p")).unwrap().len();
    for padding in [0, 1000] {
        fs::copy(dir.join("p"), dir.join("plain")).unwrap();
        append(&dir.join("p"), &[&vec![0; padding], WORDS, &(at + padding as u64).to_le_bytes(), b"LCBS\0\0\0\0"]);
        assert_eq!(same(&dir), "sixteen letters!\n", "{padding}");
        fs::rename(dir.join("plain"), dir.join("p")).unwrap();
    }

    // One that is not known: the result is larger, so that it would not be found.
    compile(&dir, BEHIND_C, "-DMAGIC=\"OWNMAGIC\"");
    append(&dir.join("p"), &[WORDS, &at.to_le_bytes(), b"OWNMAGIC"]);
    fs::remove_file(dir.join("static")).unwrap();
    let said = Run::new(STATICCTL).dir(dir.path()).line("convert ./p -o static").fails(2);
    assert!(
        said.contains("error: `./p` can't be converted: the 32 bytes behind the program say at which offset"),
        "{said}"
    );
    assert!(said.contains("hint: ") && !dir.join("static").exists(), "{said}");

    // In a program that leaves room for the result they keep their offset.
    compile(&dir, &format!("{BEHIND_C}char much[4000000] = {{1}};"), "-DMAGIC=\"OWNMAGIC\" -s");
    let at = fs::metadata(dir.join("p")).unwrap().len() + 2_000_000;
    let mut file = OpenOptions::new().write(true).open(dir.join("p")).unwrap();
    // As a section that is not loaded and that no result has: the table of sections is moved behind it.
    let mut bytes = fs::read(dir.join("p")).unwrap();
    let table = bytes.split_off(u64::from_le_bytes(bytes[0x28..0x30].try_into().unwrap()) as usize);
    file.seek(SeekFrom::Start(at - table.len() as u64)).unwrap();
    file.write_all(&table).unwrap();
    file.seek(SeekFrom::Start(0x28)).unwrap();
    file.write_all(&(at - table.len() as u64).to_le_bytes()).unwrap();
    drop(file);
    append(&dir.join("p"), &[WORDS, &at.to_le_bytes(), b"OWNMAGIC"]);
    assert_eq!(same(&dir), "sixteen letters!\n");
    assert_eq!(fs::metadata(dir.join("static")).unwrap().len(), at + 32);

    // So do those whose offset the program itself has in digits.
    compile(
        &dir,
        &BEHIND_C.replace("at ?", "at || 1 ?").replace("(off_t)at", "atol(PLACE)"),
        "-include stdlib.h -DMAGIC=\"OWNMAGIC\" -DPLACE=\"000000\"",
    );
    let mut bytes = fs::read(dir.join("p")).unwrap();
    bytes.resize(200_000, 0);
    let at = bytes.windows(7).position(|w| w == b"000000\0").unwrap();
    bytes[at..at + 6].copy_from_slice(b"200000");
    let table = u64::from_le_bytes(bytes[0x28..0x30].try_into().unwrap()) as usize;
    let count = usize::from(bytes[0x3c]) * 64;
    bytes.copy_within(table..table + count, 200_000 - count);
    bytes[0x28..0x30].copy_from_slice(&(200_000 - count as u64).to_le_bytes());
    fs::write(dir.join("p"), &bytes).unwrap();
    append(&dir.join("p"), &[WORDS, &[0; 8], b"OWNMAGIC"]);
    assert_eq!(Run::new(dir.join("p")).ok(), "sixteen letters!\n");
    let said = Run::new(STATICCTL).dir(dir.path()).line("convert ./p -o other").fails(2);
    assert!(said.contains("say at which offset of the file they begin"), "{said}");
}

#[test]
fn sections_that_are_not_loaded_are_there_by_name() {
    let dir = Dir::new();
    for content in ["hello", &"long ".repeat(3000)] {
        compile(&dir, SECTION_C, "-g");
        dir.file("content", content);
        let add = "--add-section .own=content --set-section-alignment .own=64 p";
        Run::new("objcopy").dir(dir.path()).line(add).silent();
        let said = same(&dir);
        assert!(said.starts_with(&format!("{} 0 {}", content.len().min(99), &content[..5])), "{said}");
        // With data behind it, and other tools find nothing wrong.
        append(&dir.join("p"), &[b"behind"]);
        assert_eq!(same(&dir), said);
        assert!(fs::read(dir.join("static")).unwrap().ends_with(b"behind"));
        let read = Run::new("readelf").dir(dir.path()).line("-aW static").output();
        assert!(read.status.success() && !text(&read.stderr).contains("arning"), "{}", text(&read.stderr));
        // Compilers' own sections are no payload.
        assert!(!text(&read.stdout).contains(".debug_info"));
    }
}

#[test]
fn notes_are_found_by_the_program_headers() {
    let dir = Dir::new();
    for kind in ["-fpie -pie", "-fno-pie -no-pie"] {
        compile(&dir, NOTE_C, kind);
        assert_eq!(Run::new(dir.join("p")).ok(), "hello\n");
        Run::new(STATICCTL).dir(dir.path()).line("convert ./p -o static").ok();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "hello\n", "{kind}");
    }
}

/// Two gigabytes of data are copied, not read into memory.
#[test]
fn a_large_payload_takes_no_memory() {
    let dir = Dir::new();
    compile(&dir, BEHIND_C, "-DMAGIC=\"OWNMAGIC\"");
    let file = OpenOptions::new().append(true).open(dir.join("p")).unwrap();
    let end = file.metadata().unwrap().len();
    file.set_len(end + (2 << 30)).unwrap();
    drop(file);
    append(&dir.join("p"), &[WORDS, &[0; 8], b"OWNMAGIC"]);
    let script = format!("ulimit -v 1500000 && exec '{STATICCTL}' convert ./p -o static");
    Run::new("bash").dir(dir.path()).args(["-c", &script]).ok();
    assert_eq!(Run::new(dir.join("static")).ok(), "sixteen letters!\n");
    assert!(fs::metadata(dir.join("static")).unwrap().len() > 2 << 30);
}

/// A name that only the data have is found by dlsym, as SBCL's images look for libc's functions.
#[test]
fn names_in_the_data_are_found_by_dlsym() {
    let dir = Dir::new();
    let source = "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\n#include <string.h>\n\
        int main(void) { FILE *f = fopen(\"/proc/self/exe\", \"rb\"); char name[16] = {0}; fseek(f, -16, SEEK_END);\n\
        if (fread(name, 1, 15, f) != 15) return 2; int (*find)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, name);\n\
        return find ? printf(\"%s %d\\n\", name, find(\"\")) < 0 : 3; }\n";
    compile(&dir, source, "");
    append(&dir.join("p"), &[b"names\0", b"rmdir\0\0\0\0\0\0\0\0\0\0\0"]);
    assert_eq!(same(&dir), "rmdir -1\n");
}

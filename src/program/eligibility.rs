//! What a file is, and whether it is a program that can be converted.

use crate::check::{Failure, FileType, Image, ReadError, Verdict};
use crate::convert::machine::Machine;
use memchr::memmem;
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};

/// What a file is to the converter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Eligibility {
    Dynamic,
    /// A program that is static already.
    Static,
    /// Nothing that can be converted: why, and what to do.
    Refused(String, Option<String>),
}

fn refused(why: impl Into<String>, hint: &str) -> Eligibility {
    Eligibility::Refused(why.into(), (!hint.is_empty()).then(|| hint.to_owned()))
}

/// What a file that could not be read as a program is.
pub(crate) fn unreadable(error: &ReadError, bytes: &[u8]) -> Eligibility {
    if bytes.starts_with(b"#!") {
        let line = bytes.get(2..).unwrap_or_default().split(|b| *b == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).trim().to_owned();
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default().to_owned();
        // `#!/usr/bin/env -S python3 -u`
        let named = first.ends_with("/env").then(|| words.find(|w| !w.starts_with('-') && !w.contains('='))).flatten();
        let interpreter = named.unwrap_or(&first);
        return refused(
            format!("is a script for `{interpreter}`"),
            &format!(
                "`staticctl convert {interpreter} -o OUT` makes the interpreter static, which then runs the script"
            ),
        );
    }
    refused(error.to_string(), "")
}

/// What the judged file is. `bytes` are the whole of it.
pub(crate) fn of(image: &Image, verdict: &Verdict, bytes: &[u8]) -> Eligibility {
    // Packed first: what packs a program makes it look static.
    if let Some(packer) = PACKERS
        .iter()
        .find(|p| memmem::find(bytes.get(..PACKED_HEAD.min(bytes.len())).unwrap_or_default(), p.mark).is_some())
    {
        return refused(format!("is packed by {}, so that nothing of its code can be seen", packer.name), packer.hint);
    }
    if verdict.is_static() {
        return Eligibility::Static;
    }
    if image.file_type == FileType::Relocatable || image.file_type == FileType::Core {
        let what = verdict.failures.iter().map(Failure::to_string).next().unwrap_or_default();
        return refused(what.replacen("it is", "is", 1), "");
    }
    let Some(interpreter) = &image.interpreter else {
        return refused("is a shared object, not a program", "`staticctl archive` makes an archive of it");
    };
    if Machine::of(image.machine).is_none() || image.bits != 64 {
        let name = crate::check::target::machine_name(image.machine, image.bits);
        return refused(
            format!("is for {name}: only programs for x86-64 and AArch64 are converted"),
            "take the program's package for one of them, or build it from its source",
        );
    }
    if interpreter.contains("ld-musl-") {
        return refused(
            "was made for musl, and only programs for glibc are converted",
            "build it from its source with the musl toolchain: `staticctl toolchain install musl`",
        );
    }
    if !interpreter.contains("ld-linux") && !is_glibc(image) {
        return refused(format!("is started by `{interpreter}`, which is not glibc's"), "");
    }
    if is_go(bytes) && !image.needed.iter().any(|n| n.starts_with("libc.so.")) {
        return refused("is a Go program with start code of its own", GO_HINT);
    }
    Eligibility::Dynamic
}

/// What to do with a program of Go's.
pub(crate) const GO_HINT: &str =
    "build it with `CGO_ENABLED=0 go build`, or under `staticctl run`, which makes Go's programs static";

fn is_glibc(image: &Image) -> bool {
    image.needed.iter().any(|n| n == "libc.so.6")
}

/// Whether Go's tools made it: they leave a note, or the header of their build information.
pub(crate) fn is_go(bytes: &[u8]) -> bool {
    let Ok(header) = elf::FileHeader64::<LE>::parse(bytes) else { return false };
    let Ok(segments) = header.program_headers(LE, bytes) else { return false };
    let note = segments.iter().filter_map(|s| s.notes(LE, bytes).ok().flatten()).any(|mut notes| {
        let mut any = false;
        while let Ok(Some(note)) = notes.next() {
            any |= note.name() == b"Go";
        }
        any
    });
    note || memmem::find(bytes, b"\xff Go buildinf:").is_some()
}

/// What leaves nothing of a program to be seen.
struct ExecutablePacker {
    mark: &'static [u8],
    name: &'static str,
    hint: &'static str,
}

const PACKED_HEAD: usize = 4096;

const PACKERS: [ExecutablePacker; 1] =
    [ExecutablePacker { mark: b"UPX!", name: "UPX", hint: "unpack it first: `upx -d -o UNPACKED PROGRAM`" }];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_script_is_named() {
        let error = || ReadError::NotElf("a script".into());
        let named = |line: &str| match unreadable(&error(), line.as_bytes()) {
            Eligibility::Refused(why, Some(hint)) => {
                assert!(hint.contains("staticctl convert"));
                why
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(named("#!/bin/sh\nexit\n"), "is a script for `/bin/sh`");
        assert_eq!(named("#! /usr/bin/env -S python3 -u\n"), "is a script for `python3`");
        assert_eq!(named("#!/usr/bin/env perl"), "is a script for `perl`");
        assert!(matches!(unreadable(&error(), b"text"), Eligibility::Refused(_, None)));
    }
}

//! What damaged files cost, through the command line: at most a second, compiler and linker included, and 256 MiB for each
//! MiB of input, and never less than for one MiB. A debug build may take five seconds.

use super::convert::project;
use crate::fuzzing::{Fuzzer, damaged};
use crate::support::*;
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use proptest::prelude::*;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

const SECONDS: u64 = if cfg!(debug_assertions) { 5 } else { 1 };
const MEMORY: u64 = 256 << 20;

/// Commands that read the file `bad`, under each name that it may have.
const COMMANDS: [(&str, &str, &str); 9] = [
    (STATICCTL, "bad", "check bad"),
    (STATICCTL, "bad", "check --json bad"),
    (STATICCTL, "libbad.so", "archive libbad.so -o libbad.a"),
    (STATICCTL, "bad", "convert ./bad -o out"),
    (STATICCTL, "bad", "image ./bad -o out.tar"),
    (STATICCC, "libbad.so", "h.o libbad.so -o out"),
    (STATICCC, "libbad.so", "h.o -L. -lbad -o out"),
    (STATICCC, "libbad.a", "h.o -L. -lbad -o out"),
    (STATICCC, "bad.o", "h.o bad.o -o out"),
];

/// What a command and all that it waited for took.
struct Used {
    status: ExitStatus,
    processor: Duration,
    stderr: String,
}

/// Runs a command of which no process may have more memory of its own than this many bytes, nor a minute of processor time.
fn used(run: Run, memory: u64, said: &std::path::Path) -> Used {
    let mut command = run.command();
    command.stdout(Stdio::null()).stderr(fs::File::create(said).unwrap());
    // A peak is no measure: the kernel counts that of the process which forked, before the program was loaded.
    // SAFETY: setrlimit(2) is async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            setrlimit(Resource::RLIMIT_CPU, 60, 60)?;
            setrlimit(Resource::RLIMIT_DATA, memory, memory).map_err(Into::into)
        })
    };
    let child = command.spawn().unwrap().id().cast_signed();
    let mut status = 0;
    // SAFETY: all zeros is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writes what it is given.
    let waited = unsafe { libc::wait4(child, &raw mut status, 0, &raw mut usage) };
    assert_eq!(waited, child);
    let time = |t: libc::timeval| Duration::from_micros(t.tv_sec.unsigned_abs() * 1_000_000 + t.tv_usec.unsigned_abs());
    Used {
        status: ExitStatus::from_raw(status),
        processor: time(usage.ru_utime) + time(usage.ru_stime),
        stderr: text(&fs::read(said).unwrap()),
    }
}

/// Files of every kind that a link reads.
fn project_with_seeds() -> (Dir, Vec<Vec<u8>>) {
    let own =
        "#include <stdio.h>\n__thread int t = 1; int x; int *p = &x; int own(void) { return puts(\"\") + t + *p; }\n";
    let main = "int own(void);\nint main(void) { return own() < 0; }\n";
    let dir = project(
        &[("h.c", HELLO_C), ("own.c", own), ("main.c", main)],
        &[
            "gcc -c h.c own.c main.c",
            "gcc -shared own.c -fPIC -o libown.so",
            "gcc main.o -L. -lown -Wl,-rpath,$ORIGIN -o dynamic",
            "gcc -static h.o -o still",
            "ar rc libown.a own.o main.o",
        ],
    );
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC own.c -o libfat.so").ok();
    let files = ["h.o", "own.o", "libown.so", "libfat.so", "dynamic", "still", "libown.a"];
    let seeds = files.map(|name| fs::read(dir.join(name)).unwrap()).to_vec();
    (dir, seeds)
}

/// A damaged file behind the number of a command.
fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (0..COMMANDS.len(), damaged(seeds, 0x1000, 7)).prop_map(|(command, mut bytes)| {
        bytes.insert(0, u8::try_from(command).unwrap());
        bytes
    })
}

#[test]
fn damaged_files_take_little_time_and_memory() {
    let (dir, seeds) = project_with_seeds();
    // What is found out of the compiler once is no part of it.
    for (program, line) in
        [(STATICCC, "h.o -o out"), (STATICCC, "main.o -L. -lown -o out"), (STATICCTL, "convert ./dynamic -o out")]
    {
        Run::new(program).dir(dir.path()).line(line).ok();
    }
    let limits = |input: &Vec<u8>| {
        let (program, name, line) = COMMANDS[usize::from(input[0]) % COMMANDS.len()];
        let bytes = &input[1..];
        fs::write(dir.join(name), bytes).unwrap();
        let size = (bytes.len() as u64).div_ceil(1 << 20).max(1);
        let used = used(Run::new(program).dir(dir.path()).line(line), MEMORY * size, &dir.join("said"));
        let shown = || format!("{line}: {:?}, {}: {}", used.processor, used.status, used.stderr);
        assert!(used.processor < Duration::from_secs(SECONDS * size), "{}", shown());
        // GNU ld says for itself where it can't have what a damaged size asks for.
        for told in ["memory allocation of", "should not have happened"] {
            assert!(!used.stderr.contains(told), "{}", shown());
        }
        assert!(used.status.signal().is_none(), "{}", shown());
        if program == STATICCC && used.status.success() {
            assert!(is_static(&dir.join("out")), "{}", shown());
        }
        for made in ["bad", "libbad.so", "libbad.a", "bad.o", "out", "out.tar"] {
            let _ = fs::remove_file(dir.join(made));
        }
    };
    Fuzzer { fewest: 60, ..Fuzzer::new("commands") }.run(inputs(seeds), limits);
}

/// wild searches the string of such an address backwards, byte by byte: of one before its section, 2^64 of them.
#[test]
fn addresses_outside_merged_strings_cost_no_time() {
    let strings = ".section .rodata.str1.1,\"aMS\",@progbits,1\n.Lstart: .string \"x\"\n";
    let far = format!("{strings}.globl far\n.set far, .Lstart + 0x2424242424240000\n");
    let before = format!("{strings}.data\n.quad .rodata.str1.1-4\n");
    let dir = project(&[("h.c", HELLO_C), ("far.s", &far), ("before.s", &before)], &["gcc -c h.c far.s before.s"]);
    let run = |line: &str| used(Run::new(STATICCC).dir(dir.path()).line(line), MEMORY, &dir.join("said"));
    run("h.o -o out");
    for object in ["far.o", "before.o"] {
        for (name, line) in
            [("bad.o", "h.o bad.o -o out"), ("libbad.a", "h.o -L. -lbad -o out"), ("libbad.a", "h.o libbad.a -o out")]
        {
            fs::copy(dir.join(object), dir.join(name)).unwrap();
            let used = run(line);
            let time = used.processor;
            assert!(time < Duration::from_secs(SECONDS), "{object}: {line}: {time:?}: {}", used.stderr);
        }
    }
}

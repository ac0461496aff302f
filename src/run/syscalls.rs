//! System calls that name a file, for each machine whose programs we can trace.

use super::attempt::FileAccess;
use super::seccomp::{MACHINE, NUMBER, end, jump, load};
use nix::libc;

/// Columns of [`CALLS`]: the machines' audit numbers (`linux/audit.h`). The last one stands for all that share the
/// generic table of `asm-generic/unistd.h`.
pub(super) const X86_64: u32 = 0xc000_003e;
pub(super) const I386: u32 = 0x4000_0003;
pub(super) const ARM: u32 = 0x4000_0028;
pub(super) const AARCH64: u32 = 0xc000_00b7;
pub(super) const RISCV64: u32 = 0xc000_00f3;
pub(super) const LOONGARCH64: u32 = 0xc000_0102;

const MACHINES: [(u32, usize); 6] = [(X86_64, 0), (I386, 1), (ARM, 2), (AARCH64, 3), (RISCV64, 3), (LOONGARCH64, 3)];

/// Where the flags of an opening call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Look,
    /// It opens; the flags are this argument.
    Open(usize),
    /// It opens; the flags are the first word that this argument points to.
    Described(usize),
    Make,
    Exec,
    /// It connects; the path is in a socket address.
    Connect,
}

struct Call {
    /// For people who read this table.
    #[cfg_attr(not(test), allow(dead_code))]
    name: &'static str,
    /// Numbers by column; -1 where the machine does not have it.
    numbers: [i32; 4],
    /// Argument that holds the directory descriptor, if there is one.
    directory: Option<usize>,
    /// Argument that points to the path.
    path: usize,
    how: How,
}

const fn call(name: &'static str, numbers: [i32; 4], directory: Option<usize>, path: usize, how: How) -> Call {
    Call { name, numbers, directory, path, how }
}

#[rustfmt::skip]
static CALLS: [Call; 23] = [
    //   name           x86-64 i386  arm generic  dirfd    path  how
    call("access",      [ 21,   33,   33,   -1], None,    0, How::Look),
    call("chdir",       [ 80,   12,   12,   49], None,    0, How::Look),
    call("connect",     [ 42,  362,  283,  203], None,    1, How::Connect),
    call("creat",       [ 85,    8,    8,   -1], None,    0, How::Make),
    call("execve",      [ 59,   11,   11,  221], None,    0, How::Exec),
    call("execveat",    [322,  358,  387,  281], Some(0), 1, How::Exec),
    call("faccessat",   [269,  307,  334,   48], Some(0), 1, How::Look),
    call("faccessat2",  [439,  439,  439,  439], Some(0), 1, How::Look),
    call("fstatat64",   [ -1,  300,  327,   -1], Some(0), 1, How::Look),
    call("lstat",       [  6,  107,  107,   -1], None,    0, How::Look),
    call("lstat64",     [ -1,  196,  196,   -1], None,    0, How::Look),
    call("mkdir",       [ 83,   39,   39,   -1], None,    0, How::Make),
    call("mkdirat",     [258,  296,  323,   34], Some(0), 1, How::Make),
    call("newfstatat",  [262,   -1,   -1,   79], Some(0), 1, How::Look),
    call("open",        [  2,    5,    5,   -1], None,    0, How::Open(1)),
    call("openat",      [257,  295,  322,   56], Some(0), 1, How::Open(2)),
    call("openat2",     [437,  437,  437,  437], Some(0), 1, How::Described(2)),
    call("readlink",    [ 89,   85,   85,   -1], None,    0, How::Look),
    call("readlinkat",  [267,  305,  332,   78], Some(0), 1, How::Look),
    call("stat",        [  4,  106,  106,   -1], None,    0, How::Look),
    call("stat64",      [ -1,  195,  195,   -1], None,    0, How::Look),
    call("statx",       [332,  383,  397,  291], Some(0), 1, How::Look),
    call("uselib",      [134,   86,   86,   -1], None,    0, How::Look),
];

/// A call as it stands in a stopped process.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoppedCall {
    /// The machine that the call is of.
    pub machine: u32,
    pub number: u64,
    pub arguments: [u64; 6],
}

/// What a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileCall {
    /// Descriptor of the directory that a relative path starts from; `AT_FDCWD` for the current one.
    pub directory: i32,
    pub path: u64,
    /// The path follows the family in a socket address.
    pub in_socket_address: bool,
    pub wanted: FileAccess,
}

/// What a stopped call wants; none if it names no file.
pub(super) fn file_call(stopped: &StoppedCall, read_word: impl Fn(u64) -> Option<u64>) -> Option<FileCall> {
    let column = MACHINES.iter().find(|m| m.0 == stopped.machine)?.1;
    let number = i32::try_from(stopped.number).ok()?;
    let call = CALLS.iter().find(|c| c.numbers.get(column) == Some(&number))?;
    let argument = |n: usize| stopped.arguments.get(n).copied().unwrap_or(0);
    let by_flags = |flags: u64| {
        let flags = i32::try_from(flags & 0xffff_ffff).unwrap_or(i32::MAX);
        let writes = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT;
        if flags & writes == 0 { FileAccess::Read } else { FileAccess::Write }
    };
    let wanted = match call.how {
        How::Look => FileAccess::Read,
        How::Make => FileAccess::Write,
        How::Exec => FileAccess::Exec,
        How::Connect => FileAccess::Connect,
        How::Open(n) => by_flags(argument(n)),
        How::Described(n) => by_flags(read_word(argument(n))?),
    };
    // A descriptor is an int: the upper half of the register is undefined.
    #[allow(clippy::cast_possible_truncation)]
    let directory = call.directory.map_or(libc::AT_FDCWD, |n| argument(n) as u32 as i32);
    Some(FileCall { directory, path: argument(call.path), in_socket_address: call.how == How::Connect, wanted })
}

/// Machines whose programs can run on this one, with a column in the table.
fn native() -> &'static [u32] {
    if cfg!(target_arch = "x86_64") {
        &[X86_64, I386]
    } else if cfg!(target_arch = "aarch64") {
        &[AARCH64, ARM]
    } else if cfg!(target_arch = "x86") {
        &[I386]
    } else if cfg!(target_arch = "arm") {
        &[ARM]
    } else if cfg!(target_arch = "riscv64") {
        &[RISCV64]
    } else if cfg!(target_arch = "loongarch64") {
        &[LOONGARCH64]
    } else {
        &[]
    }
}

/// A filter that stops a process for its tracer at the calls of the table and nowhere else; empty where the machine
/// has no column.
pub(super) fn filter() -> Vec<libc::sock_filter> {
    let mut program = vec![load(MACHINE)];
    for machine in native() {
        let column = MACHINES.iter().find(|m| m.0 == *machine).map_or(0, |m| m.1);
        let numbers: Vec<u32> =
            CALLS.iter().filter_map(|c| c.numbers.get(column).and_then(|n| u32::try_from(*n).ok())).collect();
        let count = u8::try_from(numbers.len()).unwrap_or(u8::MAX);
        program.push(jump(*machine, 0, count.saturating_add(3)));
        program.push(load(NUMBER));
        for (left, number) in (0..count).rev().zip(numbers) {
            program.push(jump(number, left.saturating_add(1), 0));
        }
        program.push(end(libc::SECCOMP_RET_ALLOW));
        program.push(end(libc::SECCOMP_RET_TRACE));
    }
    program.push(end(libc::SECCOMP_RET_ALLOW));
    if native().is_empty() { Vec::new() } else { program }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::seccomp::evaluate;

    #[test]
    fn the_table_is_sorted_and_numbers_are_unique() {
        assert!(CALLS.windows(2).all(|w| w[0].name < w[1].name));
        for column in 0..4 {
            let mut numbers: Vec<i32> = CALLS.iter().map(|c| c.numbers[column]).filter(|n| *n >= 0).collect();
            let all = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "column {column}");
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_numbers_of_this_machine_are_those_of_its_libc() {
        for (name, number) in [
            ("access", libc::SYS_access),
            ("chdir", libc::SYS_chdir),
            ("connect", libc::SYS_connect),
            ("creat", libc::SYS_creat),
            ("execve", libc::SYS_execve),
            ("execveat", libc::SYS_execveat),
            ("faccessat", libc::SYS_faccessat),
            ("faccessat2", libc::SYS_faccessat2),
            ("lstat", libc::SYS_lstat),
            ("mkdir", libc::SYS_mkdir),
            ("mkdirat", libc::SYS_mkdirat),
            ("newfstatat", libc::SYS_newfstatat),
            ("open", libc::SYS_open),
            ("openat", libc::SYS_openat),
            ("openat2", libc::SYS_openat2),
            ("readlink", libc::SYS_readlink),
            ("readlinkat", libc::SYS_readlinkat),
            ("stat", libc::SYS_stat),
            ("statx", libc::SYS_statx),
            ("uselib", libc::SYS_uselib),
        ] {
            let row = CALLS.iter().find(|c| c.name == name).unwrap();
            assert_eq!(i64::from(row.numbers[0]), number, "{name}");
        }
    }

    #[test]
    fn the_filter_stops_at_the_table_s_calls_and_nowhere_else() {
        let program = filter();
        for machine in native() {
            let column = MACHINES.iter().find(|m| m.0 == *machine).unwrap().1;
            for number in 0..500 {
                let listed = CALLS.iter().any(|c| c.numbers[column] == number);
                let answer = evaluate(&program, *machine, u32::try_from(number).unwrap(), 0);
                assert_eq!(answer == libc::SECCOMP_RET_TRACE, listed, "{machine:x} {number}");
            }
        }
        assert_eq!(evaluate(&program, 1, 2, 0), libc::SECCOMP_RET_ALLOW);
    }

    #[test]
    fn flags_tell_reading_from_writing() {
        let stopped = |number, arguments| StoppedCall { machine: X86_64, number, arguments };
        let wanted = |s: &StoppedCall| file_call(s, |_| Some(1)).map(|r| (r.wanted, r.directory));
        assert_eq!(wanted(&stopped(2, [7, 0, 0, 0, 0, 0])), Some((FileAccess::Read, libc::AT_FDCWD)));
        assert_eq!(wanted(&stopped(257, [5, 7, 0o101, 0, 0, 0])), Some((FileAccess::Write, 5)));
        assert_eq!(wanted(&stopped(257, [0xffff_ff9c, 7, 0, 0, 0, 0])), Some((FileAccess::Read, libc::AT_FDCWD)));
        assert_eq!(wanted(&stopped(437, [5, 7, 8, 0, 0, 0])), Some((FileAccess::Write, 5)));
        assert_eq!(wanted(&stopped(59, [7, 0, 0, 0, 0, 0])), Some((FileAccess::Exec, libc::AT_FDCWD)));
        assert_eq!(wanted(&stopped(0, [7, 0, 0, 0, 0, 0])), None);
    }
}

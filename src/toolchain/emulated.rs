//! Programs for another machine, run by an emulator of single programs: QEMU's of user mode.
//!
//! Where the kernel knows it (binfmt_misc), such a program runs as any other does, and nothing here is needed.

use crate::run::Command;
use crate::run::capture::{Captured, capture_within};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

/// How the programs of a toolchain run on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProgramsRun {
    /// By the kernel.
    #[default]
    Here,
    /// By an emulator of this name.
    By(String),
    /// Not at all; the emulators of these names would.
    Not(Vec<String>),
}

impl ProgramsRun {
    /// The emulator that is to be installed, and that can be.
    pub(crate) fn lacks(&self) -> Option<&str> {
        match self {
            ProgramsRun::Not(names) => names.first().map(String::as_str),
            _ => None,
        }
    }

    /// What was done with a program that was linked and read back.
    pub(crate) fn told(&self) -> String {
        match self {
            ProgramsRun::Here => "run".into(),
            ProgramsRun::By(emulator) => format!("run by {emulator}"),
            ProgramsRun::Not(_) => match self.lacks() {
                Some(emulator) => format!("not run: `{emulator}` was not found"),
                None => "not run: it is for another machine".into(),
            },
        }
    }
}

/// `e_machine`, 32 or 64 bits, little endian, the machine in the names of QEMU's programs.
const MACHINES: [(u16, u8, bool, &str); 19] = [
    (3, 32, true, "i386"),
    (4, 32, false, "m68k"),
    (8, 32, false, "mips"),
    (8, 32, true, "mipsel"),
    (8, 64, false, "mips64"),
    (8, 64, true, "mips64el"),
    (20, 32, false, "ppc"),
    (21, 64, false, "ppc64"),
    (21, 64, true, "ppc64le"),
    (22, 64, false, "s390x"),
    (40, 32, false, "armeb"),
    (40, 32, true, "arm"),
    (43, 64, false, "sparc64"),
    (62, 64, true, "x86_64"),
    (183, 64, false, "aarch64_be"),
    (183, 64, true, "aarch64"),
    (243, 32, true, "riscv32"),
    (243, 64, true, "riscv64"),
    (258, 64, true, "loongarch64"),
];

/// The names of the emulators for a program, the preferred one first; none of what is no program or is not known.
fn emulators(program: &Path) -> Vec<String> {
    let mut head = [0; 20];
    if File::open(program).and_then(|mut file| file.read_exact(&mut head)).is_err() {
        return Vec::new();
    }
    machine_of(&head).map(|name| vec![format!("qemu-{name}-static"), format!("qemu-{name}")]).unwrap_or_default()
}

fn machine_of(head: &[u8; 20]) -> Option<&'static str> {
    let [0x7f, b'E', b'L', b'F', class, data, .., low, high] = *head else { return None };
    let little = data == 1;
    let machine = if little { u16::from_le_bytes([low, high]) } else { u16::from_be_bytes([low, high]) };
    let bits = if class == 1 { 32 } else { 64 };
    MACHINES.iter().find(|m| (m.0, m.1, m.2) == (machine, bits, little)).map(|m| m.3)
}

/// How many times longer a program may take that is emulated.
const SLOWER: u32 = 6;

/// Runs a program without arguments, by an emulator if the kernel doesn't know its machine: what it gave, and how; none
/// where nothing runs it.
///
/// # Errors
/// It could not be started for another reason, or took longer than `limit`.
pub(crate) fn run_program(program: &Path, limit: Duration) -> io::Result<(Option<Captured>, ProgramsRun)> {
    match capture_within(&Command::new([program]), limit) {
        Err(error) if error.raw_os_error() == Some(Errno::ENOEXEC as i32) => {}
        ran => return ran.map(|ran| (Some(ran), ProgramsRun::Here)),
    }
    let names = emulators(program);
    for name in &names {
        let command = Command::new([name.as_ref(), program.as_os_str()]);
        match capture_within(&command, limit * SLOWER) {
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied].contains(&error.kind()) => {}
            ran => return ran.map(|ran| (Some(ran), ProgramsRun::By(name.clone()))),
        }
    }
    Ok((None, ProgramsRun::Not(names)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn head(class: u8, data: u8, machine: [u8; 2]) -> [u8; 20] {
        let mut head = [0; 20];
        head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, data]);
        head[18..].copy_from_slice(&machine);
        head
    }

    #[test]
    fn a_machine_is_known_by_number_width_and_byte_order() {
        assert_eq!(machine_of(&head(2, 1, [183, 0])), Some("aarch64"));
        assert_eq!(machine_of(&head(2, 2, [0, 183])), Some("aarch64_be"));
        assert_eq!(machine_of(&head(1, 1, [40, 0])), Some("arm"));
        assert_eq!(machine_of(&head(2, 2, [0, 22])), Some("s390x"));
        // x32, and what nobody knows.
        assert_eq!(machine_of(&head(1, 1, [62, 0])), None);
        assert_eq!(machine_of(&head(2, 1, [255, 255])), None);
        assert_eq!(machine_of(&[0; 20]), None);
    }

    #[test]
    fn what_nothing_runs_is_not_said_to_have_run() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("p");
        fs::write(&program, head(2, 1, [255, 255])).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let (ran, how) = run_program(&program, Duration::from_secs(10)).unwrap();
        assert!(ran.is_none() && how == ProgramsRun::Not(Vec::new()), "{how:?}");
        assert_eq!((how.lacks(), how.told().as_str()), (None, "not run: it is for another machine"));
        let lacking = ProgramsRun::Not(vec!["qemu-riscv64-static".into(), "qemu-riscv64".into()]);
        assert_eq!(lacking.told(), "not run: `qemu-riscv64-static` was not found");
        assert_eq!(run_program(Path::new("/bin/true"), Duration::from_secs(10)).unwrap().1, ProgramsRun::Here);
    }
}

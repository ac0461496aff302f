//! Keeps a jailed program from typing on the terminal that it shares with its caller: what it puts into the terminal's
//! input (TIOCSTI, and TIOCLINUX's pasting on a console) the caller's shell would run after it.
//!
//! A session of its own would do so too, but take ^C, ^Z and `fg` from the program. A filter denies the two requests alone,
//! in every way in which a machine's kernel can be called.

use super::seccomp::{MACHINE, NUMBER, SECOND_ARGUMENT, end, install, jump, load, mask};
use super::syscalls::{AARCH64, ARM, I386, LOONGARCH64, RISCV64, X86_64};
use nix::errno::Errno;
use nix::libc;

/// Calls of the x32 ABI have this bit, and the machine of x86-64's own.
const X32: u32 = 0x4000_0000;

/// ioctl's numbers on each machine. x32 has one of its own, which old kernels take without its bit too.
const IOCTL: [(u32, &[u32]); 6] =
    [(X86_64, &[16, 514]), (I386, &[54]), (ARM, &[54]), (AARCH64, &[29]), (RISCV64, &[29]), (LOONGARCH64, &[29])];

/// Installs the filter in the calling process.
///
/// # Errors
/// What the kernel says.
pub(super) fn guard() -> Result<(), Errno> {
    install(filter())
}

fn filter() -> Vec<libc::sock_filter> {
    let mut program = Vec::new();
    for (machine, numbers) in IOCTL {
        let mut block = vec![load(NUMBER)];
        if machine == X86_64 {
            block.push(mask(!X32));
        }
        block.extend(check(numbers));
        program.push(load(MACHINE));
        program.push(jump(machine, 0, u8::try_from(block.len()).unwrap_or(u8::MAX)));
        program.extend(block);
    }
    // A machine without a row has the number that we are compiled with.
    program.push(load(NUMBER));
    program.extend(check(&[u32::try_from(libc::SYS_ioctl).unwrap_or(u32::MAX)]));
    program
}

/// Decides for a call whose number is loaded. The kernel takes 32 bits of a request, whatever is above them.
fn check(numbers: &[u32]) -> Vec<libc::sock_filter> {
    #[allow(clippy::unnecessary_cast)] // A libc has them as c_ulong or as c_int.
    let denied = [libc::TIOCSTI as u32, libc::TIOCLINUX as u32];
    let left = (0..numbers.len()).rev().map(|left| u8::try_from(left + 1).unwrap_or(u8::MAX));
    let mut block: Vec<_> = numbers.iter().zip(left).map(|(number, left)| jump(*number, left, 0)).collect();
    block.extend([
        end(libc::SECCOMP_RET_ALLOW),
        load(SECOND_ARGUMENT),
        jump(denied[0], 2, 0),
        jump(denied[1], 1, 0),
        end(libc::SECCOMP_RET_ALLOW),
        end(libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs()),
    ]);
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::seccomp::evaluate;

    #[test]
    fn two_requests_of_one_call_are_denied_on_every_machine() {
        let program = filter();
        let denied = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();
        let ways = IOCTL.iter().flat_map(|(machine, numbers)| numbers.iter().map(|n| (*machine, *n)));
        let x32 = [(X86_64, X32 | 514), (X86_64, X32 | 16), (1, u32::try_from(libc::SYS_ioctl).unwrap())];
        for (machine, number) in ways.chain(x32) {
            for request in [0x5412, 0x541c, 0xdead_beef_0000_5412, 0xffff_ffff_0000_541c] {
                assert_eq!(evaluate(&program, machine, number, request), denied, "{machine:x} {number} {request:x}");
            }
            // TCGETS, TIOCGWINSZ, TIOCGPGRP, and one that has the bits elsewhere.
            for request in [0x5401, 0x5413, 0x540f, 0x5412_0000, 0x5412_0000_0000] {
                let answer = evaluate(&program, machine, number, request);
                assert_eq!(answer, libc::SECCOMP_RET_ALLOW, "{machine:x} {number} {request:x}");
            }
        }
        for (machine, numbers) in IOCTL {
            for other in (0..600).filter(|n| !numbers.contains(n)) {
                assert_eq!(evaluate(&program, machine, other, 0x5412), libc::SECCOMP_RET_ALLOW, "{machine:x} {other}");
            }
        }
    }
}

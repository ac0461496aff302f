//! Filters of system calls (seccomp(2)): programs for the kernel's BPF machine, as far as ours need it.

use nix::errno::Errno;
use nix::libc;

/// Where `struct seccomp_data` has the number of the call.
pub(super) const NUMBER: u32 = 0;
/// Where it has the machine whose calls these are (`linux/audit.h`).
pub(super) const MACHINE: u32 = 4;
/// Where it has the low 32 bits of the call's second argument.
pub(super) const SECOND_ARGUMENT: u32 = if cfg!(target_endian = "little") { 24 } else { 28 };

fn word(code: u32, jump_if: u8, jump_else: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap_or(0), jt: jump_if, jf: jump_else, k }
}

/// Loads 32 bits of the call's data.
pub(super) fn load(offset: u32) -> libc::sock_filter {
    word(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Leaves bits of what was loaded.
pub(super) fn mask(bits: u32) -> libc::sock_filter {
    word(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, bits)
}

/// Goes so many instructions further if what was loaded is `k`, else so many others.
pub(super) fn jump(k: u32, if_equal: u8, otherwise: u8) -> libc::sock_filter {
    word(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, if_equal, otherwise, k)
}

/// Decides.
pub(super) fn end(action: u32) -> libc::sock_filter {
    word(libc::BPF_RET | libc::BPF_K, 0, 0, action)
}

/// Installs a filter in the calling process, for good and for all that it starts.
///
/// # Errors
/// What the kernel says; ENOSYS for a filter without instructions.
pub(super) fn install(mut filter: Vec<libc::sock_filter>) -> Result<(), Errno> {
    let Some(len) = u16::try_from(filter.len()).ok().filter(|n| *n > 0) else { return Err(Errno::ENOSYS) };
    let program = libc::sock_fprog { len, filter: filter.as_mut_ptr() };
    // SAFETY: the program outlives the call, which copies it.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }).map(drop)
}

/// What the kernel does with a filter, for the instructions above.
#[cfg(test)]
pub(super) fn evaluate(program: &[libc::sock_filter], machine: u32, number: u32, second: u64) -> u32 {
    let (mut at, mut a) = (0, 0);
    loop {
        let i = &program[at];
        at += 1;
        match (u32::from(i.code), i.k) {
            (0x20, NUMBER) => a = number,
            (0x20, MACHINE) => a = machine,
            (0x20, SECOND_ARGUMENT) => a = u32::try_from(second & 0xffff_ffff).unwrap(),
            (0x54, k) => a &= k,
            (0x15, k) => at += usize::from(if a == k { i.jt } else { i.jf }),
            (0x06, k) => return k,
            other => panic!("{other:?}"),
        }
    }
}

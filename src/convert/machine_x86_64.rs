//! x86-64.
//!
//! Sources: its psABI supplement, and for TLS descriptors Oliva and de Mello, "Thread-Local Storage Descriptors for IA32
//! and AMD64/EM64T".

use super::machine::{Machine, Meaning, NamesMain, Stub, ThreadBlock, ThreadDescriptor, ThreadWord};
use super::memory::u32_at;
use object::Architecture;

/// lld and gold do not accept `R_X86_64_TPOFF64` in objects. In a program the offset from the thread pointer is negative
/// and small, so `R_X86_64_TPOFF32` in the low half and ones in the high half are equivalent.
pub(super) static X86_64: Machine = Machine {
    number: 62,
    name: "x86_64",
    loader: "ld-linux-x86-64.so.2",
    architecture: Architecture::X86_64,
    relocations: &[
        (0, Meaning::Nothing),
        (1, Meaning::Address),
        (2, Meaning::PassOn(4)),
        (5, Meaning::Copy),
        (6, Meaning::Slot),
        (7, Meaning::Slot),
        (8, Meaning::Relative),
        (10, Meaning::PassOn(4)),
        (11, Meaning::PassOn(4)),
        (16, Meaning::TlsModule),
        (17, Meaning::TlsOffset),
        (18, Meaning::ThreadOffset),
        (24, Meaning::PassOn(8)),
        (32, Meaning::PassOn(4)),
        (33, Meaning::PassOn(8)),
        (36, Meaning::TlsDescriptor),
        (37, Meaning::Select),
        (38, Meaning::Relative),
    ],
    lazy: 7,
    address: 1,
    address32: 10,
    distance32: 2,
    distance64: 24,
    nothing: 0,
    thread_word: ThreadWord::Relocated(23, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    thread_block: ThreadBlock::Below,
    // jmp *slot(%rip)
    jump: Stub { code: &[0xff, 0x25, 0, 0, 0, 0], relocations: &[(2, 2, -4)] },
    // mov %fs:0,%rax; add 8(%rdi),%rax; ret
    tls_get_addr: Stub {
        code: &[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x03, 0x47, 0x08, 0xc3],
        relocations: &[],
    },
    // mov 8(%rax),%rax; ret
    thread_descriptor: ThreadDescriptor::Argument(Stub { code: &[0x48, 0x8b, 0x40, 0x08, 0xc3], relocations: &[] }),
    main: names_main,
    filler: 0xcc,
    page: 4096,
    largest_page: 4096,
};

/// `lea main(%rip),%rdi`, `mov main@GOT(%rip),%rdi`, `mov $main,%rdi` or `mov $main,%edi`.
fn names_main(code: &[u8], address: u64) -> Option<NamesMain> {
    let field = |opcode: &[u8]| (code.starts_with(opcode) && code.len() >= opcode.len() + 4).then_some(opcode.len());
    let near = |at: usize| (address + at as u64 + 4).wrapping_add_signed(i64::from(u32_at(code, at) as i32));
    if let Some(at) = field(&[0x48, 0x8d, 0x3d]) {
        return Some(NamesMain::Address(near(at)));
    }
    if let Some(at) = field(&[0x48, 0x8b, 0x3d]) {
        return Some(NamesMain::Slot(near(at)));
    }
    let at = field(&[0x48, 0xc7, 0xc7]).or_else(|| field(&[0xbf]))?;
    Some(NamesMain::Address(u32_at(code, at).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings() {
        assert_eq!(X86_64.meaning(8), Some(Meaning::Relative));
        assert_eq!((X86_64.meaning(5), X86_64.meaning(9)), (Some(Meaning::Copy), None));
    }

    #[test]
    fn the_ways_to_name_main() {
        let all: [(&[u8], Option<NamesMain>); 6] = [
            (&[0x48, 0x8d, 0x3d, 0x10, 0, 0, 0], Some(NamesMain::Address(0x1017))),
            (&[0x48, 0x8b, 0x3d, 0xf0, 0xff, 0xff, 0xff], Some(NamesMain::Slot(0xff7))),
            (&[0x48, 0xc7, 0xc7, 0, 0x20, 0x40, 0], Some(NamesMain::Address(0x40_2000))),
            (&[0xbf, 0, 0x20, 0x40, 0], Some(NamesMain::Address(0x40_2000))),
            (&[0xbf, 0, 0x20, 0x40], None),
            (&[0x90, 0xbf, 0, 0x20, 0x40, 0], None),
        ];
        for (code, names) in all {
            assert_eq!(names_main(code, 0x1000), names, "{code:x?}");
        }
    }
}

//! AArch64, little-endian, 64-bit.
//!
//! Sources: "ELF for the Arm 64-bit Architecture" for relocations and TLS descriptors, "ELF Handling For Thread-Local
//! Storage" for variant I, the architecture's reference manual for instructions.

use super::machine::{Machine, Meaning, NamesMain, Stub, ThreadBlock, ThreadDescriptor, ThreadWord};
use super::memory::u32_at;
use object::Architecture;

/// The function that returns the offset of a thread-local symbol from the thread pointer, and changes no register besides.
/// Linkers know offsets from the thread pointer in instructions only: `R_AARCH64_TLS_TPREL64` is for ld.so.
///
/// `bti c` at its start, as at that of each stub here: they are called by register.
const OFFSET: Stub = Stub {
    // bti c; movz x0, #:tprel_g1:symbol; movk x0, #:tprel_g0_nc:symbol; ret
    code: &[0x5f, 0x24, 0x03, 0xd5, 0x00, 0x00, 0xa0, 0xd2, 0x00, 0x00, 0x80, 0xf2, 0xc0, 0x03, 0x5f, 0xd6],
    // R_AARCH64_TLSLE_MOVW_TPREL_G1, …_G0_NC.
    relocations: &[(4, 545, 0), (8, 548, 0)],
};

pub(super) static AARCH64: Machine = Machine {
    number: 183,
    name: "aarch64",
    loader: "ld-linux-aarch64.so.1",
    architecture: Architecture::Aarch64,
    relocations: &[
        (0, Meaning::Nothing),
        (256, Meaning::Nothing),
        // ABS64, COPY, GLOB_DAT, JUMP_SLOT, RELATIVE. GLOB_DAT has an addend here.
        (257, Meaning::Address),
        (1024, Meaning::Copy),
        (1025, Meaning::Address),
        (1026, Meaning::Slot),
        (1027, Meaning::Relative),
        // TLS_DTPMOD, TLS_DTPREL, TLS_TPREL, TLSDESC, IRELATIVE.
        (1028, Meaning::TlsModule),
        (1029, Meaning::TlsOffset),
        (1030, Meaning::ThreadOffset),
        (1031, Meaning::TlsDescriptor),
        (1032, Meaning::Select),
    ],
    lazy: 1026,
    // ABS64, ABS32, PREL32, PREL64.
    address: 257,
    address32: 258,
    distance32: 261,
    distance64: 260,
    nothing: 0,
    thread_word: ThreadWord::Computed(OFFSET),
    thread_block: ThreadBlock::Above(16),
    // bti c; adrp x16, slot; ldr x16, [x16, #:lo12:slot]; br x16
    jump: Stub {
        code: &[0x5f, 0x24, 0x03, 0xd5, 0x10, 0x00, 0x00, 0x90, 0x10, 0x02, 0x40, 0xf9, 0x00, 0x02, 0x1f, 0xd6],
        // R_AARCH64_ADR_PREL_PG_HI21, R_AARCH64_LDST64_ABS_LO12_NC.
        relocations: &[(4, 275, 0), (8, 286, 0)],
    },
    // bti c; mrs x1, tpidr_el0; ldr x0, [x0, #8]; add x0, x0, x1; ret
    tls_get_addr: Stub {
        code: &[
            0x5f, 0x24, 0x03, 0xd5, 0x41, 0xd0, 0x3b, 0xd5, 0x00, 0x04, 0x40, 0xf9, 0x00, 0x00, 0x01, 0x8b, 0xc0, 0x03,
            0x5f, 0xd6,
        ],
        relocations: &[],
    },
    thread_descriptor: ThreadDescriptor::Own(OFFSET),
    main: names_main,
    filler: 0,
    page: 4096,
    largest_page: 1 << 16,
};

/// `x0` from a page and a place in it (`adrp`, then `ldr` from the GOT, or `add`), from a distance (`adr`), or in parts
/// of 16 bits (`movz`, `movk`).
fn names_main(code: &[u8], address: u64) -> Option<NamesMain> {
    if code.len() < 8 || !address.is_multiple_of(4) {
        return None;
    }
    let (first, second) = (u32_at(code, 0), u32_at(code, 4));
    // Bits 23 to 5, then 30 and 29.
    let signed = |word: u32| (i64::from((word as i32) << 8 >> 13) << 2) | i64::from(word >> 29 & 3);
    let place = u64::from(second >> 10 & 0xfff);
    if first & 0x9f00_001f == 0x1000_0000 {
        return Some(NamesMain::Address(address.wrapping_add_signed(signed(first))));
    }
    if first & 0x9f00_001f == 0x9000_0000 {
        let page = (address & !0xfff).wrapping_add_signed(signed(first) << 12);
        return match (second & 0xffc0_03ff, second & 0xff80_03ff) {
            (0xf940_0000, _) => Some(NamesMain::Slot(page + place * 8)),
            (_, 0x9100_0000) => Some(NamesMain::Address(page + (place << ((second >> 22 & 1) * 12)))),
            _ => None,
        };
    }
    moved(code)
}

/// The number that `movz` and the `movk` after it put in `x0`; `movz` alone is a small one, and no address.
fn moved(code: &[u8]) -> Option<NamesMain> {
    const BITS: u32 = 0xff80_001f;
    let part = |word: u32| u64::from(word >> 5 & 0xffff) << ((word >> 21 & 3) * 16);
    let mut words = code.chunks_exact(4).map(|w| u32_at(w, 0));
    let first = words.next().filter(|w| w & BITS == 0xd280_0000)?;
    let mut number = part(first);
    let mut any = false;
    for word in words.take_while(|w| w & BITS == 0xf280_0000) {
        (number, any) = (number | part(word), true);
    }
    any.then_some(NamesMain::Address(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[u32], address: u64) -> Option<NamesMain> {
        let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        names_main(&code, address)
    }

    #[test]
    fn meanings() {
        for (kind, meaning) in [
            (257, Meaning::Address),
            (1024, Meaning::Copy),
            (1025, Meaning::Address),
            (1026, Meaning::Slot),
            (1027, Meaning::Relative),
            (1028, Meaning::TlsModule),
            (1029, Meaning::TlsOffset),
            (1030, Meaning::ThreadOffset),
            (1031, Meaning::TlsDescriptor),
            (1032, Meaning::Select),
        ] {
            assert_eq!(AARCH64.meaning(kind), Some(meaning), "{kind}");
        }
        // ABS32 and PREL64, which ld.so does not know; x86-64's numbers; none.
        for kind in [258, 260, 8, 1023, 1033, u32::MAX] {
            assert_eq!(AARCH64.meaning(kind), None, "{kind}");
        }
    }

    #[test]
    fn the_ways_to_name_main() {
        // adrp x0, 0x1f000; ldr x0, [x0, #4056]: the slot is at 0x1ffd8.
        assert_eq!(names(&[0xb000_00e0, 0xf947_ec00], 0x2340), Some(NamesMain::Slot(0x1_ffd8)));
        // adrp x0, the same page; add x0, x0, #0x774.
        assert_eq!(names(&[0x9000_0000, 0x911d_d000], 0x40_0640), Some(NamesMain::Address(0x40_0774)));
        // adrp x0, the page before; add x0, x0, #1, lsl #12.
        assert_eq!(names(&[0xf0ff_ffe0, 0x9140_0400], 0x5004), Some(NamesMain::Address(0x5000)));
        // nop is none; adr x0, 16 bytes before.
        assert_eq!(names(&[0xd503_201f, 0x10ff_ff80], 0x1000), None);
        assert_eq!(names(&[0x10ff_ff80, 0xd503_201f], 0x1000), Some(NamesMain::Address(0xff0)));
        // movz x0, #0x40, lsl #16; movk x0, #0x1234.
        assert_eq!(names(&[0xd2a0_0800, 0xf282_4680], 0x1000), Some(NamesMain::Address(0x40_1234)));
    }

    #[test]
    fn what_does_not_name_main() {
        // mov x0, #0; another register; cut short; unaligned.
        assert_eq!(names(&[0xd280_0000, 0xd280_0001], 0x1000), None);
        assert_eq!(names(&[0x9000_0001, 0x911d_d021], 0x1000), None);
        assert_eq!(names(&[0x9000_0000, 0x911d_d021], 0x1000), None);
        assert_eq!(names(&[0x9000_0000], 0x1000), None);
        assert_eq!(names(&[0x9000_0000, 0x911d_d000], 0x1002), None);
    }
}

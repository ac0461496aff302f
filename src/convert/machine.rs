//! What depends on the machine: which relocations a shared object may have and what they mean, which ones an object
//! file takes in their place, and a few stubs of code. One table a machine.
//!
//! Sources: the psABI supplement of x86-64, and for TLS descriptors Oliva and de Mello, "Thread-Local Storage
//! Descriptors for IA32 and AMD64/EM64T".

/// What a relocation of a shared object asks ld.so for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing.
    Nothing,
    /// The load address, plus the addend.
    Relative,
    /// The address of a symbol, plus the addend.
    Address,
    /// The address of a symbol in a slot of the GOT: the addend does not count.
    Slot,
    /// What the function at load address plus addend returns.
    Select,
    /// The number of the module that has a thread-local symbol; the word behind it is the offset in that module.
    TlsModule,
    /// The offset of a thread-local symbol in its module.
    TlsOffset,
    /// The offset of a thread-local symbol from the thread pointer.
    ThreadOffset,
    /// A function and its argument that give the offset from the thread pointer.
    TlsDescriptor,
    /// A library's variable, which has its place in the program: its first content.
    Copy,
    /// Something that an object file can ask for in the same words (text relocations, sizes); so many bytes.
    PassOn(u8),
}

/// A piece of code with one relocation in it, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stub {
    /// The instructions.
    pub code: &'static [u8],
    /// Where a relocation to what the stub is for goes: offset, type, addend.
    pub relocation: Option<(u64, u32, i64)>,
}

/// How an instruction of the start code (crt1.o) names `main`, in the four bytes behind its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamesMain {
    /// By the distance from the next instruction.
    Distance,
    /// By the distance of a slot that holds its address.
    Slot,
    /// By its address.
    Address,
}

/// One machine.
#[derive(Debug)]
pub(crate) struct Machine {
    /// `e_machine`.
    pub number: u16,
    /// Types of relocations in shared objects, ascending.
    pub relocations: &'static [(u32, Meaning)],
    /// The type of slots that are filled at the first call.
    pub lazy: u32,
    /// Object relocation: an address of 64 bits.
    pub address: u32,
    /// Object relocation: an address of 32 bits.
    pub address32: u32,
    /// Object relocation: a distance of 32 bits.
    pub distance32: u32,
    /// Object relocation: a distance of 64 bits.
    pub distance64: u32,
    /// Object relocation that does nothing but refer.
    pub nothing: u32,
    /// Object relocation for an offset from the thread pointer, and what the eight bytes of its field hold before.
    pub thread_offset: (u32, [u8; 8]),
    /// Jumps to where a slot points.
    pub jump: Stub,
    /// `__tls_get_addr` where the second word of its argument is an offset from the thread pointer.
    pub tls_get_addr: Stub,
    /// The function of a TLS descriptor whose argument is an offset from the thread pointer.
    pub tls_descriptor: Stub,
    /// Instructions of the start code that put the address of `main` where `__libc_start_main` expects it.
    pub main: &'static [(&'static [u8], NamesMain)],
    /// What fills the space between stubs.
    pub filler: u8,
    /// The smallest page.
    pub page: u64,
}

/// x86-64. `R_X86_64_TPOFF64` is no relocation of objects to lld and gold. In a program the offset from the thread
/// pointer is negative and small, so that `R_X86_64_TPOFF32` in the low half and ones in the high half say the same.
static X86_64: Machine = Machine {
    number: 62,
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
    thread_offset: (23, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    // jmp *slot(%rip)
    jump: Stub { code: &[0xff, 0x25, 0, 0, 0, 0], relocation: Some((2, 2, -4)) },
    // mov %fs:0,%rax; add 8(%rdi),%rax; ret
    tls_get_addr: Stub {
        code: &[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x03, 0x47, 0x08, 0xc3],
        relocation: None,
    },
    // mov 8(%rax),%rax; ret
    tls_descriptor: Stub { code: &[0x48, 0x8b, 0x40, 0x08, 0xc3], relocation: None },
    // lea main(%rip),%rdi; mov main@GOT(%rip),%rdi; mov $main,%rdi; mov $main,%edi
    main: &[
        (&[0x48, 0x8d, 0x3d], NamesMain::Distance),
        (&[0x48, 0x8b, 0x3d], NamesMain::Slot),
        (&[0x48, 0xc7, 0xc7], NamesMain::Address),
        (&[0xbf], NamesMain::Address),
    ],
    filler: 0xcc,
    page: 4096,
};

static MACHINES: [&Machine; 1] = [&X86_64];

impl Machine {
    /// The machine of an `e_machine`, if we know it.
    pub(crate) fn of(number: u16) -> Option<&'static Machine> {
        MACHINES.into_iter().find(|m| m.number == number)
    }

    /// What a relocation type means; none where it has no place in a shared object, or is unknown.
    pub(crate) fn meaning(&self, kind: u32) -> Option<Meaning> {
        let at = self.relocations.binary_search_by_key(&kind, |(k, _)| *k).ok()?;
        self.relocations.get(at).map(|(_, meaning)| *meaning)
    }

    /// The start of the page.
    pub(crate) fn page_start(&self, address: u64) -> u64 {
        address & !(self.page - 1)
    }

    /// The end of the page, where an address is not the start of one.
    pub(crate) fn page_end(&self, address: u64) -> Option<u64> {
        address.checked_next_multiple_of(self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for machine in MACHINES {
            assert!(machine.relocations.windows(2).all(|w| w[0].0 < w[1].0), "{}", machine.number);
            assert!(machine.page.is_power_of_two());
            assert!(Machine::of(machine.number).is_some_and(|found| std::ptr::eq(found, machine)));
        }
        assert_eq!(X86_64.meaning(8), Some(Meaning::Relative));
        assert_eq!((X86_64.meaning(5), X86_64.meaning(9)), (Some(Meaning::Copy), None));
        assert_eq!((X86_64.page_start(4097), X86_64.page_end(4097)), (4096, Some(8192)));
        assert_eq!(X86_64.page_end(u64::MAX), None);
    }
}

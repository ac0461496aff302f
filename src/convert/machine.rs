//! What depends on the machine: which relocations a shared object may have and what they mean, which ones replace
//! them in an object file, and a few code stubs. One table per machine.
//!
//! Sources: the psABI supplement of x86-64, and for TLS descriptors Oliva and de Mello, "Thread-Local Storage
//! Descriptors for IA32 and AMD64/EM64T".

/// What ld.so does for a relocation of a shared object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing.
    Nothing,
    /// The load address, plus the addend.
    Relative,
    /// The address of a symbol, plus the addend.
    Address,
    /// The address of a symbol in a GOT slot: the addend is ignored.
    Slot,
    /// The result of the function at load address plus addend (IFUNC).
    Select,
    /// The module number of a thread-local symbol; the next word is the offset in that module.
    TlsModule,
    /// The offset of a thread-local symbol in its module.
    TlsOffset,
    /// The offset of a thread-local symbol from the thread pointer.
    ThreadOffset,
    /// A TLS descriptor: a function and its argument that give the offset from the thread pointer.
    TlsDescriptor,
    /// The initial content of a library's variable that is copied into the program.
    Copy,
    /// A relocation that object files have too (text relocations, sizes), with the size of its field.
    PassOn(u8),
}

/// Code with at most one relocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stub {
    pub code: &'static [u8],
    /// The relocation against the stub's target: offset, type, addend.
    pub relocation: Option<(u64, u32, i64)>,
}

/// How an instruction of the start code (crt1.o) refers to `main` in the four bytes after its opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamesMain {
    /// Distance from the next instruction.
    Distance,
    /// Distance of a slot that holds its address.
    Slot,
    /// Absolute address.
    Address,
}

#[derive(Debug)]
pub(crate) struct Machine {
    /// `e_machine`.
    pub number: u16,
    /// Types of relocations in shared objects, ascending.
    pub relocations: &'static [(u32, Meaning)],
    /// The relocation type of lazily bound slots (JUMP_SLOT).
    pub lazy: u32,
    /// Object relocation: a 64-bit address.
    pub address: u32,
    /// Object relocation: a 32-bit address.
    pub address32: u32,
    /// Object relocation: a 32-bit distance.
    pub distance32: u32,
    /// Object relocation: a 64-bit distance.
    pub distance64: u32,
    /// Object relocation that only keeps its target alive (NONE).
    pub nothing: u32,
    /// Object relocation for an offset from the thread pointer, and the initial eight bytes of its field.
    pub thread_offset: (u32, [u8; 8]),
    /// Jumps to the address in a slot.
    pub jump: Stub,
    /// `__tls_get_addr` where the second word of its argument is an offset from the thread pointer.
    pub tls_get_addr: Stub,
    /// The function of a TLS descriptor whose argument is an offset from the thread pointer.
    pub tls_descriptor: Stub,
    /// Instructions of the start code that put the address of `main` where `__libc_start_main` expects it.
    pub main: &'static [(&'static [u8], NamesMain)],
    /// Padding between stubs.
    pub filler: u8,
    /// The smallest page size.
    pub page: u64,
}

/// x86-64. lld and gold do not accept `R_X86_64_TPOFF64` in objects. In a program the offset from the thread pointer
/// is negative and small, so `R_X86_64_TPOFF32` in the low half and ones in the high half are equivalent.
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
    /// The table of an `e_machine`; none for an unsupported one.
    pub(crate) fn of(number: u16) -> Option<&'static Machine> {
        MACHINES.into_iter().find(|m| m.number == number)
    }

    /// What a relocation type means; none for one that is unknown or not valid in a shared object.
    pub(crate) fn meaning(&self, kind: u32) -> Option<Meaning> {
        let at = self.relocations.binary_search_by_key(&kind, |(k, _)| *k).ok()?;
        self.relocations.get(at).map(|(_, meaning)| *meaning)
    }

    /// An address rounded down to a page.
    pub(crate) fn page_start(&self, address: u64) -> u64 {
        address & !(self.page - 1)
    }

    /// An address rounded up to a page; none on overflow.
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

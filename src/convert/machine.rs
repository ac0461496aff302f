//! What depends on the machine: which relocations a shared object may have and what they mean, which ones replace
//! them in an object file, and a few code stubs. One table per machine, in a file of its own
//! (`super::machines` finds it).

use object::Architecture;

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

/// Code with relocations against one target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stub {
    pub code: &'static [u8],
    /// Offset, type and addend of each.
    pub relocations: &'static [(u64, u32, i64)],
}

/// What instructions of the start code (crt1.o) name `main` by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamesMain {
    /// Its address.
    Address(u64),
    /// The address of a slot that holds its address.
    Slot(u64),
}

/// How an object file has an offset from the thread pointer in a word of data.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ThreadWord {
    /// By a relocation of this type, with these bytes in its field.
    Relocated(u32, [u8; 8]),
    /// Linkers know no such relocation: the start-up code calls this function, and writes what it returns.
    Computed(Stub),
}

/// How the function of a TLS descriptor gives the offset from the thread pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ThreadDescriptor {
    /// One function for all, whose argument, the second word, is the offset.
    Argument(Stub),
    /// A function for each symbol, with the offset in its code.
    Own(Stub),
}

/// Where the thread-locals of a program lie, which its code addresses by constants ("ELF Handling For Thread-Local
/// Storage", 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadBlock {
    /// Their end is the thread pointer, after those of all libraries (variant II).
    Below,
    /// They begin after a head of this size at the thread pointer, before those of all libraries (variant I).
    Above(u64),
}

#[derive(Debug)]
pub(crate) struct Machine {
    /// `e_machine`.
    pub number: u16,
    /// As in triples.
    pub name: &'static str,
    /// The soname of its ld.so.
    pub loader: &'static str,
    pub architecture: Architecture,
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
    pub thread_word: ThreadWord,
    pub thread_block: ThreadBlock,
    /// Jumps to the address in a slot.
    pub jump: Stub,
    /// `__tls_get_addr` where the second word of its argument is an offset from the thread pointer.
    pub tls_get_addr: Stub,
    pub thread_descriptor: ThreadDescriptor,
    /// Reads the instructions at the start of some code that put the address of `main` where `__libc_start_main` expects
    /// it; none for others. The number is the address of the code.
    pub main: fn(&[u8], u64) -> Option<NamesMain>,
    /// Padding between stubs.
    pub filler: u8,
    /// The smallest page size.
    pub page: u64,
    /// The largest page size.
    pub largest_page: u64,
}

impl Machine {
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

//! Shared objects that bring an allocator in the place of libc's: jemalloc, mimalloc, programs' own.

use super::glibc_names::{ALLOCATION, LIBC_ALLOCATION};
use super::library::Library;
use memchr::memmem;

/// Where an allocator has its memory from.
const MEMORY: [&[u8]; 3] = [b"mmap", b"mmap64", b"sbrk"];

impl Library<'_> {
    /// Whether its `malloc` is the program's.
    pub(crate) fn allocates(&self) -> bool {
        self.symbols.iter().any(|s| s.name == b"malloc" && s.exported())
    }
}

/// Whether it may take the place of libc's allocator, as an allocator in a static program does: it has all of malloc's
/// family and does without libc's. Memory checkers and profilers do not: they look the next `malloc` up by name
/// (`RTLD_NEXT`), and a static program has one only.
pub(super) fn is_whole(library: &Library<'_>) -> bool {
    let exports = |name: &[u8]| library.symbols.iter().any(|s| s.name == name && s.exported());
    let refers = |name: &[u8]| library.symbols.iter().any(|s| s.name == name && !s.defined());
    let asks = [&b"dlsym"[..], b"dlvsym"].into_iter().any(refers);
    ALLOCATION.into_iter().all(exports)
        && !LIBC_ALLOCATION.into_iter().any(refers)
        && (!asks || (MEMORY.into_iter().any(refers) && !contains_names(library)))
}

/// Whether names of malloc's family are among its strings, besides those that only ld.so reads. `free` is a word of
/// statistics too.
fn contains_names(library: &Library<'_>) -> bool {
    let names = ALLOCATION.iter().filter(|name| **name != b"free");
    let words: Vec<Vec<u8>> = names.map(|name| [b"\0", *name, b"\0"].concat()).collect();
    let for_loader = |at: u64| library.for_loader.iter().any(|(from, to)| *from <= at && at < *to);
    library.memory.segments.iter().any(|segment| {
        let bytes = library.memory.bytes(segment.address, segment.file_size).unwrap_or_default();
        let mut found = words.iter().flat_map(|word| memmem::find_iter(bytes, word));
        found.any(|at| !for_loader(segment.address + at as u64 + 1))
    })
}

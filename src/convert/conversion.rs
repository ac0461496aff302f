//! The caller's choices for a conversion.

use super::copies::Copied;
use super::library::Tls;
use super::machine::ThreadBlock;
use super::pieces::Layout;
use super::refusal::Refusal;
use super::scope::ModuleScope;
use super::symbols::NullNames;
use super::versions::{GlibcSymbols, Versions};

/// The caller's choices.
#[derive(Debug)]
pub struct ConversionOptions<'a> {
    /// Distinguishes its symbols and sections from those of others ([`super::sections::tag`]).
    pub tag: &'a str,
    /// How distances between its parts are kept.
    pub layout: Layout,
    /// Names that are told apart by their versions.
    pub versions: &'a Versions,
    /// glibc's symbols.
    pub libc: &'a GlibcSymbols,
    /// Set for a module, which is opened at run time.
    pub module: Option<&'a ModuleScope>,
    /// Set for a program.
    pub program: Option<&'a ProgramParts>,
    /// Names that nothing of the original program defines: weak references to them stay null.
    pub null: Option<&'a NullNames>,
}

/// What the conversion of a program needs besides that of a library.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgramParts {
    /// Variables of libraries that are copied into it (COPY relocations).
    pub copies: Vec<Copied>,
    /// The alignment of all thread-local data of the link.
    pub thread_align: u64,
    /// Its unwind table is left out: nothing of it is called by what throws or cancels.
    pub bare: bool,
}

impl ProgramParts {
    /// The offset of the program's thread-local block in its section, and the section's size. A program's code
    /// addresses its thread-locals at constant offsets from the thread pointer, so where that is behind them the block must
    /// end with the section; otherwise they come first.
    pub(crate) fn thread_local(&self, tls: &Tls, block: ThreadBlock) -> (u64, u64) {
        match block {
            ThreadBlock::Above(_) => (0, tls.size),
            ThreadBlock::Below => {
                let block = tls.size.next_multiple_of(tls.align);
                let size = block.next_multiple_of(self.thread_align(tls, ThreadBlock::Below));
                (size - block, size)
            }
        }
    }

    /// The alignment of the section.
    pub(crate) fn thread_align(&self, tls: &Tls, block: ThreadBlock) -> u64 {
        match block {
            ThreadBlock::Above(_) => tls.align,
            ThreadBlock::Below => self.thread_align.max(tls.align).max(THREAD_ALIGN),
        }
    }

    /// Refuses libraries whose alignment would move the program's block away from the head before it, which is followed by
    /// as much padding as the largest alignment takes.
    ///
    /// # Errors
    /// Both alignments.
    pub(super) fn keep_place(&self, tls: &Tls, block: ThreadBlock) -> Result<(), Refusal> {
        let ThreadBlock::Above(head) = block else { return Ok(()) };
        let (own, most) = (tls.align, head.max(tls.align));
        match self.thread_align > most {
            true => Err(Refusal::ThreadAlignment { own, most, align: self.thread_align }),
            false => Ok(()),
        }
    }

    /// The end addresses of copied variables that get content where the file has no bytes (`.bss`).
    pub(crate) fn filled(&self) -> Vec<u64> {
        let with_content = self.copies.iter().filter(|c| !c.is_zero());
        with_content.map(|c| c.at + c.content.bytes.len() as u64).collect()
    }
}

/// The smallest alignment of a program's thread-locals: a cache line, in practice also the largest that libraries
/// ask for.
const THREAD_ALIGN: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_ends_where_the_section_ends() {
        let program = ProgramParts { thread_align: 1, ..ProgramParts::default() };
        let tls = |size, align| Tls { address: 0x1000, file_size: 0, size, align };
        let of = |tls| program.thread_local(&tls, ThreadBlock::Below);
        assert_eq!(of(tls(4, 4)), (60, 64));
        assert_eq!(of(tls(65, 8)), (128 - 72, 128));
        assert_eq!(of(tls(1, 128)), (0, 128));
        let wide = ProgramParts { thread_align: 256, ..ProgramParts::default() };
        assert_eq!(wide.thread_local(&tls(8, 8), ThreadBlock::Below), (248, 256));
        assert_eq!(wide.thread_align(&tls(8, 8), ThreadBlock::Below), 256);
        assert_eq!(wide.keep_place(&tls(8, 8), ThreadBlock::Below), Ok(()));
    }

    #[test]
    fn after_a_head_the_block_comes_first() {
        let above = ThreadBlock::Above(16);
        let tls = |align| Tls { address: 0x1000, file_size: 0, size: 24, align };
        let beside = |thread_align| ProgramParts { thread_align, ..ProgramParts::default() };
        assert_eq!(beside(1).thread_local(&tls(8), above), (0, 24));
        assert_eq!((beside(16).thread_align(&tls(8), above), beside(16).keep_place(&tls(8), above)), (8, Ok(())));
        let refused = beside(64).keep_place(&tls(8), above);
        assert_eq!(refused, Err(Refusal::ThreadAlignment { own: 8, most: 16, align: 64 }));
        assert_eq!(beside(64).keep_place(&tls(64), above), Ok(()));
    }
}

//! How a library or program is converted: what the caller decides.

use super::copies::Copied;
use super::library::Tls;
use super::pieces::Layout;
use super::scope::ModuleScope;
use super::versions::{GlibcSymbols, Versions};

/// How a library is converted.
#[derive(Debug)]
pub struct ConversionOptions<'a> {
    /// What tells its symbols and sections from those of others: [`tag`].
    pub tag: &'a str,
    /// How distances are kept.
    pub layout: Layout,
    /// Names that need their versions.
    pub versions: &'a Versions,
    /// What is known of glibc.
    pub libc: &'a GlibcSymbols,
    /// It is opened at run time.
    pub module: Option<&'a ModuleScope>,
    /// It is a program.
    pub program: Option<&'a ProgramParts>,
}

/// How a program is converted, beside what libraries have too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgramParts {
    /// Variables of libraries that have their place in it.
    pub copies: Vec<Copied>,
    /// The alignment of all thread-locals of the link.
    pub thread_align: u64,
}

impl ProgramParts {
    /// Where in its section the program's block begins, and the section's size. Code of a program finds its
    /// thread-locals at constant distances below the thread pointer, so that the block must end there.
    pub(crate) fn thread_local(&self, tls: &Tls) -> (u64, u64) {
        let align = self.thread_align.max(tls.align).max(THREAD_ALIGN);
        let block = tls.size.next_multiple_of(tls.align);
        let size = block.next_multiple_of(align);
        (size - block, size)
    }

    /// The alignment of that section.
    pub(crate) fn thread_align(&self, tls: &Tls) -> u64 {
        self.thread_align.max(tls.align).max(THREAD_ALIGN)
    }

    /// The addresses behind the copied variables that have bytes where the file has none.
    pub(crate) fn filled(&self) -> Vec<u64> {
        let with_content = self.copies.iter().filter(|c| !c.is_zero());
        with_content.map(|c| c.at + c.content.bytes.len() as u64).collect()
    }
}

/// The smallest alignment of a program's thread-locals: that of a cache line, which is also the most that others ask
/// for in practice.
const THREAD_ALIGN: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_ends_where_the_section_ends() {
        let program = ProgramParts { copies: vec![], thread_align: 1 };
        let tls = |size, align| Tls { address: 0x1000, file_size: 0, size, align };
        assert_eq!(program.thread_local(&tls(4, 4)), (60, 64));
        assert_eq!(program.thread_local(&tls(65, 8)), (128 - 72, 128));
        assert_eq!(program.thread_local(&tls(1, 128)), (0, 128));
        let wide = ProgramParts { copies: vec![], thread_align: 256 };
        assert_eq!((wide.thread_local(&tls(8, 8)), wide.thread_align(&tls(8, 8))), ((248, 256), 256));
    }
}

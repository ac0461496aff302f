//! The kind of a file on a command line, by its first bytes.

use crate::check::Expect;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A file's kind to the linker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    /// `!<arch>` or a thin archive, with the target of its first ELF member if that is within the first bytes.
    Archive {
        /// It refers to files instead of containing them.
        thin: bool,
        /// `e_machine` and bits.
        target: Option<(u16, u8)>,
    },
    /// ET_DYN.
    Shared {
        /// `e_machine` and bits.
        target: (u16, u8),
    },
    /// ET_REL.
    Object {
        /// `e_machine` and bits.
        target: (u16, u8),
    },
    /// Text, which the linker reads as a script.
    Text,
    /// Anything else: binary, empty, or an ELF file of another type.
    Other,
}

impl Sniffed {
    /// Whether the file may be linked for this target; ld skips those that may not.
    pub(crate) fn fits(self, target: &Expect) -> bool {
        let of = match self {
            Sniffed::Archive { target, .. } => target,
            Sniffed::Shared { target } | Sniffed::Object { target } => Some(target),
            Sniffed::Text | Sniffed::Other => None,
        };
        of.is_none_or(|(machine, bits)| {
            target.machine.is_none_or(|m| m == machine) && target.bits.is_none_or(|b| b == bits)
        })
    }
}

/// How many bytes are read: in a small archive they reach past the symbol index to the first member.
pub(super) const HEAD: usize = 4096;

/// The kind of a file; none if it can't be read or is not a regular file.
pub(crate) fn sniff(path: &Path) -> Option<Sniffed> {
    let mut file = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut head = [0; HEAD];
    let mut filled = 0;
    while let Some(rest) = head.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read(rest) {
            Ok(0) | Err(_) => break,
            Ok(n) => filled += n,
        }
    }
    Some(classify(head.get(..filled)?))
}

/// The kind of a file with these first bytes.
pub fn classify(head: &[u8]) -> Sniffed {
    if let Some((kind, target)) = elf(head) {
        return match kind {
            1 => Sniffed::Object { target },
            3 => Sniffed::Shared { target },
            _ => Sniffed::Other,
        };
    }
    if head.starts_with(b"!<thin>\n") {
        return Sniffed::Archive { thin: true, target: None };
    }
    if head.starts_with(b"!<arch>\n") {
        // ArchiveMembers begin at even offsets after a 60-byte header.
        let target = (8..head.len()).step_by(2).find_map(|at| elf(head.get(at..)?)).map(|(_, t)| t);
        return Sniffed::Archive { thin: false, target };
    }
    let text = !head.is_empty()
        && head.iter().all(|b| (*b >= 0x20 && *b != 0x7f) || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c));
    if text { Sniffed::Text } else { Sniffed::Other }
}

/// `e_type`, `e_machine` and bits of an ELF header.
fn elf(head: &[u8]) -> Option<(u16, (u16, u8))> {
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let bits = match head.get(4)? {
        1 => 32,
        2 => 64,
        _ => return None,
    };
    let half = |at: usize| {
        let pair = [*head.get(at)?, *head.get(at + 1)?];
        Some(if head.get(5) == Some(&2) { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    Some((half(16)?, (half(18)?, bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, machine: u8) -> Vec<u8> {
        let mut h = b"\x7fELF\x02\x01\x01".to_vec();
        h.resize(64, 0);
        (h[16], h[18]) = (kind, machine);
        h
    }

    #[test]
    fn files_are_what_their_first_bytes_say() {
        assert_eq!(classify(&header(1, 62)), Sniffed::Object { target: (62, 64) });
        assert_eq!(classify(&header(3, 62)), Sniffed::Shared { target: (62, 64) });
        assert_eq!(classify(&header(2, 62)), Sniffed::Other);
        assert_eq!(classify(b"!<thin>\n"), Sniffed::Archive { thin: true, target: None });
        let archive = [b"!<arch>\n".to_vec(), vec![b' '; 60], header(1, 183)].concat();
        assert_eq!(classify(&archive), Sniffed::Archive { thin: false, target: Some((183, 64)) });
        assert_eq!(classify(b"/* GNU ld script */ INPUT(-lz)\n"), Sniffed::Text);
        for other in [&b""[..], b"\x7fELF", b"\x7fELF\x02\x01", b"\0\0"] {
            assert_eq!(classify(other), Sniffed::Other);
        }
    }

    #[test]
    fn another_machine_does_not_fit() {
        let x86 = Expect::from_triple("x86_64-linux-gnu");
        assert!(Sniffed::Shared { target: (62, 64) }.fits(&x86));
        assert!(!Sniffed::Shared { target: (3, 32) }.fits(&x86));
        assert!(Sniffed::Text.fits(&x86));
    }
}

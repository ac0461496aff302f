//! What GNU ld's `--fix-cortex-a53-843419` does, which GCC for aarch64 passes where it was built so, as Debian's is.
//!
//! Some revisions of the Cortex-A53 may compute a wrong address in a sequence of instructions whose first is an `adrp` in one
//! of the last two words of a 4 KiB page ("ARM Processor Cortex-A53 MPCore Product Revision r0, Software Developers Errata
//! Notice", 843419). wild ignores the option, so its output is searched for such sequences. Each is mended in place: the
//! `adrp` becomes an `adr` where that reaches its page (1 MiB), else the instruction that uses its register is moved into the
//! room that an object of ours has for it (`toolchains/glibc/erratum-space.c`), and a branch to it takes its place.

use object::elf::{EM_AARCH64, FileHeader64, PT_LOAD, SHF_EXECINSTR, SHT_NOBITS};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache};
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// GNU ld's option.
pub(crate) const OPTION: &str = "--fix-cortex-a53-843419";

/// How the room for moved instructions begins. Behind it are words of 0, two for each.
const ROOM: &[u8] = b"staticcxx-843419";

/// Mends a program; the address of a sequence that can't be mended, if there is one. The file is unusable then.
///
/// # Errors
/// A file that can't be read or written, or is no 64-bit program.
pub(crate) fn mend(program: &Path) -> io::Result<Option<u64>> {
    let file = OpenOptions::new().read(true).write(true).open(program)?;
    let Some(code) = Code::read(&file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))? else {
        return Ok(None);
    };
    match code.mended() {
        Ok(words) => words.iter().try_for_each(|w| file.write_all_at(&w.word.to_le_bytes(), w.place)).map(|()| None),
        Err(at) => Ok(Some(at)),
    }
}

/// A section of code.
struct CodeSection {
    start: u64,
    /// Where it is in the file.
    place: u64,
    bytes: Vec<u8>,
}

/// The code of a program.
struct Code {
    /// The addresses that the program has.
    image: Range<u64>,
    sections: Vec<CodeSection>,
}

/// A word to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NewWord {
    /// Where in the file.
    place: u64,
    word: u32,
}

/// A sequence: the addresses of the `adrp` and of what uses its register, and these instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sequence {
    adrp: (u64, u32),
    user: (u64, u32),
}

impl Code {
    /// None of a program for another machine.
    fn read(file: &File) -> object::Result<Option<Code>> {
        let data = ReadCache::new(file);
        let header = FileHeader64::<Endianness>::parse(&data)?;
        let endian = header.endian()?;
        if header.e_machine(endian) != EM_AARCH64 {
            return Ok(None);
        }
        let loaded = header.program_headers(endian, &data)?.iter().filter(|p| p.p_type(endian) == PT_LOAD);
        let ends = loaded.map(|p| (p.p_vaddr(endian), p.p_vaddr(endian).saturating_add(p.p_memsz(endian))));
        let image = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).map_or(0..0, |(from, to)| from..to);
        let mut sections = Vec::new();
        for section in header.sections(endian, &data)?.iter() {
            if section.sh_flags(endian).contains(SHF_EXECINSTR) && section.sh_type(endian) != SHT_NOBITS {
                let bytes = section.data(endian, &data)?.to_vec();
                sections.push(CodeSection { start: section.sh_addr(endian), place: section.sh_offset(endian), bytes });
            }
        }
        Ok(Some(Code { image, sections }))
    }

    /// The words that mend it.
    ///
    /// # Errors
    /// The address of a sequence that can't be mended.
    fn mended(&self) -> Result<Vec<NewWord>, u64> {
        let mut room = self.sections.iter().find_map(CodeSection::room).unwrap_or_default().into_iter();
        let mut words = Vec::new();
        for section in &self.sections {
            for Sequence { adrp, user } in section.sequences() {
                let page = page_of(adrp.0, adrp.1);
                // What refers to nothing in the program is data that looks like code, or the address of what is not there.
                if !self.image.contains(&page) && !self.image.contains(&(page | 0xfff)) {
                    return Err(adrp.0);
                }
                let in_file = |at: u64| section.place + (at - section.start);
                if let Some(word) = adr(adrp.0, page, adrp.1 & 31) {
                    words.push(NewWord { place: in_file(adrp.0), word });
                    continue;
                }
                let (at, place) = room.next().ok_or(adrp.0)?;
                let [to, back] = [branch(user.0, at), branch(at + 4, user.0 + 4)].map(|word| word.ok_or(adrp.0));
                words.push(NewWord { place, word: user.1 });
                words.push(NewWord { place: place + 4, word: back? });
                words.push(NewWord { place: in_file(user.0), word: to? });
            }
        }
        Ok(words)
    }
}

impl CodeSection {
    fn word(&self, at: u64) -> Option<u32> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The sequences in it, of which the `adrp` are in the last two words of pages.
    fn sequences(&self) -> Vec<Sequence> {
        const PAGE: u64 = 4096;
        let first = self.start & !(PAGE - 1);
        let pages = (self.bytes.len() as u64).div_ceil(PAGE).saturating_add(1);
        // The last page of all there are has no end that can be counted.
        let starts =
            (0..pages).map_while(|n| n.checked_mul(PAGE)?.checked_add(first)).filter(|s| *s <= u64::MAX - 2 * PAGE);
        starts.flat_map(|start| [start + PAGE - 8, start + PAGE - 4]).filter_map(|at| self.sequence_at(at)).collect()
    }

    fn sequence_at(&self, at: u64) -> Option<Sequence> {
        let (adrp, second) = (self.word(at)?, self.word(at + 4)?);
        if !begins(adrp, second) {
            return None;
        }
        let users = [at + 8, at + 12].into_iter().filter_map(|at| Some((at, self.word(at)?)));
        let user = users.into_iter().find(|(_, word)| uses(*word, adrp & 31))?;
        Some(Sequence { adrp: (at, adrp), user })
    }

    /// The places for moved instructions: their addresses, and where they are in the file.
    fn room(&self) -> Option<Vec<(u64, u64)>> {
        let from = memchr::memmem::find(&self.bytes, ROOM)? + ROOM.len();
        let free = self.bytes.get(from..)?.chunks_exact(8).take_while(|words| words.iter().all(|byte| *byte == 0));
        let offsets = free.enumerate().map(|(n, _)| (from + n * 8) as u64);
        Some(offsets.map(|offset| (self.start + offset, self.place + offset)).collect())
    }
}

/// Whether two instructions begin such a sequence, by the encodings of the A64 instruction set: `adrp Xn`, and any load or
/// store but the load of a pair.
fn begins(first: u32, second: u32) -> bool {
    let is_adrp = first & 0x9f00_0000 == 0x9000_0000;
    let is_memory = second & 0x0a00_0000 == 0x0800_0000;
    let is_load_of_pair = second & 0x3a40_0000 == 0x2840_0000;
    is_adrp && is_memory && !is_load_of_pair
}

/// Whether an instruction is a load or store at an unsigned offset from a register.
fn uses(word: u32, register: u32) -> bool {
    word & 0x3b00_0000 == 0x3900_0000 && (word >> 5) & 31 == register
}

/// The page that an `adrp` at an address gives.
fn page_of(at: u64, adrp: u32) -> u64 {
    let pages = i64::from((adrp >> 5) & 0x7_ffff) << 2 | i64::from((adrp >> 29) & 3);
    // 21 bits with a sign.
    let pages = (pages << 43) >> 43;
    (at & !0xfff).wrapping_add_signed(pages << 12)
}

/// `adr` of a target; none if it does not reach it.
fn adr(at: u64, target: u64, register: u32) -> Option<u32> {
    let distance =
        i64::try_from(i128::from(target) - i128::from(at)).ok().filter(|d| (-(1 << 20)..1 << 20).contains(d))?;
    let bits = u32::try_from(distance & 0x1f_ffff).ok()?;
    Some(0x1000_0000 | (bits & 3) << 29 | (bits >> 2) << 5 | register)
}

/// `b` to a target; none if it does not reach it.
fn branch(at: u64, target: u64) -> Option<u32> {
    let distance =
        i64::try_from(i128::from(target) - i128::from(at)).ok().filter(|d| (-(1 << 27)..1 << 27).contains(d))?;
    u32::try_from((distance >> 2) & 0x3ff_ffff).ok().map(|bits| 0x1400_0000 | bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    // adrp x3, 0; adrp x4, 0.
    const ADRP: u32 = 0x9000_0003;
    const OTHER_ADRP: u32 = 0x9000_0004;
    // str x1, [x2]; ldp x1, x2, [x5]; stp x1, x2, [x5]; ldr x0, [x3, #8]; nop; ldr x0, [x3], #8.
    const STORE: u32 = 0xf900_0041;
    const LOAD_PAIR: u32 = 0xa940_08a1;
    const STORE_PAIR: u32 = 0xa900_08a1;
    const LOAD: u32 = 0xf940_0460;
    const NOP: u32 = 0xd503_201f;
    const LOAD_AFTER: u32 = 0xf840_8460;

    fn section(start: u64, words: &[u32]) -> CodeSection {
        CodeSection { start, place: 0x100, bytes: words.iter().flat_map(|w| w.to_le_bytes()).collect() }
    }

    #[test]
    fn sequences_are_known_by_their_instructions() {
        for (words, user) in [
            ([ADRP, STORE, LOAD, NOP], Some(8)),
            ([ADRP, STORE, NOP, LOAD], Some(12)),
            ([ADRP, STORE_PAIR, NOP, LOAD], Some(12)),
            ([ADRP, LOAD_PAIR, LOAD, NOP], None),
            ([ADRP, NOP, LOAD, LOAD], None),
            ([OTHER_ADRP, STORE, LOAD, LOAD], None),
            ([ADRP, STORE, LOAD_AFTER, NOP], None),
            ([NOP, STORE, LOAD, LOAD], None),
        ] {
            let found = section(0xff8, &words).sequences();
            assert_eq!(found.first().map(|s| s.user.0 - 0xff8), user, "{words:x?}");
            // Cut off.
            assert_eq!(section(0xff8, &words[..3]).sequences().len(), usize::from(user == Some(8)), "{words:x?}");
        }
    }

    #[test]
    fn only_the_last_words_of_a_page_matter() {
        for (start, found) in [(0x40_0ff8, 1), (0x40_0ffc, 1), (0x40_0ff4, 0), (0x40_1000, 0), (u64::MAX - 7, 0)] {
            assert_eq!(section(start, &[ADRP, STORE, LOAD]).sequences().len(), found, "{start:x}");
        }
        let later = [vec![NOP; 0x7fe], vec![ADRP, STORE, LOAD]].concat();
        assert_eq!(section(0x1000, &later).sequences()[0].adrp, (0x2ff8, ADRP));
        assert!(section(0xfff, &[]).sequences().is_empty());
    }

    #[test]
    fn addresses_and_instructions_are_computed_as_the_assembler_does() {
        // adrp x1 of 0x401000 from 0x400ff8; of 0x3ff000; of 0x1400000.
        assert_eq!(page_of(0x40_0ff8, 0xb000_0001), 0x40_1000);
        assert_eq!(page_of(0x40_0ff8, 0xf0ff_ffe1), 0x3f_f000);
        assert_eq!(page_of(0x40_0ff8, 0x9000_8001), 0x140_0000);
        // adr x1, .+8; adr x3, .-0xff8; adr x0, .+0x100000 is too far.
        assert_eq!(adr(0x40_0ff8, 0x40_1000, 1), Some(0x1000_0041));
        assert_eq!(adr(0x40_0ff8, 0x40_0000, 3), Some(0x10ff_8043));
        assert_eq!((adr(0, 0x10_0000, 0), adr(0x10_0000, 0, 0).is_some()), (None, true));
        // b .+8; b .-4.
        assert_eq!((branch(0x1000, 0x1008), branch(0x1004, 0x1000)), (Some(0x1400_0002), Some(0x17ff_ffff)));
        assert_eq!(branch(0, 0x800_0000), None);
    }

    #[test]
    fn what_adr_does_not_reach_is_moved_into_the_room() {
        // adrp x3, .+0x1000000 pages' worth: 0x1000 pages of 4 KiB.
        let far = ADRP | (0x1000 >> 2) << 5;
        let mut code = section(0xff8, &[far, STORE, LOAD, NOP]);
        code.bytes.extend(ROOM.iter().copied().chain([0; 16]).chain([1]));
        let found = |code: CodeSection, image| Code { image, sections: vec![code] }.mended();
        let at = |place, word| NewWord { place, word };
        // The room's first words are at 0x1018, 0x20 behind the beginning.
        let expected = vec![at(0x120, LOAD), at(0x124, 0x17ff_fffa), at(0x108, 0x1400_0006)];
        assert_eq!(found(code, 0..0x200_0000), Ok(expected));
        let near = section(0xff8, &[ADRP, STORE, LOAD, NOP]);
        assert_eq!(found(near, 0..0x2000), Ok(vec![at(0x100, 0x10ff_8043)]));
        // No room; an address outside of the program.
        assert_eq!(found(section(0xff8, &[far, STORE, LOAD]), 0..0x200_0000), Err(0xff8));
        assert_eq!(found(section(0xff8, &[far, STORE, LOAD]), 0..0x2000), Err(0xff8));
    }
}

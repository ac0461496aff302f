//! The unwind table (`.eh_frame`), read entry by entry, so that its pointers become relocations and linkers can merge
//! and index it like any other. Format: Linux Standard Base, "Exception Frames"; DWARF 5, 6.4.1.

use super::dynamic::Relocation;
use super::library::Library;
use super::memory::{u32_at, u64_at};
use super::refusal::Refusal;
use std::collections::BTreeMap;

/// An unwind table for an object file.
#[derive(Debug, Default)]
pub(crate) struct Unwind {
    /// Its bytes, without the terminator.
    pub bytes: Vec<u8>,
    pub pointers: Vec<Pointer>,
    /// Start and end address in the shared object.
    pub extent: Option<(u64, u64)>,
}

/// A pointer in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// Offset in the table's bytes.
    pub at: u64,
    /// 4 or 8 bytes.
    pub size: u8,
    /// Its target.
    pub to: To,
}

/// The target of a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// An address, stored as a distance.
    Address(u64),
    /// An address, stored as is.
    Fixed(u64),
    /// What a relocation there resolves to.
    Relocated(Relocation),
}

/// A CIE's pointer encodings.
#[derive(Debug, Clone, Copy)]
struct Encoding {
    code: u8,
    data: u8,
    augmented: bool,
    /// Offset of the copied CIE.
    at: usize,
}

const OMITTED: u8 = 0xff;

fn unknown(what: impl Into<String>) -> Refusal {
    Refusal::Unwind { what: what.into() }
}

/// By these a module hands its own table to GCC's unwinder, as start files of compiler-rt and of GCC before 4.0 do: the
/// table is read in its place then.
const REGISTER: &[u8] = b"__register_frame";

/// Start and end address of the table, if it is left out of the library's memory: the linker makes one of all tables.
pub(crate) fn left_out(library: &Library<'_>) -> Option<(u64, u64)> {
    let reads = library.symbols.iter().any(|s| !s.defined() && s.name.starts_with(REGISTER));
    extent(library).filter(|_| !reads)
}

/// The table's start and end address: from the section headers, else by reading it.
fn extent(library: &Library<'_>) -> Option<(u64, u64)> {
    let (header, _) = library.unwind_header?;
    let head = library.memory.bytes(header, 8).filter(|h| h.starts_with(&[1, 0x1b]))?;
    let start = (header + 4).wrapping_add_signed(i64::from(u32_at(head, 4) as i32));
    let size = library.sections.iter().find(|(at, size)| *at == start && *size > 0).map(|(_, size)| *size);
    match size {
        Some(size) => Some((start, start.checked_add(size)?)),
        None => read(library, &library.by_address()).ok()?.extent,
    }
}

/// The table of a library; empty if it has none.
///
/// # Errors
/// A table that is malformed, or uses encodings that no compiler writes.
pub(crate) fn read(library: &Library<'_>, relocated: &BTreeMap<u64, Relocation>) -> Result<Unwind, Refusal> {
    let Some((header, _)) = library.unwind_header else { return Ok(Unwind::default()) };
    let head = library.memory.bytes(header, 8).ok_or_else(|| unknown("its index lies outside the file"))?;
    // Version 1, the table's address as a signed 32-bit distance: what all linkers write.
    if head.get(..2) != Some(&[1, 0x1b]) {
        return Err(unknown("its index has another format"));
    }
    let start = (header + 4).wrapping_add_signed(i64::from(u32_at(head, 4) as i32));
    let Some(bytes) = library.memory.from(start) else {
        return Err(unknown("it lies outside the file"));
    };
    // Not every table has a terminator. Without section headers it must have one.
    let size = library.sections.iter().find(|(at, size)| *at == start && *size > 0).map(|(_, size)| *size);
    let bytes = size.and_then(|s| bytes.get(..usize::try_from(s).ok()?)).unwrap_or(bytes);
    let mut copy =
        Copy { bytes, start, relocated, fixed: library.fixed, out: Unwind::default(), encodings: BTreeMap::new() };
    let end = copy.entries()?;
    copy.out.extent = Some((start, start + end as u64));
    Ok(copy.out)
}

struct Copy<'a> {
    bytes: &'a [u8],
    start: u64,
    relocated: &'a BTreeMap<u64, Relocation>,
    fixed: bool,
    out: Unwind,
    encodings: BTreeMap<usize, Encoding>,
}

impl Copy<'_> {
    /// Copies all entries; returns the offset after the terminator.
    fn entries(&mut self) -> Result<usize, Refusal> {
        let mut at = 0;
        while at + 4 <= self.bytes.len() {
            let length = u32_at(self.bytes, at) as usize;
            if length == 0 {
                return Ok(at + 4);
            }
            if length >= 0xffff_fff0 {
                return Err(unknown("it has 64-bit entries"));
            }
            let end = at + 4 + length;
            let entry =
                self.bytes.get(at..end).filter(|e| e.len() >= 8).ok_or_else(|| unknown("an entry is cut short"))?;
            let copied = self.out.bytes.len();
            self.out.bytes.extend_from_slice(entry);
            match u32_at(self.bytes, at + 4) as usize {
                0 => self.cie(at, end, copied)?,
                back => self.fde(at, end, copied, back)?,
            }
            at = end;
        }
        Ok(at)
    }

    fn cie(&mut self, at: usize, end: usize, copied: usize) -> Result<(), Refusal> {
        let short = || unknown("a CIE is cut short");
        let version = *self.bytes.get(at + 8).ok_or_else(short)?;
        let text = self.bytes.get(at + 9..end).ok_or_else(short)?;
        let length = text.iter().position(|b| *b == 0).ok_or_else(short)?;
        let augmentation = text.get(..length).unwrap_or_default().to_vec();
        let mut next = at + 9 + length + 1;
        self.number(&mut next)?;
        self.number(&mut next)?;
        match version {
            1 => next += 1,
            3 | 4 => drop(self.number(&mut next)?),
            _ => return Err(unknown(format!("a CIE of version {version}"))),
        }
        let mut encoding = Encoding { code: 0, data: OMITTED, augmented: false, at: copied };
        if let Some((b'z', letters)) = augmentation.split_first() {
            encoding.augmented = true;
            self.number(&mut next)?;
            for letter in letters {
                let mut byte = || {
                    next += 1;
                    self.bytes.get(next - 1).copied().ok_or_else(short)
                };
                match letter {
                    b'R' => encoding.code = byte()?,
                    b'L' => encoding.data = byte()?,
                    b'P' => {
                        let how = byte()?;
                        next += self.pointer(next, next - at + copied, how)?;
                    }
                    b'S' | b'B' => {}
                    other => return Err(unknown(format!("a CIE has the augmentation letter {other:#x}"))),
                }
            }
        } else if !augmentation.is_empty() {
            return Err(unknown("a CIE has an old augmentation"));
        }
        self.encodings.insert(at, encoding);
        Ok(())
    }

    fn fde(&mut self, at: usize, end: usize, copied: usize, back: usize) -> Result<(), Refusal> {
        let cie = (at + 4).checked_sub(back).and_then(|c| self.encodings.get(&c)).copied();
        let cie = cie.ok_or_else(|| unknown("an entry has no CIE"))?;
        // The distance back to the copied CIE.
        let distance = u32::try_from(copied + 4 - cie.at).map_err(|_| unknown("it is too large"))?;
        if let Some(field) = self.out.bytes.get_mut(copied + 4..copied + 8) {
            field.copy_from_slice(&distance.to_le_bytes());
        }
        let size = self.pointer(at + 8, copied + 8, cie.code)?;
        let mut next = at + 8 + 2 * size;
        if cie.augmented {
            let length = self.number(&mut next)?;
            if length > 0 && cie.data != OMITTED {
                self.pointer(next, next - at + copied, cie.data)?;
            }
        }
        if next > end {
            return Err(unknown("an entry is cut short"));
        }
        Ok(())
    }

    /// Turns a pointer into a relocation; returns its size, zero if there is none.
    fn pointer(&mut self, at: usize, copied: usize, how: u8) -> Result<usize, Refusal> {
        if how == OMITTED {
            return Ok(0);
        }
        let size: usize = match how & 0xf {
            0 | 4 | 0xc => 8,
            3 | 0xb => 4,
            _ => return Err(unknown(format!("pointers are encoded as {how:#x}"))),
        };
        let field = self.bytes.get(at..at + size).ok_or_else(|| unknown("a pointer is cut short"))?;
        let value = if size == 8 { u64_at(field, 0) as i64 } else { i64::from(u32_at(field, 0) as i32) };
        let place = self.start + at as u64;
        let to = match (self.relocated.get(&place), how & 0x70) {
            (Some(relocation), _) if size == 8 => To::Relocated(*relocation),
            _ if value == 0 => return Ok(size),
            (None, 0x10) => To::Address(place.wrapping_add_signed(value)),
            // An absolute address, in non-PIC code.
            (None, 0) if self.fixed && size == 4 => To::Fixed(u64::from(value as u32)),
            (None, 0) if self.fixed => To::Fixed(value as u64),
            _ => return Err(unknown(format!("pointers are encoded as {how:#x}"))),
        };
        // GNU ld before 2.37 adds what stands in the field to the addend.
        if let Some(field) = self.out.bytes.get_mut(copied..copied + size) {
            field.fill(0);
        }
        self.out.pointers.push(Pointer { at: copied as u64, size: size as u8, to });
        Ok(size)
    }

    /// Reads a LEB128 number and advances; its value is used for lengths only.
    fn number(&self, next: &mut usize) -> Result<u64, Refusal> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = *self.bytes.get(*next).ok_or_else(|| unknown("a number is cut short"))?;
            *next += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(unknown("a number is too long"))
    }
}

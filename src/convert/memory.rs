//! A shared object's memory image: its segments at their addresses.

use super::refusal::Refusal;

/// One PT_LOAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Start in memory.
    pub address: u64,
    /// Start in the file.
    pub offset: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub memory_size: u64,
    /// PF_W.
    pub writable: bool,
    /// PF_X.
    pub executable: bool,
}

impl Segment {
    /// The end address of the bytes in the file.
    pub(crate) fn file_end(&self) -> u64 {
        self.address + self.file_size
    }

    /// The end address.
    pub(crate) fn end(&self) -> u64 {
        self.address + self.memory_size
    }
}

/// The bytes of a file by address.
#[derive(Debug, Clone)]
pub(crate) struct Memory<'a> {
    pub data: &'a [u8],
    /// Ascending, within the file, not overlapping.
    pub segments: Vec<Segment>,
}

impl<'a> Memory<'a> {
    /// `length` bytes at an address; none unless all are in the file.
    pub(crate) fn bytes(&self, address: u64, length: u64) -> Option<&'a [u8]> {
        let rest = self.from(address)?;
        rest.get(..usize::try_from(length).ok()?)
    }

    /// All bytes from an address to the end of its segment's bytes in the file.
    pub(crate) fn from(&self, address: u64) -> Option<&'a [u8]> {
        let segment = self.segments.iter().find(|s| s.address <= address && address < s.file_end())?;
        let start = usize::try_from(segment.offset + (address - segment.address)).ok()?;
        let end = usize::try_from(segment.offset + segment.file_size).ok()?;
        self.data.get(start..end)
    }

    /// A table of `length` bytes; `what` names it in the error.
    pub(crate) fn table(&self, address: u64, length: u64, what: &str) -> Result<&'a [u8], Refusal> {
        if length == 0 {
            return Ok(&[]);
        }
        self.bytes(address, length).ok_or_else(|| Refusal::broken(format!("its {what} lie outside the file")))
    }

    /// The word at an address.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        self.bytes(address, 8).map(|b| u64_at(b, 0))
    }

    /// The segment that contains an address.
    pub(crate) fn segment(&self, address: u64) -> Option<&Segment> {
        self.segments.iter().find(|s| s.address <= address && address < s.end())
    }
}

/// Two bytes at an offset; 0 after the end.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// Four bytes at an offset; 0 after the end.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Eight bytes at an offset; 0 after the end.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// The NUL-terminated string at an offset.
pub(crate) fn text_at(strings: &[u8], at: u64) -> Option<&[u8]> {
    let rest = strings.get(usize::try_from(at).ok()?..)?;
    rest.get(..rest.iter().position(|b| *b == 0)?)
}

//! What an object shows of how it was compiled.
//!
//! A function with a stack protector refers to `__stack_chk_fail`, one with `_FORTIFY_SOURCE` to `__memcpy_chk` and the
//! like. That a program has these functions tells nothing, as its libc brings them along; that an object refers to them does.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, Sym};

/// What the stack protector calls, and on some machines reads (GCC manual, `-fstack-protector`).
const CANARY: [&[u8]; 3] = [b"__stack_chk_fail", b"__stack_chk_fail_local", b"__stack_chk_guard"];

/// Functions that glibc's headers replace by one that knows the size of what is written (glibc manual, "Fortification of
/// function calls"): `__NAME_chk`, or `__musl_NAME_chk`.
const FORTIFIABLE: [&str; 79] = [
    "asprintf",
    "confstr",
    "dprintf",
    "explicit_bzero",
    "fdelt",
    "fgets",
    "fgets_unlocked",
    "fgetws",
    "fgetws_unlocked",
    "fprintf",
    "fread",
    "fread_unlocked",
    "fwprintf",
    "getcwd",
    "getdomainname",
    "getgroups",
    "gethostname",
    "getlogin_r",
    "gets",
    "getwd",
    "longjmp",
    "mbsnrtowcs",
    "mbsrtowcs",
    "mbstowcs",
    "memcpy",
    "memmove",
    "mempcpy",
    "memset",
    "obstack_printf",
    "obstack_vprintf",
    "poll",
    "ppoll",
    "pread",
    "pread64",
    "printf",
    "ptsname_r",
    "read",
    "readlink",
    "readlinkat",
    "realpath",
    "recv",
    "recvfrom",
    "snprintf",
    "sprintf",
    "stpcpy",
    "stpncpy",
    "strcat",
    "strcpy",
    "strlcat",
    "strlcpy",
    "strncat",
    "strncpy",
    "swprintf",
    "syslog",
    "ttyname_r",
    "vasprintf",
    "vdprintf",
    "vfprintf",
    "vfwprintf",
    "vprintf",
    "vsnprintf",
    "vsprintf",
    "vswprintf",
    "vsyslog",
    "vwprintf",
    "wcpcpy",
    "wcpncpy",
    "wcrtomb",
    "wcscat",
    "wcscpy",
    "wcslcat",
    "wcslcpy",
    "wcsncat",
    "wcsncpy",
    "wcsnrtombs",
    "wcsrtombs",
    "wcstombs",
    "wctomb",
    "wprintf",
];

/// What debug information says of an object that was compiled so (`DW_AT_producer`).
const STACK_CLASH: &[u8] = b"-fstack-clash-protection";

/// The evidence in one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ObjectHardening {
    /// It has code.
    pub code: bool,
    /// A function of it has a stack protector.
    pub canary: bool,
    /// It calls functions that check the size of what they write.
    pub fortified: bool,
    /// It calls functions for which there are such, and none of these.
    pub unfortified: bool,
    /// Its debug information says that large stack frames are probed. Without debug information nothing does.
    pub stack_clash: bool,
    /// Jumps and returns into the middle are prevented: IBT and SHSTK, or BTI.
    pub control_flow: bool,
}

impl ObjectHardening {
    /// Of an ELF object; none of what is none.
    pub(crate) fn of(bytes: &[u8]) -> Option<ObjectHardening> {
        match bytes.get(4) {
            Some(1) => of_class::<elf::FileHeader32<Endianness>>(bytes),
            _ => of_class::<elf::FileHeader64<Endianness>>(bytes),
        }
    }

    /// The same as a number, to keep.
    pub(super) fn bits(self) -> u8 {
        let all = [self.code, self.canary, self.fortified, self.unfortified, self.stack_clash, self.control_flow];
        all.iter().rev().fold(0, |bits, bit| bits << 1 | u8::from(*bit))
    }

    /// Of such a number.
    pub(crate) fn of_bits(bits: u8) -> ObjectHardening {
        let bit = |at: u8| bits >> at & 1 == 1;
        ObjectHardening {
            code: bit(0),
            canary: bit(1),
            fortified: bit(2),
            unfortified: bit(3),
            stack_clash: bit(4),
            control_flow: bit(5),
        }
    }

    /// What two objects show together.
    #[must_use]
    pub(super) fn with(self, other: ObjectHardening) -> ObjectHardening {
        let control_flow = match (self.code, other.code) {
            (true, true) => self.control_flow && other.control_flow,
            (true, false) => self.control_flow,
            (false, _) => other.control_flow,
        };
        ObjectHardening { control_flow, ..ObjectHardening::of_bits(self.bits() | other.bits()) }
    }
}

fn of_class<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<ObjectHardening> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let mut found = ObjectHardening::default();
    for section in sections.iter() {
        let (flags, size): (u64, u64) = (section.sh_flags(endian).0, section.sh_size(endian).into());
        found.code |= flags & elf::SHF_EXECINSTR.0 != 0 && size > 0;
        found.control_flow |= is_marked::<Elf>(section, endian, bytes);
        let debugs =
            || sections.section_name(endian, section).is_ok_and(|n| n == b".debug_str" || n == b".debug_line_str");
        if flags & elf::SHF_ALLOC.0 == 0 && size > 0 && debugs() {
            let text = section.data(endian, bytes).unwrap_or_default();
            found.stack_clash |= memchr::memmem::find(text, STACK_CLASH).is_some();
        }
    }
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB).ok()?;
    for symbol in symbols.iter().filter(|symbol| symbol.is_undefined(endian)) {
        let Ok(name) = symbols.symbol_name(endian, symbol) else { continue };
        found.canary |= CANARY.contains(&name);
        let checked = name.strip_prefix(b"__").and_then(|n| n.strip_suffix(b"_chk"));
        // Those of our musl toolchain.
        let checked = checked.map(|name| name.strip_prefix(b"musl_").unwrap_or(name));
        found.fortified |= checked.is_some_and(is_fortifiable);
        found.unfortified |= is_fortifiable(name);
    }
    found.unfortified &= !found.fortified;
    Some(found)
}

fn is_fortifiable(name: &[u8]) -> bool {
    FORTIFIABLE.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
}

/// Whether a section is the note that says that all code of the object is prepared for control flow protection (System V ABI,
/// "Linux Extensions", `.note.gnu.property`; its words for AArch64).
fn is_marked<Elf: FileHeader<Endian = Endianness>>(
    section: &Elf::SectionHeader,
    endian: Endianness,
    bytes: &[u8],
) -> bool {
    const BOTH: u32 = 3;
    let Ok(Some(mut notes)) = section.notes(endian, bytes) else { return false };
    while let Ok(Some(note)) = notes.next() {
        let Some(mut properties) = note.gnu_properties(endian) else { continue };
        while let Ok(Some(property)) = properties.next() {
            let bits = property.data_u32(endian).unwrap_or_default();
            let marked = match property.pr_type() {
                elf::GNU_PROPERTY_X86_FEATURE_1_AND => bits & BOTH == BOTH,
                elf::GNU_PROPERTY_AARCH64_FEATURE_1_AND => bits & 1 == 1,
                _ => false,
            };
            if marked {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const SOURCE: &str = "#include <stdio.h>\n#include <string.h>\nvoid use(char *);\n\
        void f(const char *s, int n) { char b[64]; use(b); memcpy(b, s, n); strcpy(b, s); use(b); }\n";

    fn compiled(source: &str, words: &str) -> ObjectHardening {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("o.c"), source).unwrap();
        let line = words.split_whitespace().chain(["-c", "o.c"]);
        assert!(Command::new("gcc").current_dir(dir.path()).args(line).status().unwrap().success());
        ObjectHardening::of(&std::fs::read(dir.path().join("o.o")).unwrap()).unwrap()
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(FORTIFIABLE.is_sorted());
    }

    #[test]
    fn an_object_shows_its_options() {
        let plain = "-U_FORTIFY_SOURCE -O2 -fno-stack-protector -fcf-protection=none";
        let none = compiled(SOURCE, plain);
        assert_eq!(none, ObjectHardening { code: true, unfortified: true, ..ObjectHardening::default() });
        let canary = compiled(SOURCE, &format!("{plain} -fstack-protector-strong"));
        assert_eq!(canary, ObjectHardening { canary: true, ..none });
        let fortified = compiled(SOURCE, &format!("{plain} -D_FORTIFY_SOURCE=2"));
        assert_eq!(fortified, ObjectHardening { fortified: true, unfortified: false, ..none });
        let clash = compiled(SOURCE, &format!("{plain} -g -gz=none -fstack-clash-protection"));
        assert_eq!(clash, ObjectHardening { stack_clash: true, ..none });
        let marked = compiled(SOURCE, &format!("{plain} -fcf-protection=full"));
        assert_eq!(marked, ObjectHardening { control_flow: cfg!(target_arch = "x86_64"), ..none });
        assert_eq!(compiled("int data = 1;\n", plain), ObjectHardening::default());
        for bits in 0..64 {
            assert_eq!(ObjectHardening::of_bits(bits).bits(), bits);
        }
        for bytes in [&b""[..], b"\x7fELF\x02\x01\x01", b"!<arch>\n", &[0; 64]] {
            assert_eq!(ObjectHardening::of(bytes), None);
        }
    }

    #[test]
    fn two_objects_are_marked_only_if_both_are() {
        let code = ObjectHardening { code: true, ..ObjectHardening::default() };
        let marked = ObjectHardening { control_flow: true, ..code };
        assert!(marked.with(marked).control_flow && marked.with(ObjectHardening::default()).control_flow);
        assert!(ObjectHardening::default().with(marked).control_flow);
        assert!(!marked.with(code).control_flow && !code.with(marked).control_flow);
    }
}

//! What is kept of a link, beside the program: one file for each, named by the program's identity.

use super::loaded_identity;
use crate::files::write_atomic;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of the shape of [`SizeRecord`]; a reader refuses a newer one.
const SCHEMA: u32 = 1;
/// No more is unpacked of a record: a damaged one may claim anything.
const MOST: u64 = 2 << 30;
/// How the names of records end.
const ENDING: &str = ".size";
/// zstd's level: a third of the time of its default, a tenth larger.
const LEVEL: i32 = 1;

/// What a link was made of, and what of it refers to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SizeRecord {
    pub schema: u32,
    /// Of the program ([`loaded_identity`]).
    pub identity: String,
    /// Some code was compiled when it was linked (LTO), so that it has no input of its own name.
    pub compiled: bool,
    pub inputs: Vec<LinkInput>,
    pub sections: Vec<LinkSection>,
    /// Sorted by `from`, once for each pair.
    pub references: Vec<LinkReference>,
    /// File names of libraries that the linker was offered and took nothing of.
    pub unused: Vec<String>,
}

/// An object, or a member of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkInput {
    /// The file's name without directories: of an object that was compiled for the link, that of its source.
    pub file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The name of the package that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    pub role: InputRole,
}

/// Why an input is in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InputRole {
    /// It is the program's own.
    Own,
    /// The compiler names it in each link: `crt1.o`.
    Start,
    /// Something refers to it.
    Library,
}

/// A section of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkSection {
    /// Index of the input.
    pub input: u32,
    pub name: String,
    /// Where it is in the program's memory.
    pub address: u64,
    pub size: u64,
    /// It takes no room in the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zeros: bool,
    /// Sorted by offset, the one to show first where several have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<LinkSymbol>,
}

/// Name, offset in the section, size.
pub(crate) type LinkSymbol = (String, u64, u64);

/// A section refers to another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkReference {
    /// Index of the section.
    pub from: u32,
    pub to: u32,
    /// The function or object that refers; none for code without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The symbol that it refers to.
    pub symbol: String,
    /// It would be zero without a definition, so that it makes the linker take nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weak: bool,
}

impl LinkInput {
    /// `libz.a(deflate.o)`, `main.c`.
    pub(crate) fn shown(&self) -> String {
        match &self.member {
            Some(member) => format!("{}({member})", self.file),
            None => self.file.clone(),
        }
    }
}

/// Why a record can't be read.
#[derive(Debug, Error)]
pub(crate) enum RecordError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is damaged")]
    Damaged,
    #[error("it is of another program")]
    Other,
    #[error("it has schema {0}, and this program knows {SCHEMA}: a newer staticctl reads it")]
    Newer(u64),
}

impl SizeRecord {
    /// Without content, of this version.
    pub(crate) fn new(compiled: bool) -> SizeRecord {
        SizeRecord { schema: SCHEMA, compiled, ..SizeRecord::default() }
    }

    /// Writes the record of a program into a directory, which is made.
    ///
    /// # Errors
    /// The program can't be read, or the file not written.
    pub(crate) fn keep(mut self, program: &Path, dir: &Path) -> io::Result<SizeRecord> {
        self.identity = loaded_identity::of(program).map_err(|e| io::Error::other(e.to_string()))?;
        fs::create_dir_all(dir)?;
        write_atomic(&place(dir, &self.identity), &self.packed()?)?;
        Ok(self)
    }

    fn packed(&self) -> io::Result<Vec<u8>> {
        zstd::encode_all(serde_json::to_vec(self)?.as_slice(), LEVEL)
    }

    /// The record of the program with this identity in one of these directories; none if none has it.
    ///
    /// # Errors
    /// There is one that can't be used, and where.
    pub(crate) fn find(identity: &str, dirs: &[PathBuf]) -> Result<Option<SizeRecord>, (PathBuf, RecordError)> {
        for dir in dirs {
            let file = place(dir, identity);
            match SizeRecord::read(&file) {
                Ok(record) if record.identity == identity => return Ok(Some(record)),
                Ok(_) => return Err((file, RecordError::Other)),
                Err(RecordError::Io(e)) if e.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((file, error)),
            }
        }
        Ok(None)
    }

    fn read(file: &Path) -> Result<SizeRecord, RecordError> {
        SizeRecord::unpacked(File::open(file)?)
    }

    fn unpacked(packed: impl Read) -> Result<SizeRecord, RecordError> {
        let mut text = Vec::new();
        let unpacked = zstd::Decoder::new(packed).and_then(|decoder| decoder.take(MOST).read_to_end(&mut text));
        unpacked.map_err(|_| RecordError::Damaged)?;
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            schema: u64,
        }
        let version: Versioned = serde_json::from_slice(&text).map_err(|_| RecordError::Damaged)?;
        if version.schema > u64::from(SCHEMA) {
            return Err(RecordError::Newer(version.schema));
        }
        let record: SizeRecord = serde_json::from_slice(&text).map_err(|_| RecordError::Damaged)?;
        if record.is_sound() { Ok(record) } else { Err(RecordError::Damaged) }
    }

    /// Every index is one of something.
    fn is_sound(&self) -> bool {
        let section = |index: u32| (index as usize) < self.sections.len();
        self.sections.iter().all(|s| (s.input as usize) < self.inputs.len())
            && self.references.iter().all(|r| section(r.from) && section(r.to))
    }
}

/// The file of a record.
fn place(dir: &Path, identity: &str) -> PathBuf {
    dir.join(format!("{}{ENDING}", identity.get(..32).unwrap_or(identity)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `main.c` with two sections, a library's `x.o` and another one's `y.o` with two; `main` → `x` → `y`.
    pub(crate) fn chain() -> SizeRecord {
        let input = |file: &str, member: Option<&str>, role| LinkInput {
            file: file.into(),
            member: member.map(str::to_owned),
            package: member.map(|_| format!("{}-dev", file.trim_end_matches(".a"))),
            role,
        };
        let section = |input, name: &str, address, size, symbols: &[(&str, u64, u64)]| LinkSection {
            input,
            name: name.into(),
            address,
            size,
            zeros: false,
            symbols: symbols.iter().map(|(n, at, size)| ((*n).to_owned(), *at, *size)).collect(),
        };
        let refers = |from, to, by: &str, symbol: &str, weak| LinkReference {
            from,
            to,
            by: Some(by.into()).filter(|b: &String| !b.is_empty()),
            symbol: symbol.into(),
            weak,
        };
        SizeRecord {
            identity: "ab".repeat(32),
            inputs: vec![
                input("crt1.o", None, InputRole::Start),
                input("main.c", None, InputRole::Own),
                input("liba.a", Some("x.o"), InputRole::Library),
                input("libb.a", Some("y.o"), InputRole::Library),
            ],
            sections: vec![
                section(0, ".text", 0x1000, 0x10, &[("_start", 0, 0x10)]),
                section(1, ".text", 0x1010, 0x20, &[("main", 0, 0x18), ("_ZN3foo3barISt3mapIiiEEEvv", 0x18, 8)]),
                section(2, ".text.x", 0x1030, 0x8, &[("x", 0, 8)]),
                section(2, ".text.other", 0x1038, 0x8, &[("other", 0, 8)]),
                section(3, ".text", 0x1050, 0x10, &[("y", 0, 8)]),
            ],
            references: vec![
                refers(0, 1, "_start", "main", false),
                refers(1, 2, "main", "x", false),
                refers(3, 4, "other", "y", false),
            ],
            unused: vec!["libsqlite3.a".into()],
            ..SizeRecord::new(false)
        }
    }

    #[test]
    fn what_is_kept_is_found_by_identity_alone() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("p");
        fs::write(&program, loaded_identity::tests::program(b"code")).unwrap();
        let kept = chain().keep(&program, &dir.path().join("new/sizes")).unwrap();
        assert_eq!(kept.identity, loaded_identity::of(&program).unwrap());
        let dirs = [dir.path().join("missing"), dir.path().join("new/sizes")];
        assert_eq!(SizeRecord::find(&kept.identity, &dirs).unwrap(), Some(kept.clone()));
        assert_eq!(SizeRecord::find(&"cd".repeat(32), &dirs).unwrap(), None);
        // A file under the name of another program.
        fs::rename(place(&dirs[1], &kept.identity), place(&dirs[1], &"cd".repeat(32))).unwrap();
        let (file, why) = SizeRecord::find(&"cd".repeat(32), &dirs).unwrap_err();
        assert!(matches!(why, RecordError::Other) && file.starts_with(&dirs[1]));
    }

    #[test]
    fn a_newer_schema_is_named_and_wrong_indexes_are_damage() {
        let newer = SizeRecord { schema: 7, ..chain() }.packed().unwrap();
        assert!(matches!(SizeRecord::unpacked(newer.as_slice()), Err(RecordError::Newer(7))));
        let mut wrong = chain();
        wrong.references[0].to = 5;
        assert!(matches!(SizeRecord::unpacked(wrong.packed().unwrap().as_slice()), Err(RecordError::Damaged)));
        assert!(matches!(SizeRecord::unpacked(&b"no record"[..]), Err(RecordError::Damaged)));
    }

    proptest! {
        #[test]
        fn damaged_records_are_errors_or_sound(cut in 0usize..800, at in 0usize..800, byte in any::<u8>()) {
            let mut packed = chain().packed().unwrap();
            packed.truncate(cut);
            if let Some(place) = packed.get_mut(at) {
                *place = byte;
            }
            if let Ok(read) = SizeRecord::unpacked(packed.as_slice()) {
                prop_assert!(read.is_sound());
            }
        }
    }
}

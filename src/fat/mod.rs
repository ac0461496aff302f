//! Fat shared objects: what is needed to link a shared object statically later travels with it.
//!
//! When a build links a shared object of its own, the object is made as asked. Then the same inputs are linked once
//! more into one relocatable object ([`relocatable`]), the symbols that the shared object does not export are made
//! local in it ([`localize`]), and the result goes, compressed, into a section of the shared object that is never
//! loaded ([`section`]). The section survives `cp`, `install` and `strip`. The link of an executable that meets such
//! a shared object takes the relocatable object in its place ([`Store`]); what it needs itself is known from its
//! DT_NEEDED entries, as for any other.
//!
//! Measured facts behind the recipe (GNU ld 2.40): with COMDAT groups kept, a group that is thrown away for another
//! copy leaves a dangling reference to its local signature symbol, and the program crashes. So groups are dissolved
//! (`--force-group-allocation`). All exported symbols become weak: as with ld.so, the program's own definition stands
//! before a library's, and the first library's before the next one's. Constructors run in ld.so's order ([`order`]).

pub mod localize;
pub mod make;
pub mod order;
pub mod relocatable;
pub mod section;

use crate::archive;
use order::Loaded;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a fat shared object carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// One relocatable object.
    Object(Vec<u8>),
    /// No code of its own: it was made from other shared objects only.
    Nothing,
}

/// What became of a shared object that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Its code, as an object or an archive in a file of ours.
    Object(PathBuf),
    /// It has no code of its own.
    Nothing,
}

/// When a library becomes part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Whether it is referred to or not (`--no-as-needed`).
    Always,
    /// Only if it is referred to (`--as-needed`).
    IfNeeded,
}

/// Objects taken out of fat shared objects, in a directory that vanishes with this value.
#[derive(Debug, Default)]
pub struct Store {
    dir: Option<TempDir>,
    taken: Vec<Object>,
    /// Sections that could not be used: the shared object and why.
    pub ignored: Vec<(PathBuf, String)>,
}

/// One library whose code was taken.
#[derive(Debug)]
struct Object {
    path: PathBuf,
    bytes: Vec<u8>,
    loaded: Loaded,
}

impl Store {
    /// The code of a shared object, if it carries any that can be read. The file is there after [`Store::write`].
    /// Libraries are taken in the order in which ld.so would load them; `needed` is the DT_NEEDED of this one, and
    /// `use_of_it` says whether it goes in without being referred to.
    ///
    /// # Errors
    /// That there can be no temporary file.
    pub fn take(
        &mut self,
        shared: &Path,
        soname: Option<&str>,
        needed: &[String],
        use_of_it: Use,
    ) -> io::Result<Option<Taken>> {
        let content = match section::read(shared) {
            Ok(content) => content,
            Err(why) => {
                self.ignored.push((shared.to_owned(), why.to_string()));
                return Ok(None);
            }
        };
        let (taken, path, bytes) = match content {
            None => return Ok(None),
            Some(Content::Nothing) => (Taken::Nothing, PathBuf::new(), Vec::new()),
            Some(Content::Object(bytes)) => {
                let path = self.place(shared, use_of_it)?;
                (Taken::Object(path.clone()), path, bytes)
            }
        };
        let file = shared.file_name().map(|n| n.to_string_lossy().into_owned());
        let names = soname.map(str::to_owned).into_iter().chain(file).collect();
        self.taken.push(Object { path, bytes, loaded: Loaded { names, needed: needed.to_vec() } });
        Ok(Some(taken))
    }

    /// A name that tells in the linker's messages which library is meant.
    fn place(&mut self, shared: &Path, use_of_it: Use) -> io::Result<PathBuf> {
        let dir = match &self.dir {
            Some(dir) => dir,
            None => self.dir.insert(tempfile::Builder::new().prefix("staticcxx").tempdir()?),
        };
        let dir = dir.path().join(self.taken.len().to_string());
        fs::create_dir(&dir)?;
        let mut name = shared.file_name().unwrap_or_default().to_owned();
        name.push(if use_of_it == Use::Always { ".o" } else { ".a" });
        Ok(dir.join(name))
    }

    /// Writes all objects, their constructors in ld.so's order.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(&mut self) -> io::Result<()> {
        let loaded: Vec<Loaded> = self.taken.iter().map(|t| t.loaded.clone()).collect();
        for (object, rank) in self.taken.iter_mut().zip(order::ranks(&loaded)) {
            let mut bytes = std::mem::take(&mut object.bytes);
            if !bytes.is_empty() {
                order::number(&mut bytes, rank);
                let archive = object.path.extension().is_some_and(|e| e == "a").then(|| archive::of(&bytes)).flatten();
                fs::write(&object.path, archive.unwrap_or(bytes))?;
            }
        }
        Ok(())
    }
}

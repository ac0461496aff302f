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
pub mod relocatable;
pub mod section;

use crate::archive;
use crate::convert::Refusal;
use crate::libs::decision::Use;
use crate::supply::constructors;
use crate::supply::converted::{Extras, Shelf};
use crate::supply::load_order::{self, Loaded};
use crate::supply::plugins::Modules;
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

/// Objects that stand for shared objects, carried by them or converted from them, in a directory that vanishes with
/// this value.
#[derive(Debug, Default)]
pub struct Store {
    dir: Option<TempDir>,
    taken: Vec<Object>,
    /// The libraries that are converted; none where the toolchain or the user does not want that.
    pub shelf: Option<Shelf>,
    /// What is opened at run time.
    pub modules: Modules,
    /// Sections that could not be used: the shared object and why.
    pub ignored: Vec<(PathBuf, String)>,
}

/// One library whose code was taken.
#[derive(Debug)]
struct Object {
    path: PathBuf,
    code: Code,
    loaded: Loaded,
}

/// Where its code comes from.
#[derive(Debug)]
enum Code {
    Carried(Vec<u8>),
    Converted,
    /// An archive beside converted libraries, whose constructors get numbers.
    Numbered(PathBuf),
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
                let path = self.place(shared, if use_of_it == Use::Always { ".o" } else { ".a" })?;
                (Taken::Object(path.clone()), path, bytes)
            }
        };
        self.taken.push(Object { path, code: Code::Carried(bytes), loaded: loaded(shared, soname, needed) });
        Ok(Some(taken))
    }

    /// Converts a shared object: gives the file that stands for it after [`Store::write`], and its build-id. None
    /// where nothing is converted.
    ///
    /// # Errors
    /// Why this one can't be converted.
    pub fn convert(
        &mut self,
        shared: &Path,
        soname: Option<&str>,
        needed: &[String],
        use_of_it: Use,
    ) -> Option<Result<(PathBuf, Option<String>), Refusal>> {
        self.shelf.as_ref()?;
        let unwritable = |e: io::Error| Refusal::Unreadable { error: e.to_string() };
        let place = match self.place(shared, ".a") {
            Ok(place) => place,
            Err(error) => return Some(Err(unwritable(error))),
        };
        let taken = self.shelf.as_mut()?.take(shared, place.clone(), use_of_it == Use::Always);
        Some(taken.map(|build_id| {
            let loaded = loaded(shared, soname, needed);
            self.taken.push(Object { path: place.clone(), code: Code::Converted, loaded });
            (place, build_id)
        }))
    }

    /// An archive with its constructors numbered: the file that stands for it after [`Store::write`].
    ///
    /// # Errors
    /// That there can be no temporary file.
    pub fn number(
        &mut self,
        archive: &Path,
        twin: &Path,
        soname: Option<&str>,
        needed: &[String],
    ) -> io::Result<PathBuf> {
        let place = self.place(archive, "")?;
        let code = Code::Numbered(archive.to_owned());
        self.taken.push(Object { path: place.clone(), code, loaded: loaded(twin, soname, needed) });
        Ok(place)
    }

    /// The directory of this link.
    ///
    /// # Errors
    /// That there can be none.
    pub fn dir(&mut self) -> io::Result<&Path> {
        match &mut self.dir {
            Some(dir) => Ok(dir.path()),
            none => Ok(none.insert(tempfile::Builder::new().prefix("staticcxx").tempdir()?).path()),
        }
    }

    /// A name that tells in the linker's messages which library is meant.
    fn place(&mut self, shared: &Path, end: &str) -> io::Result<PathBuf> {
        let number = self.taken.len().to_string();
        let dir = self.dir()?.join(number);
        fs::create_dir_all(&dir)?;
        let mut name = shared.file_name().unwrap_or_default().to_owned();
        name.push(end);
        Ok(dir.join(name))
    }

    /// Writes all objects, their constructors in ld.so's order. `archives` are the others of the link. Gives what the link of converted ones needs.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(&mut self, archives: &[PathBuf]) -> io::Result<Extras> {
        let loaded: Vec<Loaded> = self.taken.iter().map(|t| t.loaded.clone()).collect();
        let mut numbers = Vec::new();
        for (object, rank) in self.taken.iter_mut().zip(load_order::ranks(&loaded)) {
            let mut bytes = match &mut object.code {
                Code::Carried(bytes) => std::mem::take(bytes),
                Code::Converted => {
                    numbers.push(load_order::FIRST + rank);
                    continue;
                }
                Code::Numbered(archive) => {
                    match constructors::numbered(archive, rank) {
                        Some(bytes) => fs::write(&object.path, bytes)?,
                        None => std::os::unix::fs::symlink(archive, &object.path)?,
                    }
                    continue;
                }
            };
            if !bytes.is_empty() {
                load_order::number(&mut bytes, rank);
                let archive = object.path.extension().is_some_and(|e| e == "a").then(|| archive::of(&bytes)).flatten();
                fs::write(&object.path, archive.unwrap_or(bytes))?;
            }
        }
        if self.shelf.as_ref().is_some_and(|s| !s.is_empty()) && self.dir.is_none() {
            self.dir = Some(tempfile::Builder::new().prefix("staticcxx").tempdir()?);
        }
        match (&mut self.shelf, &self.dir) {
            (Some(shelf), Some(dir)) => shelf.write(&numbers, archives, dir.path()),
            _ => Ok(Extras::default()),
        }
    }
}

/// A library as ld.so sees it.
fn loaded(shared: &Path, soname: Option<&str>, needed: &[String]) -> Loaded {
    let file = shared.file_name().map(|n| n.to_string_lossy().into_owned());
    Loaded { names: soname.map(str::to_owned).into_iter().chain(file).collect(), needed: needed.to_vec() }
}

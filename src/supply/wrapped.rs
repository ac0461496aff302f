//! `--wrap` in a link whose shared objects became archives: it reaches what a dynamic link's would reach.
//!
//! In a dynamic link `--wrap=NAME` concerns the program's own objects and the archives that it is linked with, never
//! shared objects. So whatever stands for a shared object is linked from a copy that refers to `__real_NAME`
//! ([`real_names`](super::real_names)): a file in place of its path, `libX.a` in a directory that is searched first in
//! place of `-lX`. The toolchain's own libraries are among these, and the repairs of glibc.

use super::real_names::{Unwrapped, unwrapped};
use crate::args::Request;
use crate::args::ld_options::{self, Item, LdRole};
use crate::args::option_table::Role;
use crate::files::Stamp;
use crate::libs::library_file::LibraryFiles;
use crate::libs::library_ref::{self, LibraryName};
use crate::libs::{LinkedLibrary, Provider, Resolution, script};
use crate::toolchain::Facts;
use crate::toolchain_libs::TOOLCHAIN_LIBS;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The names after `--wrap` on a line that a dynamic link would not apply to libraries; none with `-static`.
pub(crate) fn names(request: &Request) -> Vec<Vec<u8>> {
    let options = ld_options::options(&ld_options::split(&request.args));
    if request.last(&[Role::Static, Role::StaticPie]).is_some() {
        return Vec::new();
    }
    let names: BTreeSet<Vec<u8>> = options
        .iter()
        .filter(|o| o.role == LdRole::Wrap)
        .filter_map(|o| Some(o.value.as_ref()?.as_bytes().to_vec()))
        .collect();
    names.into_iter().collect()
}

/// Copies of libraries that `--wrap` does not reach.
#[derive(Debug)]
pub(crate) struct WrapShelter<'a> {
    names: &'a [Vec<u8>],
    /// Where `libX.a` is written for `-lX`.
    pub dir: PathBuf,
    files: LibraryFiles,
    copies: BTreeMap<PathBuf, Option<PathBuf>>,
    /// Files that are linked as they are, because their references can't be changed.
    pub reached: Vec<PathBuf>,
}

impl<'a> WrapShelter<'a> {
    /// One whose copies are written to a new directory.
    ///
    /// # Errors
    /// The directory can't be created.
    pub(crate) fn new(names: &'a [Vec<u8>], dir: PathBuf, files: LibraryFiles) -> io::Result<WrapShelter<'a>> {
        fs::create_dir_all(&dir)?;
        Ok(WrapShelter { names, dir, files, copies: BTreeMap::new(), reached: Vec::new() })
    }

    /// Whether anything was copied.
    pub(crate) fn copied(&self) -> bool {
        self.copies.values().any(Option::is_some)
    }

    /// Replaces what stands for shared objects in a resolution, and the archives of ours.
    ///
    /// # Errors
    /// A copy can't be written.
    pub(crate) fn take(
        &mut self,
        request: &Request,
        facts: &Facts,
        resolution: &mut Resolution,
        ours: &mut [PathBuf],
    ) -> io::Result<()> {
        let items = ld_options::split(&request.args);
        let fixed = searched_as_archives(&items);
        for reference in library_ref::references(&items, request) {
            let LibraryName::Name(name) = &reference.named else { continue };
            if !fixed.contains(&reference.at) {
                self.by_name(name, resolution)?;
            }
        }
        let stands_for_shared: BTreeSet<PathBuf> =
            resolution.libraries.iter().filter(stands_for_shared).map(|l| l.path.clone()).collect();
        let converted: BTreeSet<PathBuf> = resolution.places.iter().map(|(place, _)| place.clone()).collect();
        let closure = std::mem::take(&mut resolution.closure);
        for word in &closure {
            if let Some(name) = word.as_bytes().strip_prefix(b"-l") {
                self.by_name(OsStr::from_bytes(name), resolution)?;
            }
        }
        resolution.closure = closure;
        let substitutes = resolution.substitutes.iter_mut().flat_map(|(_, substitute)| &mut substitute.words);
        for word in substitutes.chain(&mut resolution.closure) {
            let path = Path::new(word);
            if stands_for_shared.contains(path) || converted.contains(path) {
                *word = self.copy(path, None)?.into_os_string();
            }
        }
        for archive in ours {
            *archive = self.copy(archive, None)?;
        }
        self.toolchain(request, facts, &items, &fixed)
    }

    /// The toolchain's libraries that have shared objects.
    fn toolchain(
        &mut self,
        request: &Request,
        facts: &Facts,
        items: &[Item],
        fixed: &BTreeSet<usize>,
    ) -> io::Result<()> {
        let as_archives: BTreeSet<OsString> = library_ref::references(items, request)
            .into_iter()
            .filter(|r| fixed.contains(&r.at))
            .filter_map(|r| if let LibraryName::Name(name) = r.named { Some(name) } else { None })
            .collect();
        let asked =
            |name: &str| request.args.iter().any(|a| a.word.as_bytes() == format!("-static-lib{name}").as_bytes());
        for library in &TOOLCHAIN_LIBS {
            let shared = library.version.is_some() || library.name == "gcc_eh";
            let option = if library.name == "gcc_eh" { "gcc" } else { library.name };
            if !shared || asked(option) || as_archives.contains(OsStr::new(library.name)) {
                continue;
            }
            let file = format!("lib{}.a", library.name);
            let Some(path) = facts.library_dirs.iter().map(|d| d.join(&file)).find(|p| p.is_file()) else { continue };
            self.copy(&path, Some(OsStr::new(&file)))?;
        }
        Ok(())
    }

    /// Puts the archive that `-lNAME` finds into the directory, if it stands for a shared object.
    fn by_name(&mut self, name: &OsStr, resolution: &Resolution) -> io::Result<()> {
        let Some(path) = resolution.path.archive(name) else { return Ok(()) };
        let found = resolution.libraries.iter().find(|l| Stamp::of(&l.path).is_some() && same(&l.path, &path));
        if found.is_some_and(|l| stands_for_shared(&l)) {
            let file = [b"lib", name.as_bytes(), b".a"].concat();
            self.copy(&path, Some(OsStr::from_bytes(&file)))?;
        }
        Ok(())
    }

    /// The path of a copy, or that of the file itself if it does not refer to the names.
    fn copy(&mut self, path: &Path, name: Option<&OsStr>) -> io::Result<PathBuf> {
        let place = match name {
            Some(name) => self.dir.join(name),
            None => {
                let dir = self.dir.join(self.copies.len().to_string());
                dir.join(path.file_name().unwrap_or_default())
            }
        };
        if let Some(known) = self.copies.get(path) {
            return Ok(known.clone().unwrap_or_else(|| path.to_owned()));
        }
        let written = self.write(path, &place)?.then_some(place);
        self.copies.insert(path.to_owned(), written.clone());
        Ok(written.unwrap_or_else(|| path.to_owned()))
    }

    fn write(&mut self, path: &Path, place: &Path) -> io::Result<bool> {
        if let Some(parts) =
            self.files.look(path, |bytes| script::parse(bytes).filter(|_| !bytes.starts_with(b"!<"))).flatten()
        {
            return self.write_script(&parts, place);
        }
        match self.files.look(path, |bytes| unwrapped(bytes, self.names)) {
            Some(Unwrapped::Changed(bytes)) => {
                fs::create_dir_all(place.parent().unwrap_or(&self.dir))?;
                fs::write(place, bytes)?;
                Ok(true)
            }
            Some(Unwrapped::Unknown) => {
                self.reached.push(path.to_owned());
                Ok(false)
            }
            Some(Unwrapped::Same | Unwrapped::WrapsItself) | None => Ok(false),
        }
    }

    /// A linker script in place of an archive (glibc's `libm.a`).
    fn write_script(&mut self, parts: &script::Script, place: &Path) -> io::Result<bool> {
        let mut text = b"GROUP (".to_vec();
        let mut changed = false;
        for input in &parts.inputs {
            let LibraryName::Path(path) = input else { return Ok(false) };
            let copy = self.copy(path, None)?;
            changed |= copy != *path;
            text.extend([b" \"", copy.as_os_str().as_bytes(), b"\""].concat());
        }
        text.extend(b" )\n");
        if changed {
            fs::write(place, text)?;
        }
        Ok(changed)
    }
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

/// Whether a dynamic link would have taken a shared object in place of this library.
fn stands_for_shared(library: &&LinkedLibrary) -> bool {
    match library.provider {
        Provider::Archive => library.twin.is_some() && !library.name.ends_with(".a"),
        Provider::FatShared | Provider::Converted => true,
        Provider::Plugin => false,
    }
}

/// The items after `-Bstatic`, by index: there a dynamic link takes archives too.
fn searched_as_archives(items: &[Item]) -> BTreeSet<usize> {
    let options = ld_options::options(items);
    let mut fixed = BTreeSet::new();
    let (mut now, mut pushed) = (false, Vec::new());
    for at in 0..items.len() {
        match options.iter().find(|o| o.at == at).map(|o| o.role) {
            Some(LdRole::SearchStatic) => now = true,
            Some(LdRole::SearchShared) => now = false,
            Some(LdRole::PushState) => pushed.push(now),
            Some(LdRole::PopState) => now = pushed.pop().unwrap_or(now),
            _ => {}
        }
        if now {
            fixed.insert(at);
        }
    }
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::request;

    #[test]
    fn names_are_those_of_a_link_that_could_be_dynamic() {
        let of =
            |line: &str| names(&request(line)).into_iter().map(|n| String::from_utf8(n).unwrap()).collect::<Vec<_>>();
        assert_eq!(of("x.o -Wl,--wrap=f,--wrap,g -Xlinker -wrap=f"), ["f", "g"]);
        assert_eq!(of("-static x.o -Wl,--wrap=f"), [""; 0]);
        assert_eq!(of("-pie x.o -Wl,--wrap=f"), ["f"]);
    }

    #[test]
    fn archives_are_taken_as_such_between_the_switches() {
        let request =
            request("-la -Wl,-Bstatic -lb -Wl,--push-state,-Bdynamic -lc -Wl,--pop-state -ld -Wl,-Bdynamic -le");
        let items = ld_options::split(&request.args);
        let fixed = searched_as_archives(&items);
        let found = library_ref::references(&items, &request).into_iter().filter(|r| fixed.contains(&r.at));
        assert_eq!(found.map(|r| r.typed).collect::<Vec<_>>(), ["-lb", "-ld"]);
    }
}

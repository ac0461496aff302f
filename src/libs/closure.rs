//! The dependencies of libraries, from linker scripts, dynamic sections, pkg-config and libtool, queued for the
//! resolver.

use super::decision::{CodeSource, Dependency};
use super::library_file::Needs;
use super::library_ref::LibraryName;
use super::located::{Located, same};
use super::resolver::{Resolver, by_flag};
use super::script::Script;
use super::sniff::Sniffed;
use super::{counterpart, la, pc};
use crate::model::{Language, Libc};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How deeply scripts may refer to scripts.
const DEPTH: usize = 16;

impl Resolver<'_> {
    /// Queues the inputs of a script. They are required if they replace it (`stands_for_it`), since it has no archive.
    pub(super) fn script(&mut self, script: &Script, because: &[String], stands_for_it: bool, depth: usize) {
        for named in &script.inputs {
            let nested = match named {
                LibraryName::Path(p) if depth < DEPTH => match self.locate(&LibraryName::Path(p.clone())) {
                    Located::Script(_, inner) => Some(inner),
                    _ => None,
                },
                _ => None,
            };
            if let Some(inner) = nested {
                self.script(&inner, because, stands_for_it, depth + 1);
                continue;
            }
            self.todo.push_back(Dependency {
                named: named.clone(),
                dirs: script.dirs.clone(),
                because: because.to_vec(),
                required: stands_for_it,
                use_of_it: self.use_of_it,
            });
        }
    }

    /// The shared object among the inputs of a script whose archive is the one that is taken for the script.
    pub(super) fn shared_of_script(&self, script: &Script, code: &CodeSource, depth: usize) -> Option<PathBuf> {
        let CodeSource::Archive(archive) = code else { return None };
        let of_input = |named: &LibraryName| match self.locate(named) {
            Located::Shared(shared) => {
                counterpart::archive_beside(&shared, self.path).filter(|a| same(a, archive)).map(|_| shared)
            }
            Located::Script(_, inner) if depth < DEPTH => self.shared_of_script(&inner, code, depth + 1),
            _ => None,
        };
        script.inputs.iter().find_map(of_input)
    }

    pub(super) fn needs_of_shared(&mut self, shared: &Path, because: &[String]) -> Needs {
        let mut because = because.to_vec();
        let needs = self.path.needs(shared);
        because.push(needs.soname.clone().unwrap_or_else(|| shared.display().to_string()));
        for dependency in self.dependencies_of(shared) {
            self.todo.push_back(Dependency { because: because.clone(), ..dependency });
        }
        needs
    }

    /// The libraries that a shared object needs, as it names them.
    pub(super) fn dependencies_of(&self, shared: &Path) -> Vec<Dependency> {
        let needs = self.path.needs(shared);
        let mut dirs: Vec<PathBuf> = needs.run_path.iter().map(|dir| self.path.run_path(dir, shared)).collect();
        dirs.extend(shared.parent().map(Path::to_owned));
        let dependency = |soname: &String| Dependency {
            named: LibraryName::File(soname.into()),
            dirs: dirs.clone(),
            because: Vec::new(),
            required: false,
            use_of_it: self.use_of_it,
        };
        needs.needed.iter().map(dependency).collect()
    }

    /// Queues the dependencies of an archive that was found first: those of its shared object, else pkg-config's.
    pub(super) fn needs_of_archive(&mut self, named: &LibraryName, archive: &Path, because: &[String]) {
        match counterpart::shared_of(archive, self.path) {
            Some((shared, Sniffed::Shared { .. })) => drop(self.needs_of_shared(&shared, because)),
            _ => {
                let stem = archive.file_stem().unwrap_or_default();
                let name = match named {
                    LibraryName::Name(name) => name.clone(),
                    _ => OsStr::from_bytes(stem.as_bytes().strip_prefix(b"lib").unwrap_or_default()).to_owned(),
                };
                // The toolchain's own archives and those in a build tree have no `.pc` file.
                if !name.is_empty()
                    && let Some(dir) = archive.parent()
                {
                    let words = pc::needs(&name, dir);
                    self.words(&words, because);
                    let file = archive.with_extension("la");
                    if words.is_empty()
                        && let Some(la) = fs::read_to_string(file).ok().and_then(|t| la::parse(&t))
                    {
                        self.words(&la.dependency_libs, because);
                    }
                }
            }
        }
    }

    /// Queues the libraries named in a `.pc` or `.la` file.
    pub(super) fn words(&mut self, words: &[String], because: &[String]) {
        let dirs: Vec<PathBuf> = words.iter().filter_map(|w| w.strip_prefix("-L")).map(PathBuf::from).collect();
        for word in words {
            let named = match word.strip_prefix("-l") {
                Some(name) => super::library_ref::by_name(OsStr::new(name)),
                None if word.starts_with('/') => LibraryName::Path(word.into()),
                None => continue,
            };
            let (dirs, because, use_of_it) = (dirs.clone(), because.to_vec(), self.use_of_it);
            self.todo.push_back(Dependency { named, dirs, because, required: false, use_of_it });
        }
    }

    /// Adds libm, libpthread, libstdc++ and the like, whose archives the driver always finds.
    pub(super) fn toolchain_library(&mut self, name: &OsStr) {
        let cxx = name == "stdc++" || name == "supc++";
        if cxx && self.language == Language::Cxx {
            return;
        }
        // With musl the other names are empty archives; a cross driver's files can't be located.
        if self.facts.libc == Libc::Other {
            return;
        }
        self.closure.push(vec![by_flag(name)]);
        self.needs_of_toolchain_library(name);
    }

    /// GCC's unwinder is in the program for libstdc++.
    pub(super) fn throws(&self) -> bool {
        self.language == Language::Cxx || self.seen.contains(OsStr::new("libstdc++"))
    }

    /// libstdc++ needs libm, which the drivers for C++ add.
    pub(super) fn needs_of_toolchain_library(&mut self, name: &OsStr) {
        let cxx = name == "stdc++" || name == "supc++";
        if cxx && self.language != Language::Cxx && self.seen.insert("libm".into()) {
            self.closure.push(vec!["-lm".into()]);
        }
    }
}

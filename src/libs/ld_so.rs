//! The shared objects of a file, found as ld.so(8) finds them, without running anything: DT_RPATH of the module that
//! needs one and of the modules that loaded that one, `LD_LIBRARY_PATH`, DT_RUNPATH, ld.so's cache, the built-in
//! directories; in each directory first the subdirectories for this processor (glibc-hwcaps).

use super::ld_so_paths::SystemPaths;
use crate::check::{self, Image};
use serde::Serialize;
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A shared object of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedObject {
    /// The DT_NEEDED name.
    pub name: String,
    pub path: PathBuf,
    /// The first module that needs it.
    pub by: String,
    /// Its headers and dynamic section.
    pub image: Image,
}

/// A shared object that was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AbsentObject {
    /// The DT_NEEDED name.
    pub name: String,
    /// The first module that needs it.
    pub by: String,
    /// A file of that name for another machine.
    pub other: Option<PathBuf>,
}

/// A file that another one needs, found or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Need {
    /// The interpreter's path, or a soname.
    pub name: String,
    /// Its path, if it was found.
    pub path: Option<PathBuf>,
}

/// All shared objects of a file, breadth first, as ld.so loads them.
#[derive(Debug, Default)]
pub(crate) struct LoadList {
    /// Those that were found.
    pub loaded: Vec<LoadedObject>,
    /// Those that were not.
    pub absent: Vec<AbsentObject>,
    /// The interpreter and both of the above, in search order.
    pub needs: Vec<Need>,
}

/// A module that was loaded: its run paths, and the module that loaded it.
struct LoadedModule {
    name: String,
    /// DT_RPATH; empty if there is a DT_RUNPATH.
    rpath: Vec<PathBuf>,
    runpath: Vec<PathBuf>,
    /// With DT_RUNPATH, the DT_RPATHs of `above` are ignored.
    has_runpath: bool,
    needed: Vec<String>,
    above: Option<Rc<LoadedModule>>,
}

/// Finds them all. `library_path` is `LD_LIBRARY_PATH`.
pub(crate) fn load_list(file: &Path, image: &Image, library_path: &[PathBuf]) -> LoadList {
    let system = SystemPaths::of(image.machine, image.bits);
    let origin = origin(file);
    let fill = |dir: &PathBuf| dir.to_str().map_or(dir.clone(), |dir| with_tokens(dir, &origin, &system));
    let library_path = library_path.iter().map(fill).collect();
    let capable = if image.machine == X86_64 { capabilities() } else { Vec::new() };
    let search = Search { image, library_path, system, capable };
    let mut list = LoadList::default();
    if let Some(interpreter) = &image.interpreter {
        let path = Some(PathBuf::from(interpreter)).filter(|p| p.exists());
        list.needs.push(Need { name: interpreter.clone(), path });
    }
    let mut seen: HashSet<String> = HashSet::new();
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut todo = VecDeque::from([Rc::new(search.module(name, file, image, None))]);
    while let Some(module) = todo.pop_front() {
        for needed in &module.needed {
            if !seen.insert(needed.clone()) {
                continue;
            }
            let mut other = None;
            let Some((path, its)) = search.find(needed, &module, &mut other) else {
                list.needs.push(Need { name: needed.clone(), path: None });
                list.absent.push(AbsentObject { name: needed.clone(), by: module.name.clone(), other });
                continue;
            };
            // A module is known by its file name and its soname.
            if its.soname.as_ref().is_some_and(|soname| soname != needed && !seen.insert(soname.clone())) {
                continue;
            }
            todo.push_back(Rc::new(search.module(needed.clone(), &path, &its, Some(module.clone()))));
            list.needs.push(Need { name: needed.clone(), path: Some(path.clone()) });
            list.loaded.push(LoadedObject { name: needed.clone(), path, by: module.name.clone(), image: its });
        }
    }
    list
}

const X86_64: u16 = 62;

/// Where this system's ld.so finds the libraries of its cache.
#[derive(Debug)]
pub(crate) struct SystemLibraries(SystemPaths);

impl SystemLibraries {
    /// For the 64-bit programs of a machine, by its `e_machine`.
    pub(crate) fn read(machine: u16) -> SystemLibraries {
        SystemLibraries(SystemPaths::of(machine, 64))
    }

    /// The file for a soname, for any processor.
    pub(crate) fn path(&self, soname: &str) -> Option<PathBuf> {
        let plain = |p: &PathBuf| !p.components().any(|c| c.as_os_str() == "glibc-hwcaps");
        let cached = self.0.cached(soname).into_iter().find(plain);
        cached.or_else(|| self.0.dirs.iter().map(|dir| dir.join(soname)).find(|p| p.exists()))
    }
}

/// What all searches have in common.
struct Search<'a> {
    /// The file whose machine all modules must match.
    image: &'a Image,
    library_path: Vec<PathBuf>,
    system: SystemPaths,
    /// glibc-hwcaps subdirectories, best first.
    capable: Vec<&'static str>,
}

impl Search<'_> {
    fn module(&self, name: String, path: &Path, image: &Image, above: Option<Rc<LoadedModule>>) -> LoadedModule {
        let origin = origin(path);
        let list = |text: &Option<String>| match text {
            Some(text) => text.split(':').map(|dir| with_tokens(dir, &origin, &self.system)).collect(),
            None => Vec::new(),
        };
        LoadedModule {
            name,
            rpath: list(&image.rpath),
            runpath: list(&image.runpath),
            has_runpath: image.runpath.is_some(),
            needed: image.needed.iter().map(|name| name_with_tokens(name, &origin, &self.system)).collect(),
            above,
        }
    }

    /// Finds the file for a DT_NEEDED name of a module. `other` is set to a file for another machine.
    fn find(&self, name: &str, module: &Rc<LoadedModule>, other: &mut Option<PathBuf>) -> Option<(PathBuf, Image)> {
        if name.contains('/') {
            return self.fits(Path::new(name), other);
        }
        let in_dir = |dir: &PathBuf, other: &mut Option<PathBuf>| {
            let capable = self.capable.iter().map(|c| dir.join("glibc-hwcaps").join(c));
            capable.chain([dir.clone()]).find_map(|dir| self.fits(&dir.join(name), other))
        };
        directories(module, &self.library_path)
            .iter()
            .find_map(|dir| in_dir(dir, other))
            .or_else(|| self.preferred(self.system.cached(name)).iter().find_map(|path| self.fits(path, other)))
            .or_else(|| self.system.dirs.iter().find_map(|dir| in_dir(dir, other)))
    }

    /// Sorts files from the cache: the best for this processor first, without those for others.
    fn preferred(&self, paths: Vec<PathBuf>) -> Vec<PathBuf> {
        let rank = |path: &PathBuf| {
            let mut parts = path.components().map(|c| c.as_os_str());
            match parts.by_ref().find(|part| *part == "glibc-hwcaps").and_then(|_| parts.next()) {
                Some(level) => self.capable.iter().position(|c| level == *c),
                None => Some(self.capable.len()),
            }
        };
        let mut ranked: Vec<(usize, PathBuf)> = paths.into_iter().filter_map(|p| Some((rank(&p)?, p))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, path)| path).collect()
    }

    fn fits(&self, path: &Path, other: &mut Option<PathBuf>) -> Option<(PathBuf, Image)> {
        if !path.is_file() {
            return None;
        }
        match check::inspect_headers(path) {
            Ok(its) if (its.machine, its.bits) == (self.image.machine, self.image.bits) => Some((path.to_owned(), its)),
            _ => {
                other.get_or_insert_with(|| path.to_owned());
                None
            }
        }
    }
}

/// The directories that are searched before the system's.
fn directories(module: &Rc<LoadedModule>, library_path: &[PathBuf]) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if !module.has_runpath {
        let mut at = Some(module);
        while let Some(one) = at {
            dirs.extend(one.rpath.iter().filter(|_| !one.has_runpath).cloned());
            at = one.above.as_ref();
        }
    }
    dirs.extend(library_path.iter().chain(&module.runpath).cloned());
    dirs
}

/// `$ORIGIN` for a file.
fn origin(path: &Path) -> String {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned()
}

/// Replaces `$ORIGIN`, `$LIB` and `$PLATFORM`.
fn name_with_tokens(text: &str, origin: &str, system: &SystemPaths) -> String {
    let tokens = [("ORIGIN", origin), ("LIB", &system.lib), ("PLATFORM", system.platform)];
    tokens.iter().fold(text.to_owned(), |text, (token, value)| {
        text.replace(&format!("${{{token}}}"), value).replace(&format!("${token}"), value)
    })
}

/// An entry of a run path; an empty one is the working directory, as for ld.so.
fn with_tokens(dir: &str, origin: &str, system: &SystemPaths) -> PathBuf {
    let dir = name_with_tokens(dir, origin, system);
    PathBuf::from(if dir.is_empty() { ".".to_owned() } else { dir })
}

/// glibc-hwcaps subdirectories for this processor, best first (x86-64 psABI, micro-architecture levels).
#[cfg(target_arch = "x86_64")]
fn capabilities() -> Vec<&'static str> {
    use std::is_x86_feature_detected as has;
    let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt") && has!("cmpxchg16b");
    let v3 = v2 && has!("avx2") && has!("bmi1") && has!("bmi2") && has!("fma") && has!("lzcnt") && has!("movbe");
    let v4 = v3 && has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
    let all = [(v4, "x86-64-v4"), (v3, "x86-64-v3"), (v2, "x86-64-v2")];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect()
}

/// No other processor's libraries are chosen by what it can do.
#[cfg(not(target_arch = "x86_64"))]
fn capabilities() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_run_paths() {
        let mut system = SystemPaths::of(62, 64);
        (system.lib, system.platform) = ("lib/x86_64-linux-gnu".into(), "x86_64");
        let filled = |dir: &str| with_tokens(dir, "/opt/x/bin", &system).display().to_string();
        assert_eq!(filled("$ORIGIN/../lib"), "/opt/x/bin/../lib");
        assert_eq!(filled("${ORIGIN}"), "/opt/x/bin");
        assert_eq!(filled("/a/$LIB/${PLATFORM}"), "/a/lib/x86_64-linux-gnu/x86_64");
        assert_eq!(filled(""), ".");
    }

    #[test]
    fn the_rpath_of_those_above_counts_unless_there_is_a_runpath() {
        let one = |name: &str, rpath: &str, runpath: Option<&str>, above: Option<Rc<LoadedModule>>| {
            Rc::new(LoadedModule {
                name: name.into(),
                rpath: vec![rpath.into()],
                runpath: runpath.into_iter().map(PathBuf::from).collect(),
                has_runpath: runpath.is_some(),
                needed: vec![],
                above,
            })
        };
        let top = one("top", "/top", None, None);
        let plain = one("plain", "/own", None, Some(top.clone()));
        let path = [PathBuf::from("/env")];
        let shown = |m: &Rc<LoadedModule>| {
            let dirs = directories(m, &path);
            dirs.iter().map(|d| d.display().to_string()).collect::<Vec<_>>().join(":")
        };
        assert_eq!(shown(&plain), "/own:/top:/env");
        assert_eq!(shown(&one("modern", "/own", Some("/run"), Some(top))), "/env:/run");
    }

    #[test]
    fn the_cache_s_best_file_for_this_processor_comes_first() {
        let image = check::inspect_headers(Path::new("/proc/self/exe")).unwrap();
        let capable = vec!["x86-64-v3", "x86-64-v2"];
        let search = Search { image: &image, library_path: vec![], system: SystemPaths::default(), capable };
        let paths =
            ["/l/q", "/l/glibc-hwcaps/x86-64-v2/q", "/l/glibc-hwcaps/x86-64-v4/q", "/l/glibc-hwcaps/x86-64-v3/q"];
        let best = ["/l/glibc-hwcaps/x86-64-v3/q", "/l/glibc-hwcaps/x86-64-v2/q", "/l/q"];
        assert_eq!(search.preferred(paths.map(PathBuf::from).to_vec()), best.map(PathBuf::from));
    }
}

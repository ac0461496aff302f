//! The shared objects of a program, found as ld.so(8) finds them: DT_RPATH of who needs one and of those through whom
//! that one came, `LD_LIBRARY_PATH`, DT_RUNPATH, `/etc/ld.so.conf`, the built-in directories; in each the
//! subdirectories for this machine's processor first (glibc-hwcaps).

use crate::check::{self, Image};
use crate::libs::needs;
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A shared object of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The name by which it is needed.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Who needs it first.
    pub by: String,
    /// What is known of it.
    pub image: Image,
}

/// One that is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The name by which it is needed.
    pub name: String,
    /// Who needs it.
    pub by: String,
    /// Where a file of that name is that is for another machine.
    pub other: Option<PathBuf>,
}

/// All shared objects of a program in ld.so's order, and those that are not there.
#[derive(Debug, Default)]
pub struct Found {
    /// Breadth first.
    pub loaded: Vec<Loaded>,
    /// Not found.
    pub lost: Vec<Lost>,
}

/// One module on the way: its run paths, and through whom it came.
struct Module {
    name: String,
    /// DT_RPATH, without DT_RUNPATH.
    rpath: Vec<PathBuf>,
    runpath: Vec<PathBuf>,
    /// With DT_RUNPATH nothing of those above counts.
    has_runpath: bool,
    needed: Vec<String>,
    above: Option<Rc<Module>>,
}

/// Finds them. `library_path` is `LD_LIBRARY_PATH`.
pub fn find(program: &Path, image: &Image, library_path: &[PathBuf]) -> Found {
    let system = needs::system_dirs();
    let capable = capabilities();
    let mut found = Found::default();
    let mut seen: HashMap<String, ()> = HashMap::new();
    let name = program.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut todo = VecDeque::from([Rc::new(module(name, program, image, None))]);
    while let Some(module) = todo.pop_front() {
        for needed in &module.needed {
            if seen.insert(needed.clone(), ()).is_some() {
                continue;
            }
            let mut other = None;
            let place = if needed.contains('/') {
                fits(Path::new(needed), image, &mut other)
            } else {
                let dirs = directories(&module, library_path, &system);
                dirs.iter().find_map(|dir| {
                    let near = capable.iter().map(|c| dir.join("glibc-hwcaps").join(c)).chain([dir.clone()]);
                    near.into_iter().find_map(|d| fits(&d.join(needed), image, &mut other))
                })
            };
            match place {
                Some((path, its)) => {
                    // A file may be needed by its name and known by its soname.
                    if let Some(soname) = its.soname.clone().filter(|s| s != needed)
                        && seen.insert(soname, ()).is_some()
                    {
                        continue;
                    }
                    todo.push_back(Rc::new(self::module(needed.clone(), &path, &its, Some(module.clone()))));
                    found.loaded.push(Loaded { name: needed.clone(), path, by: module.name.clone(), image: its });
                }
                None => found.lost.push(Lost { name: needed.clone(), by: module.name.clone(), other }),
            }
        }
    }
    found
}

fn directories(module: &Rc<Module>, library_path: &[PathBuf], system: &[PathBuf]) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if !module.has_runpath {
        let mut at = Some(module.clone());
        while let Some(one) = at {
            dirs.extend(one.rpath.iter().filter(|_| !one.has_runpath).cloned());
            at = one.above.clone();
        }
    }
    dirs.extend(library_path.iter().chain(&module.runpath).chain(system).cloned());
    dirs
}

fn module(name: String, path: &Path, image: &Image, above: Option<Rc<Module>>) -> Module {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let origin = real.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
    let list = |text: &Option<String>| text.as_deref().map(|t| expanded(t, &origin)).unwrap_or_default();
    Module {
        name,
        rpath: list(&image.rpath),
        runpath: list(&image.runpath),
        has_runpath: image.runpath.is_some(),
        needed: image.needed.clone(),
        above,
    }
}

/// A run path with its tokens filled in; an empty part is the working directory, which ld.so means as well.
fn expanded(list: &str, origin: &str) -> Vec<PathBuf> {
    let tokens = [("ORIGIN", origin), ("LIB", "lib/x86_64-linux-gnu"), ("PLATFORM", "x86_64")];
    let fill = |dir: &str| {
        let mut dir = dir.to_owned();
        for (token, value) in tokens {
            dir = dir.replace(&format!("${{{token}}}"), value).replace(&format!("${token}"), value);
        }
        PathBuf::from(if dir.is_empty() { ".".to_owned() } else { dir })
    };
    list.split(':').map(fill).collect()
}

fn fits(path: &Path, image: &Image, other: &mut Option<PathBuf>) -> Option<(PathBuf, Image)> {
    if !path.is_file() {
        return None;
    }
    match check::inspect_headers(path) {
        Ok(its) if (its.machine, its.bits) == (image.machine, image.bits) => Some((path.to_owned(), its)),
        _ => {
            other.get_or_insert_with(|| path.to_owned());
            None
        }
    }
}

/// The names of subdirectories for this processor, the best first (x86-64 psABI, micro-architecture levels).
fn capabilities() -> Vec<&'static str> {
    let mut levels = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt") && has!("cmpxchg16b");
        let v3 = v2 && has!("avx2") && has!("bmi1") && has!("bmi2") && has!("fma") && has!("lzcnt") && has!("movbe");
        let v4 = v3 && has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
        let all = [(v4, "x86-64-v4"), (v3, "x86-64-v3"), (v2, "x86-64-v2")];
        levels.extend(all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name));
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_run_paths() {
        assert_eq!(
            expanded("$ORIGIN/../lib:${ORIGIN}", "/opt/x/bin"),
            [PathBuf::from("/opt/x/bin/../lib"), PathBuf::from("/opt/x/bin")]
        );
        assert_eq!(expanded("/a/$LIB:", "/"), [PathBuf::from("/a/lib/x86_64-linux-gnu"), PathBuf::from(".")]);
    }

    #[test]
    fn the_rpath_of_those_above_counts_unless_there_is_a_runpath() {
        let one = |name: &str, rpath: &str, runpath: Option<&str>, above: Option<Rc<Module>>| {
            Rc::new(Module {
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
        let system = [PathBuf::from("/lib")];
        let path = [PathBuf::from("/env")];
        let shown = |m: &Rc<Module>| {
            let dirs = directories(m, &path, &system);
            dirs.iter().map(|d| d.display().to_string()).collect::<Vec<_>>().join(":")
        };
        assert_eq!(shown(&plain), "/own:/top:/env:/lib");
        assert_eq!(shown(&one("modern", "/own", Some("/run"), Some(top))), "/env:/run:/lib");
    }
}

//! The words of a link for a relink kit: files of the project stand for themselves in the kit, libraries of packages are
//! left to the linker's search, and nothing names a place of this machine.

use crate::args::ld_options::{self, Item, LdOption, LdRole};
use crate::args::lexer::{Arg, lex};
use crate::args::option_table::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where a kit has archives, which another directory goes before.
pub(super) const LIBRARIES: &str = "lib";
/// Where it has all other inputs.
const OBJECTS: &str = "objects";
/// Where it has what this program made for the link.
pub(super) const MADE: &str = "staticcxx";

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileOwner {
    /// A package of the machine's, or the toolchain.
    Package,
    /// This program.
    Us,
    /// The project, or nobody known.
    Project,
}

/// Linker options whose value is a file that is read, without dashes.
const READ: [&str; 12] = [
    "T",
    "R",
    "c",
    "dT",
    "default-script",
    "dynamic-list",
    "export-dynamic-symbol-list",
    "just-symbols",
    "mri-script",
    "retain-symbols-file",
    "script",
    "version-script",
];
/// Those whose value is a file that is written.
const WRITTEN: [&str; 4] = ["Map", "dependency-file", "out-implib", "print-map-file"];
/// Beginnings of words that only compiling needs, and that name directories of this machine.
const COMPILES: [&str; 13] = [
    "-D",
    "-I",
    "-M",
    "-U",
    "-fdebug-prefix-map=",
    "-ffile-prefix-map=",
    "-fmacro-prefix-map=",
    "-fprofile-prefix-map=",
    "-idirafter",
    "-imacros",
    "-include",
    "-iquote",
    "-isystem",
];

/// What is known of the link.
pub(super) struct KitScene<'a> {
    pub owner: &'a dyn Fn(&Path) -> FileOwner,
    /// Whether a file is only there for the note of parts.
    pub is_note: &'a dyn Fn(&Path) -> bool,
    /// All directories that the linker searches, in order.
    pub dirs: &'a [PathBuf],
    /// Those that it searches by itself.
    pub searched: &'a [PathBuf],
}

/// The words of a kit, and the files that they name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct KitWords {
    /// For the compiler, with paths from the kit's directory; without an output.
    pub words: Vec<OsString>,
    /// Files by their paths in the kit.
    pub files: BTreeMap<PathBuf, PathBuf>,
    /// Directories with libraries of packages that the linker does not search by itself.
    pub dirs: BTreeSet<PathBuf>,
}

/// Makes them of the words of a planned link.
pub(super) fn kit_words(argv: &[OsString], scene: &KitScene<'_>) -> KitWords {
    let items = ld_options::split(&lex(argv));
    let options = ld_options::options(&items);
    let mut builder = Builder { scene, search: search(&items, &options, scene), kit: KitWords::default() };
    let by_item: BTreeMap<usize, &LdOption> = options.iter().map(|option| (option.at, option)).collect();
    let by_value: BTreeMap<usize, &LdOption> = options.iter().filter_map(|o| Some((o.value_at?, o))).collect();
    let mut kept = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Arg(arg) => kept.extend(builder.argument(arg)),
            Item::Word { text, carrier, origin } => {
                let text = match (by_item.get(&at), by_value.get(&at)) {
                    (Some(option), _) => builder.option(option, text),
                    (_, Some(option)) => builder.value(option, items.get(option.at), text),
                    _ => builder.plain(text),
                };
                kept.extend(text.map(|text| Item::Word { text, carrier: *carrier, origin: *origin }));
            }
        }
    }
    builder.kit.words = ld_options::join(&kept);
    builder.kit
}

/// Where libraries are looked for.
fn search(items: &[Item], options: &[LdOption], scene: &KitScene<'_>) -> Vec<PathBuf> {
    let of_arg = |item: &Item| match item {
        Item::Arg(arg) if arg.role() == Some(Role::LibraryDir) => arg.value().map(PathBuf::from),
        _ => None,
    };
    let of_word =
        options.iter().filter(|o| o.role == LdRole::LibraryDir).filter_map(|o| Some((o.at, o.value.clone()?)));
    let mut found: BTreeMap<usize, PathBuf> = of_word.map(|(at, dir)| (at, dir.into())).collect();
    found.extend(items.iter().enumerate().filter_map(|(at, item)| Some((at, of_arg(item)?))));
    found.into_values().chain(scene.dirs.iter().cloned()).collect()
}

struct Builder<'a> {
    scene: &'a KitScene<'a>,
    search: Vec<PathBuf>,
    kit: KitWords,
}

impl Builder<'_> {
    /// What stands for an argument of the driver.
    fn argument(&mut self, arg: &Arg) -> Vec<Item> {
        let word = arg.word.as_bytes();
        match arg.role() {
            Some(Role::Output | Role::LibraryDir) => Vec::new(),
            Some(Role::Library) => {
                let Some(place) = arg.value().and_then(|name| self.library(name)) else {
                    return vec![Item::Arg(arg.clone())];
                };
                vec![Item::arg(place)]
            }
            Some(Role::LinkerScript) => match arg.value().filter(|file| Path::new(file).is_file()) {
                Some(script) => vec![Item::arg("-T"), Item::arg(self.copied(Path::new(script), OBJECTS))],
                None => vec![Item::Arg(arg.clone())],
            },
            _ if COMPILES.iter().any(|start| word.starts_with(start.as_bytes())) => Vec::new(),
            _ if arg.is_input() => self.plain(&arg.word).map(Item::arg).into_iter().collect(),
            _ => vec![Item::Arg(arg.clone())],
        }
    }

    /// What stands for an option of the linker.
    fn option(&mut self, option: &LdOption, text: &OsStr) -> Option<OsString> {
        if option.role == LdRole::LibraryDir || is_one_of(text, &WRITTEN) {
            return None;
        }
        let attached = option.value.as_ref().filter(|_| option.value_at.is_none());
        let replaced = match attached {
            Some(name) if option.role == LdRole::Library => return Some(self.library(name).unwrap_or(text.to_owned())),
            Some(file) if is_one_of(text, &READ) && Path::new(file).is_file() => {
                (self.copied(Path::new(file), OBJECTS), file.len())
            }
            _ => return Some(text.to_owned()),
        };
        let (place, length) = replaced;
        let head = text.as_bytes().get(..text.len().checked_sub(length)?)?;
        Some([OsStr::from_bytes(head), place.as_os_str()].into_iter().collect())
    }

    /// What stands for the value of an option that is a word of its own.
    fn value(&mut self, option: &LdOption, name: Option<&Item>, text: &OsStr) -> Option<OsString> {
        let Some(Item::Word { text: name, .. }) = name else { return Some(text.to_owned()) };
        if option.role == LdRole::LibraryDir || is_one_of(name, &WRITTEN) {
            return None;
        }
        if option.role == LdRole::Library {
            // `-l` and a name: a file of the kit's has the same name, or its own through a second search.
            self.library(text);
            return Some(text.to_owned());
        }
        let is_read = is_one_of(name, &READ) && Path::new(text).is_file();
        Some(if is_read { self.copied(Path::new(text), OBJECTS).into() } else { text.to_owned() })
    }

    /// What stands for a word that may be an input.
    fn plain(&mut self, text: &OsStr) -> Option<OsString> {
        let path = Path::new(text);
        if text.as_bytes().starts_with(b"-") {
            return Some(text.to_owned()).filter(|_| !is_one_of(text, &WRITTEN));
        }
        if !path.is_file() {
            return Some(text.to_owned());
        }
        if (self.scene.is_note)(path) {
            return None;
        }
        let name = path.file_name().unwrap_or_default();
        let owner = (self.scene.owner)(path);
        if owner == FileOwner::Us {
            return Some(self.copied(path, MADE).into());
        }
        if owner == FileOwner::Package {
            if !is_archive(path) {
                return Some(real(path).into());
            }
            self.add_dir(path);
            return Some(by_name(name));
        }
        if !is_archive(path) {
            return Some(self.copied(path, OBJECTS).into());
        }
        let place = self.copied(path, LIBRARIES);
        Some(if place == Path::new(LIBRARIES).join(name) { by_name(name) } else { place.into() })
    }

    /// Finds a library by its name, as the linker would. Gives what stands for it, if that is not the same name.
    fn library(&mut self, name: &OsStr) -> Option<OsString> {
        let file: OsString = match name.as_bytes().strip_prefix(b":") {
            Some(file) => OsStr::from_bytes(file).to_owned(),
            None => [OsStr::new("lib"), name, OsStr::new(".a")].into_iter().collect(),
        };
        let found = self.search.iter().map(|dir| dir.join(&file)).find(|path| path.is_file())?;
        let owner = (self.scene.owner)(&found);
        if owner == FileOwner::Package {
            self.add_dir(&found);
            return None;
        }
        let place = self.copied(&found, if owner == FileOwner::Us { MADE } else { LIBRARIES });
        (place != Path::new(LIBRARIES).join(&file)).then(|| place.into())
    }

    /// The place of a file in the kit.
    fn copied(&mut self, from: &Path, into: &str) -> PathBuf {
        let name = from.file_name().unwrap_or_default();
        let from = real(from);
        let place = |number: usize| match number {
            1 => Path::new(into).join(name),
            _ => Path::new(into).join(number.to_string()).join(name),
        };
        let is_free = |place: &PathBuf| self.kit.files.get(place).is_none_or(|other| *other == from);
        let place = (1..).map(place).find(is_free).unwrap_or_default();
        self.kit.files.insert(place.clone(), from);
        place
    }

    /// Lets the linker search the directory of a package's library, if it does not.
    fn add_dir(&mut self, library: &Path) {
        let Some(dir) = library.parent().map(real) else { return };
        if !self.scene.searched.iter().any(|searched| real(searched) == dir) {
            self.kit.dirs.insert(dir);
        }
    }
}

/// `-l:libz.a`.
fn by_name(file: &OsStr) -> OsString {
    [OsStr::new("-l:"), file].into_iter().collect()
}

/// Whether a word is one of these options of the linker, with a value or without.
fn is_one_of(text: &OsStr, names: &[&str]) -> bool {
    let word = text.as_bytes();
    let Some(name) = word.strip_prefix(b"--").or(word.strip_prefix(b"-")) else { return false };
    let name = name.split(|b| *b == b'=').next().unwrap_or_default();
    // `-Tscript`: the value of one letter is joined.
    let joined = |option: &&str| option.len() == 1 && word.starts_with(&[b"-", option.as_bytes()].concat());
    names.iter().any(|option| option.as_bytes() == name || joined(option) && !word.starts_with(b"--"))
}

/// The first bytes of archives, and of those that name their members' files instead of holding them.
pub(super) const THIN: &[u8] = b"!<thin>\n";
const ARCHIVE: &[u8] = b"!<arch>\n";

fn is_archive(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    // Linker scripts may have an archive's name.
    let script = || path.extension().is_some_and(|end| end == "a");
    read.is_ok() && (head == ARCHIVE || head == THIN) || script()
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a project and a place for packages; words as text.
    fn kit(words: &[&str]) -> (tempfile::TempDir, KitWords) {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["a", "b", "usr", "opt"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        for name in ["a/m.o", "b/m.o", "a/x y\n.o", "exports", "main"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        for name in ["a/libq.a", "b/libq.a", "usr/libz.a", "usr/libs.a", "opt/libs.a", "opt/libo.a"] {
            fs::write(dir.path().join(name), "!<arch>\n").unwrap();
        }
        fs::write(dir.path().join("a/parts.o"), "").unwrap();
        let at = dir.path().display().to_string();
        let argv: Vec<OsString> = words.iter().map(|w| w.replace("DIR", &at).into()).collect();
        let usr = [dir.path().join("usr")];
        let owner = |path: &Path| match path.starts_with(&usr[0]) || path.ends_with("opt/libo.a") {
            true => FileOwner::Package,
            false if path.ends_with("b/m.o") && words.contains(&"ours") => FileOwner::Us,
            false => FileOwner::Project,
        };
        let is_note = |path: &Path| path.ends_with("parts.o");
        let scene = KitScene { owner: &owner, is_note: &is_note, dirs: &usr, searched: &usr };
        let made = kit_words(&argv, &scene);
        (dir, made)
    }

    fn words(of: &[&str]) -> Vec<String> {
        kit(of).1.words.iter().map(|w| w.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn own_files_are_the_kit_s_and_libraries_of_packages_are_found() {
        let (dir, made) = kit(&[
            "-static-pie",
            "-O2",
            "-IDIR/a",
            "-DX",
            "DIR/a/m.o",
            "DIR/b/m.o",
            "DIR/a/x y\n.o",
            "-Wl,DIR/a/parts.o",
            "-LDIR/opt",
            "-L",
            "DIR/b",
            "DIR/usr/libz.a",
            "-lq",
            "-ls",
            "-lo",
            "-lnone",
            "-o",
            "DIR/prog",
            "DIR/a/m.o",
        ]);
        let expected = [
            "-static-pie",
            "-O2",
            "objects/m.o",
            "objects/2/m.o",
            "objects/x y\n.o",
            "-l:libz.a",
            "-lq",
            "-ls",
            "-lo",
            "-lnone",
            "objects/m.o",
        ];
        assert_eq!(made.words, expected.map(OsString::from));
        let dir = fs::canonicalize(dir.path()).unwrap();
        assert_eq!(made.files.get(Path::new("objects/2/m.o")), Some(&dir.join("b/m.o")));
        assert_eq!(made.files.get(Path::new("lib/libq.a")), Some(&dir.join("b/libq.a")));
        assert_eq!(made.files.get(Path::new("lib/libs.a")), Some(&dir.join("opt/libs.a")));
        assert_eq!((made.files.len(), made.dirs), (5, BTreeSet::from([dir.join("opt")])));
    }

    #[test]
    fn archives_of_one_name_are_told_apart() {
        assert_eq!(words(&["DIR/a/libq.a", "DIR/b/libq.a"]), ["-l:libq.a", "lib/2/libq.a"]);
        assert_eq!(words(&["DIR/a/libq.a", "-LDIR/b", "-lq"]), ["-l:libq.a", "lib/2/libq.a"]);
        assert_eq!(words(&["-LDIR/a", "-l:libq.a", "DIR/a/libq.a"]), ["-l:libq.a", "-l:libq.a"]);
    }

    #[test]
    fn words_for_the_linker() {
        assert_eq!(
            words(&["-Wl,--whole-archive,DIR/a/libq.a,--no-whole-archive", "-Xlinker", "DIR/b/m.o"]),
            ["-Wl,--whole-archive,-l:libq.a,--no-whole-archive", "-Xlinker", "objects/m.o"]
        );
        assert_eq!(
            words(&["-Wl,--version-script=DIR/exports", "-Wl,--version-script,DIR/exports", "-T", "DIR/exports"]),
            ["-Wl,--version-script=objects/exports", "-Wl,--version-script,objects/exports", "-T", "objects/exports"]
        );
        assert_eq!(
            words(&[
                "-Wl,-Map=DIR/x.map,-z,now",
                "-Wl,-Map,x.map",
                "-Wl,--dependency-file=d",
                "-Wl,-LDIR/a,-lq",
                "-Wl,-L,DIR/b"
            ]),
            ["-Wl,-z,now", "-Wl,-lq"]
        );
        assert_eq!(words(&["ours", "DIR/b/m.o"]), ["ours", "staticcxx/m.o"]);
        // A symbol is no file, whatever is in the directory.
        assert_eq!(words(&["-Wl,-e,DIR/main", "-u", "DIR/main"]).len(), 3);
    }

    #[test]
    fn nothing_of_the_machine_is_named() {
        let (dir, made) = kit(&[
            "DIR/a/m.o",
            "-LDIR/a",
            "-lq",
            "-isystem",
            "DIR/a",
            "-ffile-prefix-map=DIR=.",
            "-MF",
            "DIR/d",
            "-oDIR/x",
        ]);
        let at = dir.path().display().to_string();
        assert!(made.words.iter().all(|w| !w.to_str().unwrap().contains(&at)), "{:?}", made.words);
    }
}

//! Descriptors: a toolchain as data. The fields are documented in `toolchains/README.md`.

use super::recipe::{Allocator, FastFunctions, Recipe};
use crate::model::{Family, Language, Libc, StaticKind};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The supported schema version.
pub(crate) const SCHEMA: u32 = 1;

/// Which directories are searched for libraries besides `-L`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HeaderSearch {
    /// Those that compiler and linker report.
    #[default]
    Compiler,
    /// Those of `libc_dirs` that exist.
    LibcDirs,
    /// None.
    None,
}

/// A parsed toolchain descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Descriptor {
    /// Schema version.
    pub schema: u32,
    /// Name, possibly with `{arch}`.
    pub name: String,
    /// One line.
    pub description: String,
    /// Languages that it compiles.
    pub languages: Vec<Language>,
    /// Candidate commands per language.
    pub find: BTreeMap<Language, Vec<Vec<String>>>,
    /// The target triple; by default the compiler is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The libc; by default it is probed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libc: Option<Libc>,
    /// The compiler family; by default it is probed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Put before the arguments of every call.
    #[serde(default)]
    pub compile_args: Vec<String>,
    /// Directories of the libc's own files.
    #[serde(default)]
    pub libc_dirs: Vec<PathBuf>,
    /// Which directories are searched for libraries.
    #[serde(default)]
    pub search: HeaderSearch,
    /// How each kind of program is linked.
    pub kinds: BTreeMap<StaticKind, Recipe>,
    /// Package manager → install command.
    #[serde(default)]
    pub install: BTreeMap<String, String>,
    /// The allocator for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocator: Option<Allocator>,
    /// Functions that are faster than libc's, for a program's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<FastFunctions>,
    /// An archive of functions that programs expect of a libc and this one lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compat: Option<PathBuf>,
    /// The prefix for libraries that the user builds with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<PathBuf>,
    /// The compiler that it was built with: path, size and modification time at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_with: Option<(PathBuf, u64, i64)>,
    /// The manifest of its inputs: [`crate::install::Manifest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<PathBuf>,
    /// The manifest of a packed toolchain: [`crate::pack::PackManifest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<PathBuf>,
    /// What was measured when it was packed: [`super::packed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<PathBuf>,
}

/// In a descriptor file the directory that it is in.
pub(crate) const HERE: &str = "{here}";

/// Why a descriptor can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DescriptorError {
    #[error("toolchain descriptor `{}`: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    /// It does not match the schema; the error names the field.
    #[error("toolchain descriptor `{}`: {error}", path.display())]
    Broken { path: PathBuf, error: String },
    /// A value is invalid.
    #[error("toolchain descriptor `{}`: field `{field}`: {problem}", path.display())]
    Senseless { path: PathBuf, field: &'static str, problem: String },
}

/// Built-in descriptors, in the order in which `auto` tries them.
static EMBEDDED: [(&str, &str); 6] = [
    ("host-gcc.json", include_str!("../../toolchains/host-gcc.json")),
    ("host-clang.json", include_str!("../../toolchains/host-clang.json")),
    ("linux-musl-cross.json", include_str!("../../toolchains/linux-musl-cross.json")),
    ("musl-gcc.json", include_str!("../../toolchains/musl-gcc.json")),
    ("linux-gnu-cross.json", include_str!("../../toolchains/linux-gnu-cross.json")),
    ("zig.json", include_str!("../../toolchains/zig.json")),
];

/// Architectures by their names in triples.
pub(crate) const ARCHES: [&str; 10] =
    ["x86_64", "aarch64", "i686", "arm", "riscv64", "powerpc64le", "s390x", "loongarch64", "mips64el", "armv7l"];

impl Descriptor {
    /// Parses a descriptor; `path` is for messages.
    ///
    /// # Errors
    /// Text that does not match the schema, with the field.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Descriptor, DescriptorError> {
        let broken = |error: String| DescriptorError::Broken { path: path.into(), error };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| broken(e.to_string()))?;
        let d: Descriptor = serde_path_to_error::deserialize(value).map_err(|e| broken(e.to_string()))?;
        let senseless = |field, problem: &str| {
            Err(DescriptorError::Senseless { path: path.into(), field, problem: problem.into() })
        };
        if d.schema != SCHEMA {
            return senseless("schema", &format!("is {}, this version reads {SCHEMA}", d.schema));
        }
        if d.name.is_empty() || d.name.contains(['/', '\n']) {
            return senseless("name", "is empty or contains a slash");
        }
        if d.kinds.is_empty() {
            return senseless("kinds", "names neither `static` nor `static-pie`");
        }
        if let Some(language) = d.languages.iter().find(|l| d.find.get(l).is_none_or(Vec::is_empty)) {
            return senseless("find", &format!("has no command for {language}"));
        }
        if d.find.values().flatten().any(Vec::is_empty) {
            return senseless("find", "has an empty command");
        }
        Ok(d)
    }

    /// Reads a descriptor file.
    ///
    /// # Errors
    /// As [`Descriptor::parse`], and a file that can't be read.
    pub(crate) fn load(path: &Path) -> Result<Descriptor, DescriptorError> {
        let unreadable = |error| DescriptorError::Unreadable { path: path.into(), error };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        if !text.contains(HERE) {
            return Descriptor::parse(&text, path);
        }
        let file = std::path::absolute(path).map_err(unreadable)?;
        let here = file.parent().unwrap_or(Path::new("/")).to_str().ok_or_else(|| DescriptorError::Senseless {
            path: path.into(),
            field: HERE,
            problem: "stands for a path that is not UTF-8".into(),
        })?;
        Descriptor::parse(&at_home(&text, here), path)
    }

    /// The descriptor for one architecture: with `{arch}` and `{arch-dashed}` replaced everywhere.
    pub(crate) fn for_arch(&self, arch: &str) -> Descriptor {
        let fill = |s: &String| s.replace("{arch}", arch).replace("{arch-dashed}", &arch.replace('_', "-"));
        let fill_all = |l: &Vec<String>| l.iter().map(fill).collect::<Vec<_>>();
        let mut d = self.clone();
        d.name = fill(&d.name);
        d.target = d.target.as_ref().map(fill);
        d.compile_args = fill_all(&d.compile_args);
        d.libc_dirs = d.libc_dirs.iter().map(|p| PathBuf::from(fill(&p.to_string_lossy().into_owned()))).collect();
        for commands in d.find.values_mut() {
            for words in commands.iter_mut() {
                *words = fill_all(words);
            }
        }
        for recipe in d.kinds.values_mut() {
            recipe.before = fill_all(&recipe.before);
            recipe.after = fill_all(&recipe.after);
        }
        for command in d.install.values_mut() {
            *command = fill(command);
        }
        d
    }

    /// Whether the name stands for one toolchain per architecture.
    pub(crate) fn is_family(&self) -> bool {
        self.name.contains("{arch}")
    }
}

/// JSON text with [`HERE`] replaced by a path.
pub(crate) fn at_home(text: &str, here: &str) -> String {
    // At the root of a file system the slash that follows is enough.
    text.replace(HERE, &in_json(here.trim_end_matches('/')))
}

/// A text as it is between the quotes of JSON.
pub(super) fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// All descriptors: the user's own first, then those of built toolchains, then those that were installed beside this
/// program or with it in one tree, which all replace built-in ones of the same name.
///
/// # Errors
/// The first broken file of the user's.
pub(crate) fn all(settings: &Settings) -> Result<Vec<Descriptor>, DescriptorError> {
    let built = built(settings.data_dir.as_deref()).into_iter();
    let installed = installed_with(settings.program_dir.as_deref());
    let own = settings.program_dir.as_deref().and_then(Path::parent).map(in_directory).unwrap_or_default();
    let files = user_files(settings.config_dir.as_deref()).into_iter().chain(built).chain(installed).chain(own);
    let mut found = files.collect::<Vec<_>>().iter().map(|p| Descriptor::load(p)).collect::<Result<Vec<_>, _>>()?;
    for (name, text) in EMBEDDED {
        let d = Descriptor::parse(text, Path::new(name))?;
        if found.iter().all(|f| f.name != d.name) {
            found.push(d);
        }
    }
    Ok(found)
}

/// The descriptor of a name that is not a family's. Without files of the user's only that one is parsed, to keep
/// compile calls fast.
///
/// # Errors
/// As [`all`].
pub(crate) fn simple(config_dir: Option<&Path>, name: &str) -> Result<Option<Descriptor>, DescriptorError> {
    if user_files(config_dir).is_empty()
        && let Some((file, text)) = EMBEDDED.iter().find(|(file, _)| file.strip_suffix(".json") == Some(name))
    {
        let d = Descriptor::parse(text, Path::new(file))?;
        return Ok(Some(d).filter(|d| d.name == name));
    }
    Ok(None)
}

fn user_files(config_dir: Option<&Path>) -> Vec<PathBuf> {
    let Some(entries) = config_dir.and_then(|d| fs::read_dir(d.join("toolchains")).ok()) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

/// The descriptor files of built toolchains.
fn built(data_dir: Option<&Path>) -> Vec<PathBuf> {
    built_below(data_dir.map(|d| d.join("toolchains")).as_deref())
}

/// Where toolchains are that were installed with this program, below its prefix: as a package for Python does.
const INSTALLED: &str = "lib/staticcxx/toolchains";

/// The directory in which Node's packages lie beside each other, and the beginning of the name of the one that has toolchains.
const NODE_MODULES: &str = "node_modules";
const NODE_PACKAGE: &str = "staticcxx-toolchain-linux";

/// The descriptor files of toolchains that were installed with this program: below its own prefix, and where it is in a
/// package for Node, below the package beside it.
fn installed_with(program_dir: Option<&Path>) -> Vec<PathBuf> {
    let Some(dir) = program_dir else { return Vec::new() };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("{NODE_PACKAGE}-{arch}");
    let own = dir.parent().map(Path::to_owned);
    let beside = dir.ancestors().filter(|dir| dir.ends_with(NODE_MODULES)).map(|dir| dir.join(&package));
    own.into_iter().chain(beside).flat_map(|prefix| built_below(Some(&prefix.join(INSTALLED)))).collect()
}

fn built_below(toolchains: Option<&Path>) -> Vec<PathBuf> {
    let Some(entries) = toolchains.and_then(|d| fs::read_dir(d).ok()) else { return Vec::new() };
    let mut dirs: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    dirs.sort();
    dirs.iter().flat_map(|dir| in_directory(dir)).collect()
}

/// The descriptor files of one toolchain: `toolchain.json` first, then those of its other compilers and targets.
pub(crate) fn in_directory(dir: &Path) -> Vec<PathBuf> {
    let is_descriptor = |path: &PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name == FIRST || (name.starts_with("toolchain-") && name.ends_with(".json"))
    };
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).filter(is_descriptor).collect();
    files.sort_by_key(|path| (path.file_name() != Some(OsStr::new(FIRST)), path.clone()));
    files
}

/// The name of a toolchain's first descriptor file.
pub(crate) const FIRST: &str = "toolchain.json";

/// The toolchain of a name; a family's is for the architecture in the name.
pub(crate) fn named(descriptors: &[Descriptor], name: &str, host: &str) -> Option<Descriptor> {
    descriptors.iter().find_map(|d| {
        if !d.is_family() {
            return (d.name == name).then(|| d.for_arch(host));
        }
        let (head, tail) = d.name.split_once("{arch}")?;
        let arch = name.strip_prefix(head)?.strip_suffix(tail)?;
        let sound = !arch.is_empty() && arch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        sound.then(|| d.for_arch(arch))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_descriptor_is_sound() {
        let all = all(&Settings::default()).unwrap();
        assert_eq!(all.len(), EMBEDDED.len());
        for d in &all {
            assert_eq!(*d, Descriptor::parse(&serde_json::to_string(d).unwrap(), Path::new("x")).unwrap());
        }
    }

    #[test]
    fn a_broken_descriptor_names_file_and_field() {
        let good: serde_json::Value = serde_json::from_str(EMBEDDED[0].1).unwrap();
        let with = |key: &str, value: serde_json::Value| {
            let mut v = good.clone();
            v[key] = value;
            Descriptor::parse(&v.to_string(), Path::new("/u/x.json")).unwrap_err().to_string()
        };
        for (key, value, expected) in [
            ("colour", 1.into(), "unknown field `colour`"),
            ("schema", 2.into(), "field `schema`"),
            ("languages", "c".into(), "expected a sequence"),
            ("libc", "newlib".into(), "unknown variant `newlib`"),
            ("kinds", serde_json::json!({}), "field `kinds`"),
            ("find", serde_json::json!({"c": [["cc"]]}), "field `find`"),
            ("name", "a/b".into(), "field `name`"),
        ] {
            let text = with(key, value);
            assert!(text.contains("/u/x.json") && text.contains(expected), "{key}: {text}");
        }
    }

    #[test]
    fn a_descriptor_knows_where_it_is() {
        let t = tempfile::tempdir().unwrap();
        let dir = t.path().join("a \"b\"");
        fs::create_dir(&dir).unwrap();
        let text = EMBEDDED[0].1.replace("[\"cc\"]", "[\"{here}/bin/cc\"]");
        fs::write(dir.join("toolchain-x.json"), &text).unwrap();
        fs::write(dir.join("toolchain.json"), &text).unwrap();
        fs::write(dir.join("other.json"), &text).unwrap();
        let files = in_directory(&dir);
        assert_eq!(files, ["toolchain.json", "toolchain-x.json"].map(|f| dir.join(f)));
        let d = Descriptor::load(&files[0]).unwrap();
        assert_eq!(d.find[&Language::C][0], [dir.join("bin/cc").to_str().unwrap()]);
        assert_eq!(at_home("\"{here}/bin\"", "/"), "\"/bin\"");
    }

    #[test]
    fn a_family_is_filled_in_for_the_architecture_of_the_name() {
        let all = all(&Settings::default()).unwrap();
        let d = named(&all, "riscv64-linux-musl", "x86_64").unwrap();
        assert_eq!(d.find[&Language::Cxx], [["riscv64-linux-musl-g++"]]);
        assert_eq!(named(&all, "host-gcc", "x86_64").unwrap().name, "host-gcc");
        assert!(named(&all, "nonsense", "x86_64").is_none());
    }

    #[test]
    fn a_file_of_the_user_replaces_an_embedded_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("toolchains")).unwrap();
        let text = EMBEDDED[0].1.replace("the machine's own compiler", "mine");
        fs::write(dir.path().join("toolchains/mine.json"), text).unwrap();
        let all = all(&Settings { config_dir: Some(dir.path().into()), ..Settings::default() }).unwrap();
        assert_eq!(all.iter().filter(|d| d.name == "host-gcc").count(), 1);
        assert!(all[0].description.starts_with("mine"));
    }

    #[test]
    fn what_was_installed_with_the_program_is_found() {
        let t = tempfile::tempdir().unwrap();
        let arch = if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" };
        let package = format!("p/node_modules/{NODE_PACKAGE}-{arch}");
        for prefix in ["venv", &package] {
            let dir = t.path().join(prefix).join(INSTALLED).join("t");
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(FIRST), "{}").unwrap();
        }
        for (bin, found) in [
            ("venv/bin", Some("venv")),
            ("p/node_modules/staticcxx-linux/bin", Some(package.as_str())),
            ("p/node_modules/.store/staticcxx-linux/node_modules/staticcxx-linux/bin", Some(package.as_str())),
            ("p/bin", None),
        ] {
            let files = installed_with(Some(&t.path().join(bin)));
            let expected = found.map(|prefix| t.path().join(prefix).join(INSTALLED).join("t").join(FIRST));
            assert_eq!(files, expected.into_iter().collect::<Vec<_>>(), "{bin}");
        }
        assert!(installed_with(None).is_empty());
    }
}

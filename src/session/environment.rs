//! The variables that a build gets, each with its reason. What the user has set comes in as a value.

use super::cross_target::CrossTarget;
use super::shim_dir::{GO_TOOLEXEC, SHIM_DIR, ShimDir, ShimDirContent};
use super::templates::TemplateValues;
use super::{compiler_names, own_programs, shim_dir, templates, tools};
use crate::model::Language;
use crate::options;
use crate::repairs;
use crate::run::{self, Command};
use crate::settings::{self, COMPILER_PATH, Settings};
use crate::toolchain::descriptor_path::from_anywhere;
use crate::toolchain::front_end::{self, STATICFC};
use crate::toolchain::{self, CallNeed, Invocation, SelectError, find};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub name: String,
    pub value: OsString,
}

/// What a build is given.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The variables, PATH first.
    pub variables: Vec<Variable>,
    /// What the variables lead to.
    pub shims: ShimDir,
    /// What is wrong with the toolchain, reported before the build starts.
    pub warnings: Vec<String>,
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// The toolchain that was asked for can't be had.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The drivers are not next to `staticctl`.
    #[error("`{}` is missing: the drivers are expected next to `staticctl`", path.display())]
    NoDriver {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// No directory for the names.
    #[error("no directory for the compilers' names can be created: {0}")]
    NoShimDir(#[from] io::Error),
}

impl EnvironmentError {
    /// What to do, where that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            EnvironmentError::Select(error) => error.hint(),
            EnvironmentError::NoDriver { .. } => {
                Some("put all of its names into one directory: staticctl shims --install".into())
            }
            EnvironmentError::NoShimDir(_) => Some("set XDG_CACHE_HOME or TMPDIR to a writable directory".into()),
        }
    }
}

/// The drivers with the toolchain that was asked for, by name: what a file leads to must not forget it.
const BOUND_CC: &str = "toolchain-cc";
const BOUND_CXX: &str = "toolchain-c++";

/// The file for CMake, in a shim directory.
const CMAKE_FILE: &str = "cmake-toolchain.cmake";

/// The site file of Autoconf's configure, in a shim directory.
const CONFIG_SITE: &str = "config.site";

/// What SCons reads at its start, in a shim directory.
const SCONS_SITE: &str = "scons-site/site_init.py";

/// Variables of the user's that matter to ours.
const GIVEN: [&str; 18] = [
    "AR",
    "CC",
    "CGO_ENABLED",
    "CMAKE_TOOLCHAIN_FILE",
    COMPILER_PATH,
    "CONFIG_SITE",
    "CXX",
    "F77",
    "FC",
    "GOFLAGS",
    "LD",
    "NM",
    "PKG_CONFIG",
    "RANLIB",
    "SCONSFLAGS",
    options::CC.name,
    options::CXX.name,
    options::FC.name,
];

/// A variable by which builds choose a compiler.
#[derive(Debug, Clone, Copy)]
struct DriverVariable {
    variable: &'static str,
    language: Language,
    /// Our driver.
    program: &'static str,
    /// The variable for the compiler behind it.
    real: &'static str,
}

const DRIVERS: [DriverVariable; 2] = [
    DriverVariable { variable: "CC", language: Language::C, program: "staticcc", real: options::CC.name },
    DriverVariable { variable: "CXX", language: Language::Cxx, program: "staticcxx", real: options::CXX.name },
];

/// The places and values that the variables are made from.
#[derive(Debug)]
struct Ground {
    /// The directory of our drivers.
    home: PathBuf,
    /// PATH without shim directories.
    path: OsString,
    tools: Vec<(&'static str, PathBuf)>,
    /// The names of the compilers for C and C++ in the shim directory, by which tools know them.
    names: [Option<&'static str>; 2],
    /// There is a Fortran compiler, and our driver for it.
    fortran: bool,
    given: BTreeMap<String, OsString>,
    /// A toolchain was chosen, here or before.
    chosen: bool,
    /// The toolchain for this run.
    toolchain: Option<OsString>,
    /// The target of the programs, where it is not this machine.
    cross: Option<CrossTarget>,
}

impl Ground {
    /// Our driver under the name of the compiler behind it, by which tools know it (Conan, Nuitka), in the directory of
    /// names; under its own where the compiler has no such name.
    fn compiler(&self, bin: &Path, driver: DriverVariable) -> OsString {
        let known = match driver.language {
            Language::C => self.names[0],
            Language::Cxx => self.names[1],
        };
        known.map_or_else(|| plain_or_name(&self.home, driver.program), |name| plain_or_name(bin, name))
    }
}

/// The name of the compiler behind a driver, if the directory of names has it.
fn name_behind(ground: &Ground, compiler: Option<&Path>, driver: DriverVariable) -> Option<&'static str> {
    let users = ground.given.get(driver.real).or(ground.given.get(driver.variable)).filter(|v| !is_driver(v));
    let users = users.map(|line| find::split(line).unwrap_or_default()).unwrap_or_default();
    let of = |word: &OsString| compiler_names::known_name(Path::new(word), driver.language);
    let name = match users.is_empty() || ground.toolchain.is_some() {
        true => compiler_names::known_name(compiler?, driver.language)?,
        // `ccache clang -m32`
        false => users.iter().find_map(of)?,
    };
    (ground.chosen || has(&ground.path, name)).then_some(name)
}

/// Prepares a build's environment: chooses the toolchain, writes the shim directory, makes the variables.
///
/// # Errors
/// No toolchain of that name, no drivers, no place for the shim directory.
pub(crate) fn prepare(settings: &Settings, wanted: Option<&OsStr>) -> Result<Environment, EnvironmentError> {
    let (ground, values, warnings) = ground(settings, wanted)?;
    let content = content(&ground, &values);
    let shims = shim_dir::write_shim_dir(settings, &content)?;
    let variables = variables(&ground, &shims, content.scripts.contains_key(OsStr::new("pkg-config")));
    Ok(Environment { variables, shims, warnings })
}

/// The values of files for CMake, Meson and others, for builds that name such a file themselves.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn file_values(settings: &Settings, wanted: Option<&OsStr>) -> Result<TemplateValues, EnvironmentError> {
    // A file that is read where the variable is not set must not forget what it says.
    let (ground, values, _) = ground(settings, wanted.or(settings.toolchain.as_deref()))?;
    let shims = shim_dir::write_shim_dir(settings, &content(&ground, &values))?;
    // A file that stays must not name a directory that goes.
    if ground.toolchain.is_some() && !shims.is_kept() {
        return Err(EnvironmentError::NoShimDir(io::Error::other("the cache directory can't be written")));
    }
    let pkg_config = values.pkg_config.clone().filter(|_| shims.is_kept());
    let dir = shims.file("").to_string_lossy().trim_end_matches('/').to_owned();
    let filled = |value: String| value.replace(SHIM_DIR, &dir);
    Ok(TemplateValues {
        cc: filled(values.cc),
        cxx: filled(values.cxx),
        pkg_config: pkg_config.map(filled),
        toolchain_file: filled(values.toolchain_file),
        include: None,
        ..values
    })
}

fn content(ground: &Ground, values: &TemplateValues) -> ShimDirContent {
    let packages = ground.cross.as_ref().map(|cross| cross.packages.as_os_str());
    let mut content = shim_dir::content(&ground.home, &ground.path, ground.chosen, packages);
    if let Some(toolchain) = &ground.toolchain {
        for (name, driver) in [(BOUND_CC, "staticcc"), (BOUND_CXX, "staticcxx")] {
            content.scripts.insert(name.into(), templates::bound(&ground.home.join(driver), toolchain));
        }
    }
    content.files.insert(CMAKE_FILE, templates::cmake(values));
    content.files.insert("meson-native.ini", templates::meson(values));
    content.files.insert(CONFIG_SITE, config_site(ground, values));
    content.files.insert(SCONS_SITE, templates::SCONS.replace("@BIN@", &format!("{SHIM_DIR}/bin")));
    content
}

/// The site file for Autoconf's configure: it must know what [`variables`] sets.
fn config_site(ground: &Ground, values: &TemplateValues) -> String {
    let arch = values.processor.as_deref().unwrap_or(std::env::consts::ARCH);
    let bin = PathBuf::from(format!("{SHIM_DIR}/bin"));
    let drivers = DRIVERS.map(|driver| (driver.variable, ground.compiler(&bin, driver)));
    // A compiler of the user's is called by ours, for any system.
    let by_run = drivers.iter().filter(|(name, _)| ground.given.get(*name).is_none_or(|v| is_driver(v)));
    let mut ours: Vec<(&str, String)> = by_run.map(|(n, v)| (*n, v.to_string_lossy().into_owned())).collect();
    let tools = ground.tools.iter().filter(|(name, _)| !ground.given.contains_key(*name));
    ours.extend(tools.map(|(name, tool)| (*name, tool.to_string_lossy().into_owned())));
    if !ground.given.contains_key("PKG_CONFIG") {
        ours.extend(values.pkg_config.clone().map(|p| ("PKG_CONFIG", p)));
    }
    let ours: Vec<(&str, &str)> = ours.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let given = ground.given.get("CONFIG_SITE").map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let sites: Vec<&str> = given.split_ascii_whitespace().filter(|site| !is_ours(OsStr::new(site))).collect();
    templates::config_site(arch, &ours, &sites.join(" "))
}

fn ground(
    settings: &Settings,
    wanted: Option<&OsStr>,
) -> Result<(Ground, TemplateValues, Vec<String>), EnvironmentError> {
    let home = own_programs::home(settings)?;
    for driver in ["staticcc", "staticcxx"] {
        if !home.join(driver).is_file() {
            return Err(EnvironmentError::NoDriver { path: home.join(driver) });
        }
    }
    let path = shim_dir::path_without_shim_dirs(settings);
    let given = settings::given(&GIVEN);
    let toolchain = wanted.map(from_anywhere);
    let chosen = Settings {
        path: Some(path.clone()),
        toolchain: toolchain.clone().filter(|t| t != "auto").or_else(|| settings.toolchain.clone()),
        ..settings.clone()
    };
    let invocation = Invocation { language: Language::C, name: None };
    let mut warnings = Vec::new();
    let selected = match repairs::select(&chosen, &invocation, CallNeed::Compile, &[]) {
        Ok(selected) => Some(selected),
        Err(error) if wanted.is_some() => return Err(error.into()),
        // A build of something else may need no compiler at all.
        Err(error) => {
            warnings.push(error.to_string());
            None
        }
    };
    let compiler = selected.as_ref().and_then(|s| s.compiler.first()).map(PathBuf::from);
    let tools = compiler.as_deref().map(tools::of).unwrap_or_default();
    let chosen_before = toolchain::select::user_default(settings).is_some();
    let fortran = home.join(STATICFC).is_file() && has_fortran(&path, &given);
    let mut ground = Ground {
        home,
        path,
        tools,
        names: [None; 2],
        fortran,
        given,
        chosen: chosen.toolchain.is_some() || chosen_before,
        toolchain,
        cross: selected.as_ref().and_then(|s| CrossTarget::of(&chosen, s)),
    };
    // By its name the machine's compiler would be asked for, and not what does in its place.
    let by_name = ground.chosen || selected.as_ref().is_none_or(|s| s.toolchain == toolchain::select::GENERIC);
    if by_name {
        ground.names = DRIVERS.map(|driver| name_behind(&ground, compiler.as_deref(), driver));
    }
    if let Some(flags) = go_flags(&chosen, &ground) {
        ground.given.insert("GOFLAGS".into(), flags);
    }
    let processor = ground.cross.as_ref().map(|cross| cross.arch.clone());
    let values = template_values(&ground, processor, selected.map(|s| s.compiler).unwrap_or_default());
    Ok((ground, values, warnings))
}

/// `processor` is the architecture of the programs, where it is not this machine's.
fn template_values(ground: &Ground, processor: Option<String>, compiler: Vec<OsString>) -> TemplateValues {
    let tool = |name: &str| {
        ground.tools.iter().find(|(tool, _)| *tool == name).map(|(_, path)| path.to_string_lossy().into_owned())
    };
    let driver = |bound: &str, name: &str| match &ground.toolchain {
        Some(_) => format!("{SHIM_DIR}/bin/{bound}"),
        None => ground.home.join(name).to_string_lossy().into_owned(),
    };
    TemplateValues {
        cc: driver(BOUND_CC, "staticcc"),
        cxx: driver(BOUND_CXX, "staticcxx"),
        ar: tool("AR"),
        pkg_config: has(&ground.path, "pkg-config").then(|| format!("{SHIM_DIR}/bin/pkg-config")),
        include: ground.given.get("CMAKE_TOOLCHAIN_FILE").filter(|f| !is_ours(f)).map(|f| absolute(f)),
        processor,
        toolchain_file: format!("{SHIM_DIR}/{CMAKE_FILE}"),
        compiler,
        ld: tool("LD"),
        nm: tool("NM"),
    }
}

fn absolute(file: &OsStr) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.into()).to_string_lossy().into_owned()
}

fn has(path: &OsStr, name: &str) -> bool {
    which::which_in(name, Some(path), "/").is_ok()
}

fn has_fortran(path: &OsStr, given: &BTreeMap<String, OsString>) -> bool {
    let named = front_end::of_driver(STATICFC).into_iter().flat_map(|f| &f.names);
    given.contains_key("FC") || named.into_iter().any(|name| has(path, name))
}

/// A file of an outer run's shim directory.
fn is_ours(file: &OsStr) -> bool {
    Path::new(file).parent().is_some_and(|d| d.join("bin").join(GO_TOOLEXEC).is_file())
}

/// The flags that Go's own settings file has: a variable of ours would hide them.
fn go_flags(settings: &Settings, ground: &Ground) -> Option<OsString> {
    if ground.given.contains_key("GOFLAGS") {
        return None;
    }
    let go = find::program(OsStr::new("go"), settings, &find::Chain::default())?;
    let said = run::capture::capture(&Command::new([go.into_os_string(), "env".into(), "GOFLAGS".into()])).ok()?;
    Some(said.text().into()).filter(|f: &OsString| said.status.success() && !f.is_empty())
}

fn variables(ground: &Ground, shims: &ShimDir, pkg_config: bool) -> Vec<Variable> {
    let mut all: Vec<Variable> = Vec::new();
    let mut set = |name: &str, value: OsString| all.push(Variable { name: name.to_owned(), value });
    let mut path = shims.bin().into_os_string();
    path.push(":");
    path.push(&ground.path);
    set("PATH", path);
    compiler_variables(ground, shims, &mut set);
    for (name, tool) in &ground.tools {
        if !ground.given.contains_key(*name) {
            set(name, tool.clone().into_os_string());
        }
    }
    if pkg_config && !ground.given.contains_key("PKG_CONFIG") {
        set("PKG_CONFIG", shims.bin().join("pkg-config").into_os_string());
    }
    set("CMAKE_TOOLCHAIN_FILE", shims.file(CMAKE_FILE).into_os_string());
    // configure splits it at spaces.
    let site = shims.file(CONFIG_SITE).into_os_string();
    if !site.as_encoded_bytes().iter().any(u8::is_ascii_whitespace) {
        set("CONFIG_SITE", site);
    }
    // Not this machine's too: what a build runs itself is for that.
    let arch = ground.cross.as_ref().map_or(std::env::consts::ARCH, |cross| cross.arch.as_str()).to_uppercase();
    for libc in ["GNU", "MUSL"] {
        set(&format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_{libc}_LINKER"), ground.home.join("staticcc").into());
    }
    if !ground.given.contains_key("CGO_ENABLED") {
        set("CGO_ENABLED", "1".into());
    }
    let mut flag = |name: &str, flag: &str, value: &OsStr| {
        let mut flags = ground.given.get(name).cloned().unwrap_or_default();
        if !flags.to_string_lossy().contains(flag) {
            flags.push(if flags.is_empty() { "" } else { " " });
            flags.push(format!("{flag}="));
            flags.push(value);
            set(name, flags);
        }
    };
    let site = shims.file(SCONS_SITE).parent().unwrap_or(Path::new("/")).to_owned();
    // SCons splits it at spaces, and takes one such directory.
    if is_plain(&site) {
        flag("SCONSFLAGS", "--site-dir", site.as_os_str());
    }
    flag("GOFLAGS", "-toolexec", &plain_or_name(&shims.bin(), GO_TOOLEXEC));
    all
}

/// The variables by which compilers are chosen, and their linker.
fn compiler_variables(ground: &Ground, shims: &ShimDir, set: &mut impl FnMut(&str, OsString)) {
    for driver in DRIVERS {
        // What is gone after the run must not be remembered by a configured build.
        let named = Ground::compiler(ground, &shims.bin(), driver);
        let plain = || plain_or_name(&ground.home, driver.program);
        set(driver.variable, if shims.is_kept() { named } else { plain() });
        // `CC=clang staticctl run -- make` means clang.
        let users = ground.given.get(driver.variable).filter(|v| !is_driver(v));
        let behind = ground.given.contains_key(driver.real);
        if let (Some(users), false, true) = (users, behind, ground.toolchain.is_none()) {
            set(driver.real, users.clone());
        }
    }
    set(COMPILER_PATH, shims.compiler_path(ground.given.get(COMPILER_PATH).map(OsString::as_os_str)));
    if ground.fortran {
        for name in ["FC", "F77"] {
            set(name, plain_or_name(&ground.home, STATICFC));
            let users = ground.given.get(name).filter(|v| !is_driver(v));
            if let (Some(users), "FC", false) = (users, name, ground.given.contains_key(options::FC.name)) {
                set(options::FC.name, users.clone());
            }
        }
    }
    if let Some(toolchain) = &ground.toolchain {
        set(options::TOOLCHAIN.name, toolchain.clone());
    }
}

/// A program as the value of CC and its like: its path, which still holds when a configured build is built later; its
/// name where the path has something in it that makefiles, shells and Go would split.
fn plain_or_name(dir: &Path, name: &str) -> OsString {
    let path = dir.join(name);
    if is_plain(&path) || dir.starts_with(SHIM_DIR) { path.into_os_string() } else { name.into() }
}

fn is_plain(path: &Path) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._+-".contains(b);
    path.as_os_str().as_encoded_bytes().iter().all(plain)
}

/// Whether a value of CC is a driver of ours already.
fn is_driver(value: &OsStr) -> bool {
    let words = find::split(value).unwrap_or_default();
    // An outer run's.
    if words.iter().any(|w| Path::new(w).parent().is_some_and(|dir| dir.join(GO_TOOLEXEC).is_file())) {
        return true;
    }
    let name = |w: &OsString| Path::new(w).file_name().unwrap_or_default().to_owned();
    words.iter().map(name).any(|n| own_programs::NAMES.iter().any(|own| n == *own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(given: &[(&str, &str)], toolchain: Option<&str>) -> BTreeMap<String, String> {
        let ground = Ground {
            home: "/opt/s/bin".into(),
            path: "/usr/bin:/bin".into(),
            tools: vec![("AR", "/usr/bin/gcc-ar".into()), ("LD", "/usr/bin/ld".into())],
            names: [Some("gcc"), Some("g++")],
            fortran: true,
            given: given.iter().map(|(n, v)| ((*n).to_owned(), OsString::from(v))).collect(),
            chosen: false,
            toolchain: toolchain.map(OsString::from),
            cross: None,
        };
        let cache = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: Some(cache.path().to_owned()), ..Settings::default() };
        let shims = shim_dir::write_shim_dir(&settings, &ShimDirContent::default()).unwrap();
        let bin = shims.bin().to_string_lossy().into_owned();
        let text =
            |v: &Variable| v.value.to_string_lossy().replace(&bin, "BIN").replace(bin.trim_end_matches("/bin"), "BIN");
        variables(&ground, &shims, true).iter().map(|v| (v.name.clone(), text(v))).collect()
    }

    #[test]
    fn every_build_system_is_led_to_the_drivers() {
        let v = made(&[], None);
        for (name, value) in [
            ("PATH", "BIN:/usr/bin:/bin"),
            ("CC", "BIN/gcc"),
            ("CXX", "BIN/g++"),
            ("FC", "/opt/s/bin/staticfc"),
            ("SCONSFLAGS", "--site-dir=BIN/scons-site"),
            ("AR", "/usr/bin/gcc-ar"),
            ("LD", "/usr/bin/ld"),
            ("PKG_CONFIG", "BIN/pkg-config"),
            ("CGO_ENABLED", "1"),
            ("GOFLAGS", "-toolexec=BIN/staticcxx-go-toolexec"),
        ] {
            assert_eq!(v.get(name).map(String::as_str), Some(value), "{name}");
        }
        let arch = std::env::consts::ARCH.to_uppercase();
        assert_eq!(v[&format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_GNU_LINKER")], "/opt/s/bin/staticcc");
        assert!(v["CMAKE_TOOLCHAIN_FILE"].ends_with("/cmake-toolchain.cmake"));
        assert!(v["CONFIG_SITE"].ends_with("/config.site"));
        assert!(!v.contains_key("STATICCXX_TOOLCHAIN") && !v.contains_key("STATICCXX_CC"));
    }

    #[test]
    fn what_the_user_has_set_is_kept_or_goes_behind_the_drivers() {
        let v = made(
            &[("CC", "ccache clang -m32"), ("AR", "llvm-ar"), ("GOFLAGS", "-mod=mod"), ("CGO_ENABLED", "0")],
            None,
        );
        assert_eq!(v["CC"], "BIN/gcc");
        assert_eq!(v["STATICCXX_CC"], "ccache clang -m32");
        assert_eq!(v["GOFLAGS"], "-mod=mod -toolexec=BIN/staticcxx-go-toolexec");
        assert!(!v.contains_key("AR") && !v.contains_key("CGO_ENABLED"));
        for cc in ["staticcc", "/x/staticcc", "ccache staticcc", "staticcc -m32"] {
            assert!(!made(&[("CC", cc)], None).contains_key("STATICCXX_CC"), "{cc}");
        }
        let v = made(&[("CC", "clang")], Some("musl-gcc"));
        assert_eq!((v.get("STATICCXX_CC"), v["STATICCXX_TOOLCHAIN"].as_str()), (None, "musl-gcc"));
    }

    #[test]
    fn a_path_that_a_shell_would_split_is_not_put_into_cc() {
        assert_eq!(plain_or_name(Path::new("/a b"), "staticcc"), "staticcc");
        assert_eq!(plain_or_name(Path::new("/a"), "staticcc"), "/a/staticcc");
    }
}

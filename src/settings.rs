//! The only place where the environment is read: every variable once.

use crate::files::{Distrust, claim, distrusted};
use crate::model::LINKER_DIR;
use crate::options::check::CheckMode;
use crate::options::convert::ConvertChoice;
use crate::options::dlopen::DlopenChoice;
use crate::options::iconv::IconvChoice;
use crate::options::linker::LinkerChoice;
use crate::options::malloc::Malloc;
use crate::options::mistakes::{BadValue, Misspelt, misspelt};
use crate::options::parts::PartsMode;
use crate::options::repairs::GlibcFixes;
use crate::options::table::EnvOption;
use crate::options::{self, log_filter, nss, stack_size, switch};
use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// All settings from the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// `PATH`.
    pub path: Option<OsString>,
    /// `STATICCXX_CC`: the real C compiler, a command line split as a shell would.
    pub cc: Option<OsString>,
    /// `STATICCXX_CXX`: the same for C++.
    pub cxx: Option<OsString>,
    /// `STATICCXX_FC`: the real Fortran compiler.
    pub fc: Option<OsString>,
    /// `STATICCXX_LAUNCHER`: put before the real compiler (`ccache`, `distcc`, `sccache`).
    pub launcher: Option<OsString>,
    /// `STATICCXX_TOOLCHAIN`: a toolchain's name or a descriptor's path; none for `auto`.
    pub toolchain: Option<OsString>,
    /// `STATICCXX_CHECK`.
    pub check: CheckMode,
    /// `STATICCXX_REPORT`: directory for one JSON line per link.
    pub report: Option<PathBuf>,
    /// `STATICCXX_RELINK_KIT`: directory for what it takes to link each program again.
    pub relink_kit: Option<PathBuf>,
    /// `STATICCXX_FAT_SHARED`: shared objects carry their objects for later static links.
    pub fat_shared: bool,
    /// `STATICCXX_GLIBC_FIXES`: which repairs of glibc are used.
    pub repairs: GlibcFixes,
    /// `STATICCXX_PARTS`: what programs say of their parts.
    pub parts: PartsMode,
    /// `STATICCXX_SIZE`: directory for what programs were made of.
    pub size: Option<PathBuf>,
    /// `STATICCXX_MALLOC`.
    pub malloc: Malloc,
    /// `STATICCXX_FAST`: musl programs use the toolchain's string functions.
    pub fast: bool,
    /// `STATICCXX_STACK_SIZE`: the stack size of threads in musl programs, in bytes; 0 leaves it to musl.
    pub stack_size: u64,
    /// Invalid values.
    pub bad_values: Vec<BadValue>,
    /// Misspelt names, sorted, without those that `staticctl run` has warned about.
    pub misspelt: Vec<Misspelt>,
    /// `STATICCXX_TOLD`: the names that it has warned about.
    pub told: Vec<String>,
    /// `STATICCXX_LINKER`: which linker links executables.
    pub linker: LinkerChoice,
    /// `STATICCXX_SMALL`: unused functions and data are removed.
    pub small: bool,
    /// `STATICCXX_HARDEN`.
    pub harden: bool,
    /// The first variable that is set of those in `STEERING`.
    pub steered_by: Option<&'static str>,
    /// `STATICCXX_CONVERT`: which shared objects are converted.
    pub convert: ConvertChoice,
    /// `STATICCXX_PLUGINS`: what the program opens at run time, in the syntax of [`crate::libs::plugin_list`].
    pub plugins: Option<OsString>,
    /// `STATICCXX_DLOPEN`: whose dlopen programs have.
    pub dlopen: DlopenChoice,
    /// `STATICCXX_ICONV`: which converters programs get.
    pub iconv: IconvChoice,
    /// `STATICCXX_NSS`: name services besides `files` and `dns`.
    pub services: Vec<String>,
    /// `STATICCXX_LOG`: a filter for `env_logger`.
    pub log: Option<String>,
    /// `STATICCXX_REAL_COMPILER`: set by us for the compiler that we run, which ends a chain of wrappers that calls us
    /// back. See [`crate::toolchain`].
    pub chain: Option<OsString>,
    /// `STATICCXX_TRIAL`: the mechanism that is tried, where this program runs itself to try one.
    pub trial: Option<String>,
    /// `STATICCXX_LINKER_NET`: a link that comes to our linker is an error if it can't be static.
    pub strict_net: bool,
    /// `COMPILER_PATH`, without our own directory.
    pub compiler_path: Option<OsString>,
    /// `COLLECT_GCC`: the name of the driver of GCC's that runs us as its linker.
    pub collect_gcc: Option<OsString>,
    /// `COLLECT_GCC_OPTIONS`: the options of that driver.
    pub collect_gcc_options: Option<OsString>,
    /// `TERM` is set and not `dumb`: compilers use colours on a terminal.
    pub colours: bool,
    /// `LIBRARY_PATH`, which GCC and Clang add to the library search path.
    pub library_path: Option<OsString>,
    /// `LD_LIBRARY_PATH`, which ld.so searches before its own directories.
    pub loader_path: Option<OsString>,
    /// `SOURCE_DATE_EPOCH`: the time that images carry, in seconds since 1970, as text.
    pub source_date_epoch: Option<String>,
    /// The file that `docker login` writes, below `DOCKER_CONFIG` or `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `SSL_CERT_FILE`: a bundle of certificate authorities.
    pub ca_bundle: Option<PathBuf>,
    /// `DEB_BUILD_OPTIONS`, for the rules of Debian packages.
    pub deb_build_options: Option<OsString>,
    /// Our directory under `XDG_CACHE_HOME` or `~/.cache`; none without a home.
    pub cache_dir: Option<PathBuf>,
    /// A cache directory that is not used because others may write to it, and why.
    pub distrusted_cache: Option<(PathBuf, Distrust)>,
    /// The home directory, if it is there and its path is absolute.
    pub home: Option<PathBuf>,
    /// Our directory under `XDG_CONFIG_HOME` or `~/.config`.
    pub config_dir: Option<PathBuf>,
    /// Our directory under `XDG_DATA_HOME` or `~/.local/share`.
    pub data_dir: Option<PathBuf>,
    /// `STATICCXX_HERMETIC`: nothing but the toolchain, the inputs and the output.
    pub hermetic: bool,
    /// The directory of this program's own file.
    pub program_dir: Option<PathBuf>,
    /// The same as it was typed, where that was a relative path.
    pub program_dir_as_typed: Option<PathBuf>,
}

/// The variable for the directory of all caches (XDG Base Directory Specification).
pub(crate) const CACHE_HOME: &str = "XDG_CACHE_HOME";

const HOME: &str = "HOME";

/// The variable along which GCC and Clang look for their linker (GCC manual, "Environment Variables").
pub(crate) const COMPILER_PATH: &str = "COMPILER_PATH";

/// The cache of root if `HOME` belongs to another user or is missing (Filesystem Hierarchy Standard 3.0, /var/cache).
const CACHE_OF_ROOT: &str = "/var/cache/staticcxx";

/// Variables that change what a compiler passes to its linker, or how that links.
const STEERING: [&str; 5] = [COMPILER_PATH, "GCC_EXEC_PREFIX", "GNUTARGET", "LDEMULATION", "COLLECT_NO_DEMANGLE"];

/// Parses values, and collects invalid ones. Empty variables count as unset.
struct Reader<'a> {
    variables: &'a BTreeMap<OsString, OsString>,
    bad: Vec<BadValue>,
}

impl Reader<'_> {
    fn get(&self, name: &str) -> Option<OsString> {
        self.variables.get(OsStr::new(name)).filter(|v| !v.is_empty()).cloned()
    }

    fn text(&self, option: &EnvOption) -> Option<String> {
        self.get(option.name).map(|v| v.to_string_lossy().into_owned())
    }

    /// The value parsed by `read`; none if the variable is unset or `read` returns none.
    fn read<T>(&mut self, option: &'static EnvOption, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.get(option.name)?;
        let understood = value.to_str().and_then(read);
        if understood.is_none() {
            self.bad.push(BadValue { option, value });
        }
        understood
    }
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn from_env() -> Settings {
        let mut variables: BTreeMap<OsString, OsString> = env::vars_os().collect();
        // A home that is not there is nobody's, and is not made: `/nonexistent` means that.
        let homeless = variables.get(OsStr::new(HOME)).is_some_and(|h| !h.is_empty() && !Path::new(h).is_dir());
        if homeless {
            variables.remove(OsStr::new(HOME));
        }
        let mut settings = Settings::of(&variables);
        if homeless && settings.cache_dir.is_none() && nix::unistd::geteuid().is_root() {
            settings.cache_dir = Some(CACHE_OF_ROOT.into());
        }
        settings.program_dir = own_program(settings.path.as_deref()).and_then(|file| file.parent().map(Path::to_owned));
        settings.program_dir_as_typed = env::args_os().next().and_then(|name| {
            let dir = Path::new(&name).parent()?;
            (dir.is_relative() && !dir.as_os_str().is_empty()).then(|| dir.to_owned())
        });
        if settings.hermetic {
            let (docker_config, misspelt) = (None, Vec::new());
            let (cache_dir, config_dir, data_dir) = (None, None, None);
            let (library_path, loader_path, compiler_path, steered_by) = (None, None, None, None);
            let settings = Settings { library_path, loader_path, compiler_path, steered_by, ..settings };
            return Settings { docker_config, misspelt, cache_dir, config_dir, data_dir, ..settings };
        }
        let user = nix::unistd::geteuid().as_raw();
        let asked_for = env::var_os(CACHE_HOME).is_some_and(|dir| Path::new(&dir).is_absolute());
        settings.trust_cache(user, asked_for);
        if settings.cache_dir.as_ref().is_some_and(|dir| claim(dir, user)) {
            // Somebody may have been faster.
            settings.trust_cache(user, asked_for);
        }
        settings
    }

    /// Does without a cache that others may have written. Root, whose `HOME` is often another user's (sudo, containers
    /// of CI), has one of its own instead, unless the directory was asked for.
    fn trust_cache(&mut self, user: u32, asked_for: bool) {
        let Some(why) = self.cache_dir.as_deref().and_then(|dir| distrusted(dir, user)) else { return };
        let of_root = Path::new(CACHE_OF_ROOT);
        let instead = (user == 0 && !asked_for && distrusted(of_root, user).is_none()).then(|| of_root.to_owned());
        if instead.is_none() && !self.told.iter().any(|t| t == CACHE_HOME) {
            self.distrusted_cache = self.cache_dir.take().map(|dir| (dir, why));
        }
        self.cache_dir = instead;
    }

    /// Reads an environment.
    pub(crate) fn of(variables: &BTreeMap<OsString, OsString>) -> Settings {
        let mut from = Reader { variables, bad: Vec::new() };
        let options = Settings::options(&mut from);
        let get = |name: &str| from.get(name);
        Settings {
            path: get("PATH"),
            compiler_path: get(COMPILER_PATH),
            collect_gcc: get("COLLECT_GCC"),
            collect_gcc_options: get("COLLECT_GCC_OPTIONS"),
            steered_by: STEERING.into_iter().find(|name| get(name).is_some()),
            colours: get("TERM").is_some_and(|t| t != "dumb"),
            library_path: get("LIBRARY_PATH"),
            loader_path: get("LD_LIBRARY_PATH"),
            source_date_epoch: get("SOURCE_DATE_EPOCH").map(|v| v.to_string_lossy().into_owned()),
            docker_config: get("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| get("HOME").map(|h| PathBuf::from(h).join(".docker")))
                .map(|d| d.join("config.json")),
            ca_bundle: get("SSL_CERT_FILE").map(PathBuf::from),
            deb_build_options: get("DEB_BUILD_OPTIONS"),
            cache_dir: base(get(CACHE_HOME), get("HOME"), ".cache"),
            home: get(HOME).map(PathBuf::from).filter(|home| home.is_absolute()),
            config_dir: base(get("XDG_CONFIG_HOME"), get("HOME"), ".config"),
            data_dir: base(get("XDG_DATA_HOME"), get("HOME"), ".local/share"),
            ..options
        }
    }

    /// Reads our own variables.
    fn options(from: &mut Reader<'_>) -> Settings {
        let iconv = from.text(&options::ICONV).map_or_else(IconvChoice::default, |v| IconvChoice::parse(&v));
        let mut repairs = from.read(&options::GLIBC_FIXES, GlibcFixes::read).unwrap_or(GlibcFixes::ALL);
        repairs.iconv &= !iconv.is_none();
        let told: Vec<String> =
            from.text(&options::TOLD).iter().flat_map(|t| t.split(',')).map(str::to_owned).collect();
        let set = from.variables.iter().filter(|(_, value)| !value.is_empty());
        let misspelt = set.filter_map(|(name, _)| misspelt(name)).filter(|m| !told.contains(&m.name)).collect();
        let mut settings = Settings {
            cc: from.get(options::CC.name),
            cxx: from.get(options::CXX.name),
            fc: from.get(options::FC.name),
            launcher: from.get(options::LAUNCHER.name),
            toolchain: from.get(options::TOOLCHAIN.name).filter(|v| v != "auto"),
            check: from.read(&options::CHECK, CheckMode::read).unwrap_or_default(),
            report: from.get(options::REPORT.name).map(PathBuf::from),
            relink_kit: from.get(options::RELINK_KIT.name).map(PathBuf::from),
            fat_shared: from.read(&options::FAT_SHARED, switch::read).unwrap_or(true),
            repairs,
            parts: from.read(&options::PARTS, PartsMode::read).unwrap_or_default(),
            size: from.get(options::SIZE.name).map(PathBuf::from),
            malloc: from.read(&options::MALLOC, Malloc::read).unwrap_or_default(),
            fast: from.read(&options::FAST, switch::read).unwrap_or(true),
            stack_size: from.read(&options::STACK_SIZE, stack_size::read).unwrap_or(stack_size::DEFAULT),
            misspelt,
            told,
            linker: from.read(&options::LINKER, LinkerChoice::read).unwrap_or_default(),
            small: from.read(&options::SMALL, switch::read).unwrap_or(false),
            harden: from.read(&options::HARDEN, switch::read).unwrap_or(false),
            convert: from.read(&options::CONVERT, ConvertChoice::read).unwrap_or_default(),
            plugins: from.get(options::PLUGINS.name),
            dlopen: from.read(&options::DLOPEN, DlopenChoice::read).unwrap_or_default(),
            iconv,
            services: nss::parse(&from.text(&options::NSS).unwrap_or_default()),
            log: from.read(&options::LOG, log_filter::read),
            chain: from.get(options::REAL_COMPILER.name),
            trial: from.text(&options::TRIAL),
            hermetic: from.read(&options::HERMETIC, switch::read).unwrap_or(false),
            strict_net: from.text(&options::LINKER_NET).is_some_and(|v| v == options::LINKER_NET_STRICT),
            ..Settings::default()
        };
        settings.bad_values = std::mem::take(&mut from.bad);
        settings
    }

    /// All mistakes in variables, one line each.
    pub(crate) fn mistakes(&self) -> impl Iterator<Item = String> {
        self.not_taken().chain(self.misspelt.iter().map(ToString::to_string))
    }

    /// What is not taken as it was given: values that are not understood, a cache that others may have written.
    pub(crate) fn not_taken(&self) -> impl Iterator<Item = String> {
        self.distrusted_cache().into_iter().chain(self.bad_values.iter().map(ToString::to_string))
    }

    /// That the cache is not used, and why, where others may have written it.
    pub(crate) fn distrusted_cache(&self) -> Option<String> {
        let (dir, why) = self.distrusted_cache.as_ref()?;
        let dir = dir.display();
        Some(format!(
            "the cache directory `{dir}` is not used: {why}; {CACHE_HOME} can name one that only you can write"
        ))
    }
}

impl Settings {
    /// The directories of `LD_LIBRARY_PATH`.
    pub(crate) fn loader_path(&self) -> Vec<PathBuf> {
        let list = self.loader_path.as_deref().unwrap_or_default();
        // ld.so accepts semicolons too.
        let parts = list.as_encoded_bytes().split(|b| matches!(b, b':' | b';')).filter(|p| !p.is_empty());
        parts.map(|p| PathBuf::from(crate::run::os(p))).collect()
    }
}

/// Takes our own directory out of COMPILER_PATH: the compilers that we run have their own linkers. Must be called before
/// there is a second thread.
pub(crate) fn leave_linker_dir() {
    let Some(list) = env::var_os(COMPILER_PATH) else { return };
    let is_ours = |dir: &PathBuf| dir.file_name().is_some_and(|n| n == LINKER_DIR);
    if !env::split_paths(&list).any(|dir| is_ours(&dir)) {
        return;
    }
    let rest = env::join_paths(env::split_paths(&list).filter(|dir| !is_ours(dir))).unwrap_or_default();
    // SAFETY: there is one thread.
    unsafe {
        // An empty list would be the working directory.
        if rest.is_empty() { env::remove_var(COMPILER_PATH) } else { env::set_var(COMPILER_PATH, rest) }
    }
}

/// Variables that lead compilers to files, or change what they write (GCC manual, "Environment Variables").
const LEADING: [&str; 17] = [
    "COLLECT_NO_DEMANGLE",
    COMPILER_PATH,
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "GCC_COMPARE_DEBUG",
    "GCC_EXEC_PREFIX",
    "GCC_EXTRA_DIAGNOSTIC_OUTPUT",
    "GCC_URLS",
    "GNUTARGET",
    "LANG",
    "LANGUAGE",
    "LDEMULATION",
    "LD_RUN_PATH",
    "LIBRARY_PATH",
    "OBJC_INCLUDE_PATH",
    "TERM_URLS",
];

/// Takes from our own environment, and so from that of compilers, what is of this machine and this time: search paths,
/// languages, and the date, which is the beginning of time unless `SOURCE_DATE_EPOCH` says otherwise
/// (<https://reproducible-builds.org/specs/source-date-epoch/>). Must be called before there is a second thread.
pub(crate) fn be_hermetic() {
    // SAFETY: there is one thread.
    unsafe {
        LEADING.iter().for_each(|name| env::remove_var(name));
        // Without files: the translations and collations of another locale would be read.
        env::set_var("LC_ALL", "C");
        // As a rule, not as the name of a file with rules.
        env::set_var("TZ", "UTC0");
        if env::var_os("SOURCE_DATE_EPOCH").is_none() {
            env::set_var("SOURCE_DATE_EPOCH", "0");
        }
    }
}

/// This program's file: where the kernel says, or, without `/proc`, where it was found by its name.
pub(crate) fn own_program(path: Option<&OsStr>) -> Option<PathBuf> {
    let of_kernel = || env::current_exe().ok();
    let by_name = || {
        let name = env::args_os().next()?;
        let found = which::which_in(&name, path, env::current_dir().ok()?).ok()?;
        std::fs::canonicalize(found).ok()
    };
    of_kernel().or_else(by_name)
}

/// The file that a program's name or path stands for, as a shell finds it; links are not followed.
pub(crate) fn found_by_name(name: &OsStr) -> Option<PathBuf> {
    which::which_in(name, env::var_os("PATH"), env::current_dir().ok()?).ok()
}

/// This program's file to run it again: the one that runs, also where another was put in its place, or, without `/proc`,
/// the one of its name.
pub(crate) fn own_file(path: Option<&OsStr>) -> PathBuf {
    let running = Path::new("/proc/self/exe");
    let by_name = || own_program(path).filter(|_| !running.exists());
    by_name().unwrap_or_else(|| running.to_owned())
}

/// The whole environment as text, for a report of a fault.
pub(crate) fn everything() -> BTreeMap<String, String> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// The values of build systems' variables, which are passed on to them. Empty ones count as unset.
pub(crate) fn given(names: &[&str]) -> BTreeMap<String, OsString> {
    let value = |name: &&str| env::var_os(name).filter(|v| !v.is_empty()).map(|v| ((*name).to_owned(), v));
    names.iter().filter_map(value).collect()
}

/// The XDG base directory rule: an absolute path in the variable, else a default below the home directory, which must be
/// absolute too: a relative one would be another directory for each program of a build.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
fn base(variable: Option<OsString>, home: Option<OsString>, below: &str) -> Option<PathBuf> {
    variable
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
        .or_else(|| home.map(PathBuf::from).filter(|h| h.is_absolute()).map(|h| h.join(below)))
        .map(|p| p.join("staticcxx"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::table::Values;

    fn set(variables: &[(&str, &str)]) -> Settings {
        Settings::of(&variables.iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    #[test]
    fn values_are_understood_or_the_default_is_taken_with_a_warning() {
        let unset = format!("{:?}", set(&[]));
        for option in options::table::documented() {
            let good: Vec<&str> = match option.values {
                Values::Switch => switch::ON.into_iter().chain(switch::OFF).collect(),
                Values::Words(words) => words.to_vec(),
                Values::Checked { .. } | Values::Open(_) => vec![option.default],
            };
            for value in good {
                assert_eq!(set(&[(option.name, value)]).bad_values, [], "{}={value}", option.name);
            }
            let is_open = matches!(option.values, Values::Open(_));
            let bad = set(&[(option.name, "yes!")]);
            assert_eq!(bad.bad_values.len(), usize::from(!is_open && *option != options::CONVERT), "{}", option.name);
            let default = set(&[(option.name, option.default)]);
            let without = |settings: Settings| format!("{:?}", Settings { bad_values: Vec::new(), ..settings });
            if !is_open {
                assert!(*option == options::LOG || without(default) == unset, "{}", option.name);
                assert!(*option == options::CONVERT || without(bad) == unset, "{}", option.name);
            }
        }
        assert_eq!(set(&[("STATICCXX_CONVERT", "yes")]).bad_values.len(), 1);
        assert_eq!(set(&[("STATICCXX_CHECK", "")]).bad_values, []);
    }

    #[test]
    fn names_are_known_or_told_of_once() {
        let names = |settings: &Settings| settings.misspelt.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
        let both = [("STATICCXX_CHEK", "off"), ("STATICCXX_TOOLCHIAN", "musl"), ("STATICCXX_LIKNER", "")];
        assert_eq!(names(&set(&both)), ["STATICCXX_CHEK", "STATICCXX_TOOLCHIAN"]);
        let told = [&both[..], &[("STATICCXX_TOLD", "STATICCXX_CHEK,X")]].concat();
        assert_eq!(names(&set(&told)), ["STATICCXX_TOOLCHIAN"]);
        assert_eq!(set(&told).mistakes().count(), 1);
    }

    #[test]
    fn a_relative_base_directory_is_ignored() {
        let home = Some(OsString::from("/h"));
        assert_eq!(base(Some("x".into()), home.clone(), ".cache"), Some(PathBuf::from("/h/.cache/staticcxx")));
        assert_eq!(base(Some("/x".into()), home, ".cache"), Some(PathBuf::from("/x/staticcxx")));
        assert_eq!(base(Some("x".into()), Some("h".into()), ".cache"), None);
        assert_eq!(base(None, None, ".cache"), None);
    }
}

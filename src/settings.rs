//! The one home of the environment: every variable that we read, read once.

use crate::options::check::CheckMode;
use crate::options::convert::ConvertChoice;
use crate::options::iconv::IconvChoice;
use crate::options::linker::LinkerChoice;
use crate::options::malloc::Malloc;
use crate::options::nss;
use crate::options::repairs::GlibcFixes;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The stack of threads in musl programs where nobody says: what musl gives at most, and glibc usually.
const STACK_SIZE: u64 = 8 << 20;

/// Everything that the environment tells us.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `PATH`.
    pub path: Option<OsString>,
    /// `STATICCXX_CC`: the real C compiler, a command line split as a shell would.
    pub cc: Option<OsString>,
    /// `STATICCXX_CXX`: the same for C++.
    pub cxx: Option<OsString>,
    /// `STATICCXX_LAUNCHER`: what to put before the real compiler (`ccache`, `distcc`, `sccache`).
    pub launcher: Option<OsString>,
    /// `STATICCXX_TOOLCHAIN`: a toolchain's name or a descriptor's path; `auto` is none.
    pub toolchain: Option<OsString>,
    /// `STATICCXX_CHECK`.
    pub check: CheckMode,
    /// `STATICCXX_CHECK` had a value that is none of `strict`, `warn`, `off`.
    pub bad_check: Option<OsString>,
    /// `STATICCXX_REPORT`: directory that takes one JSON line a link.
    pub report: Option<PathBuf>,
    /// `STATICCXX_FAT_SHARED` is not `0` or `off`: shared objects get what is needed to link them statically.
    pub fat_shared: bool,
    /// `STATICCXX_GLIBC_FIXES`: which of glibc's traps are repaired; both without.
    pub repairs: GlibcFixes,
    /// `STATICCXX_MALLOC`.
    pub malloc: Malloc,
    /// `STATICCXX_STACK_SIZE`: the stack of threads in musl programs, in bytes; 0 leaves it to musl.
    pub stack_size: u64,
    /// Variables with values that were not understood, and what they can be.
    pub bad_values: Vec<(&'static str, OsString, &'static str)>,
    /// `STATICCXX_LINKER`: which linker makes executables.
    pub linker: LinkerChoice,
    /// `STATICCXX_SMALL` is set and not `0` or `off`: what is not used is left out.
    pub small: bool,
    /// The first variable that is set among those by which compilers and linkers are steered.
    pub steered_by: Option<&'static str>,
    /// `STATICCXX_CONVERT`: which shared objects are converted.
    pub convert: ConvertChoice,
    /// `STATICCXX_PLUGINS`: what the program opens at run time, as [`crate::libs::plugin_list`] reads it.
    pub plugins: Option<OsString>,
    /// `STATICCXX_ICONV`: which converters programs get.
    pub iconv: IconvChoice,
    /// `STATICCXX_NSS`: name services beyond files and dns.
    pub services: Vec<String>,
    /// `STATICCXX_LOG`: a filter as `env_logger` reads it.
    pub log: Option<String>,
    /// `STATICCXX_REAL_COMPILER`: set by us for the compiler we run, so that a chain of wrappers
    /// that comes back to us ends. See [`crate::toolchain`].
    pub chain: Option<OsString>,
    /// `TERM` is set and not `dumb`: compilers use colours on a terminal.
    pub colours: bool,
    /// `LIBRARY_PATH`, which GCC and Clang add to the library search path.
    pub library_path: Option<OsString>,
    /// `LD_LIBRARY_PATH`, where ld.so looks before its own directories.
    pub loader_path: Option<OsString>,
    /// `SOURCE_DATE_EPOCH`: the time that images carry, in seconds since 1970, as text.
    pub source_date_epoch: Option<String>,
    /// The file that `docker login` writes, below `DOCKER_CONFIG` or `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `SSL_CERT_FILE`: a bundle of certificate authorities.
    pub ca_bundle: Option<PathBuf>,
    /// Our directory under `XDG_CACHE_HOME` or `~/.cache`; none without a home.
    pub cache_dir: Option<PathBuf>,
    /// Our directory under `XDG_CONFIG_HOME` or `~/.config`.
    pub config_dir: Option<PathBuf>,
    /// Our directory under `XDG_DATA_HOME` or `~/.local/share`.
    pub data_dir: Option<PathBuf>,
}

/// Variables that change what a compiler hands to its linker, or what that makes of it.
const STEERING: [&str; 5] = ["COMPILER_PATH", "GCC_EXEC_PREFIX", "GNUTARGET", "LDEMULATION", "COLLECT_NO_DEMANGLE"];

/// The name of the variable behind [`Settings::chain`].
pub const CHAIN: &str = "STATICCXX_REAL_COMPILER";

impl Settings {
    /// Reads the environment. Empty variables count as unset.
    pub fn from_env() -> Settings {
        let get = |name: &str| env::var_os(name).filter(|v| !v.is_empty());
        let check = get("STATICCXX_CHECK");
        let mode = check.as_deref().map(CheckMode::read);
        let mut bad_values = Vec::new();
        let mut understood = |name: &'static str, can_be: &'static str, read: &dyn Fn(&str) -> Option<u64>| {
            let value = get(name)?;
            let read = value.to_str().and_then(read);
            if read.is_none() {
                bad_values.push((name, value, can_be));
            }
            read
        };
        let stack_size = understood("STATICCXX_STACK_SIZE", "a number of bytes", &|v| v.parse().ok());
        let malloc = understood("STATICCXX_MALLOC", "`mimalloc` or `libc`", &|v| match v {
            "mimalloc" => Some(1),
            "libc" => Some(0),
            _ => None,
        });
        let linker = get("STATICCXX_LINKER");
        let choice = linker.as_deref().map(LinkerChoice::read);
        if let (Some(value), Some(None)) = (linker, choice) {
            bad_values.push(("STATICCXX_LINKER", value, "`auto`, `wild`, `mold`, `lld`, `gold` or `bfd`"));
        }
        let on = |name: &str| get(name).map(|v| v != "0" && v != "off");
        let iconv: IconvChoice =
            get("STATICCXX_ICONV").map_or_else(Default::default, |v| IconvChoice::parse(&v.to_string_lossy()));
        let mut repairs = GlibcFixes::read(get("STATICCXX_GLIBC_FIXES").as_deref());
        repairs.iconv &= !iconv.is_none();
        Settings {
            path: get("PATH"),
            cc: get("STATICCXX_CC"),
            cxx: get("STATICCXX_CXX"),
            launcher: get("STATICCXX_LAUNCHER"),
            toolchain: get("STATICCXX_TOOLCHAIN").filter(|v| v != "auto"),
            check: mode.flatten().unwrap_or_default(),
            bad_check: check.filter(|_| mode == Some(None)),
            report: get("STATICCXX_REPORT").map(PathBuf::from),
            fat_shared: on("STATICCXX_FAT_SHARED").unwrap_or(true),
            repairs,
            malloc: malloc.map_or(Malloc::Offered, |m| if m == 1 { Malloc::Always } else { Malloc::Libc }),
            stack_size: stack_size.unwrap_or(STACK_SIZE),
            bad_values,
            linker: choice.flatten().unwrap_or_default(),
            small: on("STATICCXX_SMALL").unwrap_or(false),
            steered_by: STEERING.into_iter().find(|name| get(name).is_some()),
            convert: ConvertChoice::parse(&get("STATICCXX_CONVERT").unwrap_or_default().to_string_lossy()),
            plugins: get("STATICCXX_PLUGINS"),
            iconv,
            services: nss::parse(&get("STATICCXX_NSS").unwrap_or_default().to_string_lossy()),
            log: get("STATICCXX_LOG").and_then(|v| v.into_string().ok()),
            chain: get(CHAIN),
            colours: get("TERM").is_some_and(|t| t != "dumb"),
            library_path: get("LIBRARY_PATH"),
            loader_path: get("LD_LIBRARY_PATH"),
            source_date_epoch: get("SOURCE_DATE_EPOCH").map(|v| v.to_string_lossy().into_owned()),
            docker_config: get("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| get("HOME").map(|h| PathBuf::from(h).join(".docker")))
                .map(|d| d.join("config.json")),
            ca_bundle: get("SSL_CERT_FILE").map(PathBuf::from),
            cache_dir: base(get("XDG_CACHE_HOME"), get("HOME"), ".cache"),
            config_dir: base(get("XDG_CONFIG_HOME"), get("HOME"), ".config"),
            data_dir: base(get("XDG_DATA_HOME"), get("HOME"), ".local/share"),
        }
    }
}

/// Where a compiler's own programs look for one another: its `COMPILER_PATH`, then `PATH`.
pub fn program_paths() -> Vec<PathBuf> {
    let variables = ["COMPILER_PATH", "PATH"].into_iter().filter_map(env::var_os);
    variables.flat_map(|v| env::split_paths(&v).collect::<Vec<_>>()).collect()
}

impl Settings {
    /// The directories of `LD_LIBRARY_PATH`.
    pub fn loader_path(&self) -> Vec<PathBuf> {
        let list = self.loader_path.as_deref().unwrap_or_default();
        // ld.so takes a semicolon too.
        let parts = list.as_encoded_bytes().split(|b| matches!(b, b':' | b';')).filter(|p| !p.is_empty());
        parts.map(|p| PathBuf::from(crate::run::os(p))).collect()
    }
}

/// What is set of these variables, which belong to build systems and are handed on to them. Empty ones count as unset.
pub fn given(names: &[&str]) -> BTreeMap<String, OsString> {
    let value = |name: &&str| env::var_os(name).filter(|v| !v.is_empty()).map(|v| ((*name).to_owned(), v));
    names.iter().filter_map(value).collect()
}

/// The XDG base directory rule: an absolute path in the variable, else a default below the home.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
fn base(variable: Option<OsString>, home: Option<OsString>, below: &str) -> Option<PathBuf> {
    variable
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
        .or_else(|| home.map(|h| PathBuf::from(h).join(below)))
        .map(|p| p.join("staticcxx"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_base_directory_is_ignored() {
        let home = Some(OsString::from("/h"));
        assert_eq!(base(Some("x".into()), home.clone(), ".cache"), Some(PathBuf::from("/h/.cache/staticcxx")));
        assert_eq!(base(Some("/x".into()), home, ".cache"), Some(PathBuf::from("/x/staticcxx")));
        assert_eq!(base(None, None, ".cache"), None);
    }
}

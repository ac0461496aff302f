//! The environment in which every program of a test runs. Home, XDG directories and PATH are the tests' own, so that
//! nothing that the user has installed or configured is seen; of the user's variables only those pass that say how the
//! network is reached.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Where a distribution keeps its programs, and an administrator those of the machine.
const SYSTEM: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The toolchain that compiles the tests: its `cargo` and `rustc`, behind no proxy that would look for a home.
static RUST: LazyLock<PathBuf> = LazyLock::new(|| Path::new(env!("CARGO")).parent().unwrap().to_owned());

/// The PATH of every test. `STATICCXX_TEST_PATH` names other directories than those of the system: `tests/run quick`
/// gives one that holds a compiler's programs and nothing else.
pub static PATH: LazyLock<OsString> = LazyLock::new(|| {
    let system = std::env::var_os("STATICCXX_TEST_PATH").unwrap_or_else(|| SYSTEM.into());
    std::env::join_paths([RUST.clone()].into_iter().chain(std::env::split_paths(&system))).unwrap()
});

/// A directory that lasts from run to run, below target/.
pub fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Names and values: nothing else is set for a program.
pub static VARIABLES: LazyLock<Vec<(OsString, OsString)>> = LazyLock::new(|| {
    let home = shared("world/home");
    let runtime = shared("world/runtime");
    for dir in [&home, &runtime] {
        fs::create_dir_all(dir).unwrap();
    }
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let own = [
        ("HOME", home.into()),
        // What a link has to find out of the compiler is found out once.
        ("XDG_CACHE_HOME", shared("cache").into()),
        ("XDG_CONFIG_HOME", shared("world/config").into()),
        ("XDG_DATA_HOME", shared("world/data").into()),
        ("XDG_STATE_HOME", shared("world/state").into()),
        ("XDG_RUNTIME_DIR", runtime.into()),
        // Crates that are fetched already, and the registry that this machine may have in place of crates.io.
        ("CARGO_HOME", cargo_home().into()),
        ("PATH", PATH.clone()),
        ("LC_ALL", "C".into()),
    ];
    let own = own.into_iter().map(|(name, value): (&str, OsString)| (name.into(), value));
    own.chain(std::env::vars_os().filter(|(name, _)| reaches_the_network(&name.to_string_lossy()))).collect()
});

/// Where cargo keeps crates, and the programs that it installs.
pub fn cargo_home() -> PathBuf {
    let given = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    given.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"))
}

/// Proxies, certificates, mirrors.
fn reaches_the_network(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "GOPROXY",
        "GOSUMDB",
        "GONOSUMDB",
        "CARGO_HTTP_CAINFO",
        "CARGO_HTTP_PROXY",
    ];
    NAMES.contains(&name)
        || name.to_ascii_lowercase().ends_with("_proxy")
        || name.starts_with("CARGO_REGISTR")
        || name.starts_with("CARGO_SOURCE_")
}

/// A program along the tests' PATH.
pub fn which(name: &str) -> Option<PathBuf> {
    which::which_in(name, Some(&*PATH), "/").ok()
}

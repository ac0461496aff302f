//! Calls that need files at run time, although the program is static.

use serde::{Deserialize, Serialize};
use std::fmt;

/// glibc functions that ask its name services: the `.gnu.warning.*` sections of its libc.a whose text names
/// the shared libraries, without the `set…`/`end…` halves of an iteration.
pub static NAME_SERVICES: [&str; 60] = [
    "getaddrinfo",
    "getaliasbyname",
    "getaliasbyname_r",
    "getaliasent",
    "getaliasent_r",
    "getgrent",
    "getgrent_r",
    "getgrgid",
    "getgrgid_r",
    "getgrnam",
    "getgrnam_r",
    "getgrouplist",
    "gethostbyaddr",
    "gethostbyaddr_r",
    "gethostbyname",
    "gethostbyname2",
    "gethostbyname2_r",
    "gethostbyname_r",
    "gethostent",
    "gethostent_r",
    "getnetbyaddr",
    "getnetbyaddr_r",
    "getnetbyname",
    "getnetbyname_r",
    "getnetent",
    "getnetent_r",
    "getprotobyname",
    "getprotobyname_r",
    "getprotobynumber",
    "getprotobynumber_r",
    "getprotoent",
    "getprotoent_r",
    "getpw",
    "getpwent",
    "getpwent_r",
    "getpwnam",
    "getpwnam_r",
    "getpwuid",
    "getpwuid_r",
    "getrpcbyname",
    "getrpcbyname_r",
    "getrpcbynumber",
    "getrpcbynumber_r",
    "getrpcent",
    "getservbyname",
    "getservbyname_r",
    "getservbyport",
    "getservbyport_r",
    "getservent",
    "getservent_r",
    "getsgent",
    "getsgnam",
    "getsgnam_r",
    "getspent",
    "getspent_r",
    "getspnam",
    "getspnam_r",
    "initgroups",
    "innetgr",
    "setnetgrent",
];

/// What a function that needs files needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeNeed {
    /// Converters of glibc's gconv.
    Iconv,
    /// Locale files.
    Locale,
    /// Shared objects to load.
    Dlopen,
}

/// Functions whose presence in a finished file says nothing, since glibc and libstdc++ contain them anyway:
/// only who refers to them counts, which is known while linking.
pub static CALLER_MATTERS: [(&str, RuntimeNeed); 7] = [
    ("dlmopen", RuntimeNeed::Dlopen),
    ("dlopen", RuntimeNeed::Dlopen),
    ("iconv", RuntimeNeed::Iconv),
    ("iconv_open", RuntimeNeed::Iconv),
    ("newlocale", RuntimeNeed::Locale),
    ("setlocale", RuntimeNeed::Locale),
    ("uselocale", RuntimeNeed::Locale),
];

/// The files that the data of a converted library names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NamedFiles {
    /// The library's file.
    pub library: String,
    /// Shared objects and their directories.
    pub plugins: Vec<String>,
    /// All others.
    pub files: Vec<String>,
}

/// What a reference is bound to in a dynamic program and in a static one; none is null.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BoundSymbol {
    /// Its name.
    pub symbol: String,
    /// The module that refers to it.
    pub by: String,
    /// The module that ld.so would bind it to.
    pub dynamic: Option<String>,
    /// The module that it is bound to.
    #[serde(rename = "static")]
    pub statically: Option<String>,
}

impl BoundSymbol {
    /// Whether the static program is another one here.
    pub fn differs(&self) -> bool {
        self.dynamic != self.statically
    }
}

impl fmt::Display for BoundSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "null".into());
        write!(f, "{}: dynamic {}, static {}", self.symbol, side(&self.dynamic), side(&self.statically))
    }
}

/// Who referred to functions that need files, as seen while linking.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CallEvidence {
    /// Function and the object or archive member that refers to it.
    pub callers: Vec<(String, String)>,
    /// Converted libraries, and the files that their data names: those that may be loaded, and others.
    pub named: Vec<NamedFiles>,
    /// References that are bound differently.
    pub bound: Vec<BoundSymbol>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(NAME_SERVICES.windows(2).all(|w| w[0] < w[1]));
        assert!(CALLER_MATTERS.windows(2).all(|w| w[0].0 < w[1].0));
    }
}

//! What this program does beyond the compiler's own static link. None of it is relied on for a toolchain before one of
//! its products ran on this machine: what can't be shown to work is off, and the next best way is taken.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One mechanism; its name in reports is that of the variant in kebab-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mechanism {
    /// The locale C.UTF-8 without files.
    Locales,
    /// Name services without shared objects.
    NameServices,
    /// Iconv's converters without shared objects.
    Converters,
    /// Finding out by which calls a program needs one of those.
    CallDetection,
    /// `dlopen` and the like for what is linked in.
    Dlopen,
    /// A thread pointer for IFUNC resolvers.
    EarlyThreadPointer,
    /// libpthread's functions in programs without threads, before glibc 2.34.
    OneThread,
    /// `__tls_get_addr`, which run-time libraries call and libc.a lacks.
    TlsGetAddr,
    /// Start-up code of converted shared objects.
    StartCode,
    /// Position-independent programs by the built-in linker.
    BuiltInStaticPie,
    /// Programs at fixed addresses by the built-in linker.
    BuiltInStatic,
    /// Packed relative relocations (DT_RELR), by the built-in linker.
    PackedRelocations,
    /// Conversion of shared objects without an archive.
    ConvertedLibraries,
    /// Objects that shared objects carry.
    CarriedObjects,
    /// Plugins that are linked in.
    Plugins,
    /// `staticctl convert`.
    ConvertedPrograms,
    /// The same, with libstdc++.
    ConvertedCxxPrograms,
}

/// Why mechanisms are off.
pub(crate) type MechanismsOff = BTreeMap<Mechanism, String>;

impl Mechanism {
    /// All of them, in the order of `staticctl doctor`.
    pub(crate) const ALL: [Mechanism; 17] = [
        Mechanism::BuiltInStaticPie,
        Mechanism::BuiltInStatic,
        Mechanism::PackedRelocations,
        Mechanism::CallDetection,
        Mechanism::Locales,
        Mechanism::NameServices,
        Mechanism::Converters,
        Mechanism::EarlyThreadPointer,
        Mechanism::OneThread,
        Mechanism::TlsGetAddr,
        Mechanism::StartCode,
        Mechanism::ConvertedLibraries,
        Mechanism::CarriedObjects,
        Mechanism::Dlopen,
        Mechanism::Plugins,
        Mechanism::ConvertedPrograms,
        Mechanism::ConvertedCxxPrograms,
    ];

    /// Its name in reports.
    pub(crate) fn id(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The mechanism of a name.
    pub(crate) fn of_id(id: &str) -> Option<Mechanism> {
        Mechanism::ALL.into_iter().find(|m| m.id() == id)
    }

    /// The mechanism without which it can't work.
    pub(crate) fn needs(self) -> Option<Mechanism> {
        match self {
            Mechanism::PackedRelocations => Some(Mechanism::BuiltInStaticPie),
            Mechanism::BuiltInStaticPie | Mechanism::BuiltInStatic => Some(Mechanism::CallDetection),
            Mechanism::ConvertedLibraries | Mechanism::ConvertedPrograms => Some(Mechanism::StartCode),
            Mechanism::ConvertedCxxPrograms => Some(Mechanism::ConvertedPrograms),
            Mechanism::Plugins => Some(Mechanism::Dlopen),
            _ => None,
        }
    }

    /// What is done without it.
    pub(crate) fn without(self) -> &'static str {
        match self {
            Mechanism::Locales => "in an empty root programs have the locale C only",
            Mechanism::NameServices => "programs load the name services of the machine that they run on",
            Mechanism::Converters => "in an empty root iconv has glibc's built-in character sets only",
            Mechanism::CallDetection | Mechanism::BuiltInStaticPie | Mechanism::BuiltInStatic => {
                "the compiler's linker links"
            }
            Mechanism::Dlopen => "programs have glibc's own dlopen",
            Mechanism::EarlyThreadPointer => "programs have glibc's own entry",
            Mechanism::OneThread => "functions of libpthread are not there in programs without threads",
            Mechanism::TlsGetAddr => "libraries that call __tls_get_addr can't be linked",
            Mechanism::StartCode | Mechanism::ConvertedLibraries => "a shared object needs an archive",
            Mechanism::PackedRelocations => "relocations are not packed",
            Mechanism::CarriedObjects => "a shared object needs an archive, or is converted",
            Mechanism::Plugins => "plugins can't be linked in",
            Mechanism::ConvertedPrograms | Mechanism::ConvertedCxxPrograms => "finished programs can't be converted",
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mechanism::Locales => "UTF-8 locales",
            Mechanism::NameServices => "name services",
            Mechanism::Converters => "iconv",
            Mechanism::CallDetection => "call detection",
            Mechanism::Dlopen => "dlopen",
            Mechanism::EarlyThreadPointer => "early thread pointer",
            Mechanism::OneThread => "libpthread's functions without threads",
            Mechanism::TlsGetAddr => "__tls_get_addr",
            Mechanism::StartCode => "start-up code of converted libraries",
            Mechanism::BuiltInStaticPie => "built-in linker, static-pie",
            Mechanism::BuiltInStatic => "built-in linker, static",
            Mechanism::PackedRelocations => "packed relocations",
            Mechanism::ConvertedLibraries => "converted libraries",
            Mechanism::CarriedObjects => "carried objects",
            Mechanism::Plugins => "plugins",
            Mechanism::ConvertedPrograms => "converted programs",
            Mechanism::ConvertedCxxPrograms => "converted C++ programs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_has_a_name_of_its_own_and_is_listed_once() {
        let names: BTreeSet<String> = Mechanism::ALL.iter().map(ToString::to_string).collect();
        let ids: BTreeSet<String> = Mechanism::ALL.iter().map(|m| m.id()).collect();
        assert_eq!((names.len(), ids.len()), (Mechanism::ALL.len(), Mechanism::ALL.len()));
        assert!(Mechanism::ALL.iter().all(|m| Mechanism::of_id(&m.id()) == Some(*m)));
    }
}

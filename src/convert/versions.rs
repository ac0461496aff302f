//! Symbol versions: which names of a link need them, and how glibc's versions map to its archives.

use super::glibc_names;
use super::library::Library;
use super::old_versions;
use super::refusal::Refusal;
use super::symbols::Symbol;
use crate::toolchain_libs;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use twox_hash::XxHash3_128;

/// Names that the libraries of one link export under several versions. References to them bind by name and version;
/// all others by name alone, so that the program and other libraries can define them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    pairs: BTreeSet<(Vec<u8>, Vec<u8>)>,
}

impl Versions {
    /// Collects them from all libraries of a link.
    pub fn of(libraries: &[&Library<'_>]) -> Versions {
        let mut exported: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
        for symbol in libraries.iter().flat_map(|l| &l.symbols).filter(|s| s.exported()) {
            if let Some(version) = symbol.version {
                exported.entry(symbol.name).or_default().insert(version);
            }
        }
        let several = exported.into_iter().filter(|(_, versions)| versions.len() > 1);
        let pairs = several.flat_map(|(n, v)| v.into_iter().map(move |v| (n.to_vec(), v.to_vec())));
        Versions { pairs: pairs.collect() }
    }

    /// The name of a symbol with its version in the link; none where the version does not matter.
    pub(crate) fn name(&self, symbol: &Symbol<'_>) -> Option<Vec<u8>> {
        let version = symbol.version?;
        if self.pairs.is_empty() || !self.pairs.contains(&(symbol.name.to_vec(), version.to_vec())) {
            return None;
        }
        Some([symbol.name, b"$", version].concat())
    }

    /// Those that concern a library, as bytes for a cache key.
    pub(crate) fn key(&self, library: &Library<'_>) -> Vec<u8> {
        let mut names: Vec<Vec<u8>> = match self.pairs.is_empty() {
            true => Vec::new(),
            false => library.symbols.iter().filter_map(|s| self.name(s)).collect(),
        };
        names.sort();
        names.join(&0)
    }
}

/// glibc's symbols: old and default versions from its shared objects, names from its archives.
#[derive(Debug, Default)]
pub struct GlibcSymbols {
    /// Name → version → address, with the default version under the empty name; only names with several functions.
    shared: HashMap<Vec<u8>, BTreeMap<Vec<u8>, u64>>,
    /// Default versions by name: symbol type, soname.
    offered: HashMap<Vec<u8>, (u8, Vec<u8>)>,
    /// Hashes of the thousands of names in the archives; none where those could not be read.
    archives: Option<HashSet<u128>>,
}

/// Data and functions for old programs that the archive of the start-up code provides.
pub(crate) const REMADE: [&[u8]; 50] = [
    b"_LIB_VERSION",
    b"__after_morecore_hook",
    b"__free_hook",
    b"__isnanf128",
    b"__malloc_hook",
    b"__malloc_initialize_hook",
    b"__memalign_hook",
    b"__morecore",
    b"__realloc_hook",
    b"__strcspn_c1",
    b"__strcspn_c2",
    b"__strcspn_c3",
    b"__strpbrk_c2",
    b"__strpbrk_c3",
    b"__strsep_1c",
    b"__strsep_2c",
    b"__strsep_3c",
    b"__strspn_c1",
    b"__strspn_c2",
    b"__strspn_c3",
    b"__strtok_r_1c",
    b"__sysctl",
    b"__xmknod",
    b"__xmknodat",
    b"_dl_mcount_wrapper",
    b"_dl_mcount_wrapper_check",
    b"_sys_errlist",
    b"_sys_nerr",
    b"_sys_siglist",
    b"bdflush",
    b"create_module",
    b"fattach",
    b"fdetach",
    b"get_kernel_syms",
    b"getmsg",
    b"getpmsg",
    b"nfsservctl",
    b"pthread_kill_other_threads_np",
    b"putmsg",
    b"putpmsg",
    b"query_module",
    b"re_max_failures",
    b"stime",
    b"sys_errlist",
    b"sys_nerr",
    b"sys_sigabbrev",
    b"sys_siglist",
    b"sysctl",
    b"uimaxabs",
    b"uselib",
];

impl GlibcSymbols {
    /// Adds the versions of one of glibc's shared objects.
    pub(crate) fn add_shared(&mut self, library: &Library<'_>) {
        let defined = || library.symbols.iter().filter(|s| s.defined());
        let mut first: HashMap<&[u8], u64> = HashMap::new();
        let several = defined().filter(|s| *first.entry(s.name).or_insert(s.value) != s.value);
        let several: HashSet<&[u8]> = several.map(|s| s.name).collect();
        for symbol in defined().filter(|s| several.contains(s.name)) {
            let Some(version) = symbol.version else { continue };
            let versions = self.shared.entry(symbol.name.to_vec()).or_default();
            versions.insert(version.to_vec(), symbol.value);
            if !symbol.old {
                versions.insert(Vec::new(), symbol.value);
            }
        }
    }

    /// Adds what one of glibc's shared objects exports to every program, for the bindings of modules.
    pub(crate) fn add_offers(&mut self, library: &Library<'_>) {
        let soname = library.soname.unwrap_or_default();
        for symbol in library.symbols.iter().filter(|s| s.exported() && !s.old && s.version != Some(b"GLIBC_PRIVATE")) {
            self.offered.insert(symbol.name.to_vec(), (symbol.kind, soname.to_vec()));
        }
    }

    /// The same of one name.
    pub(crate) fn add_offer(&mut self, name: &[u8], kind: u8, soname: &[u8]) {
        self.offered.insert(name.to_vec(), (kind, soname.to_vec()));
    }

    pub(crate) fn add_archive<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) {
        self.archives.get_or_insert_default().extend(names.map(XxHash3_128::oneshot));
    }

    /// Whether the archives define a name.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.archives.as_ref().is_some_and(|a| a.contains(&XxHash3_128::oneshot(name)))
    }

    /// Whether the shared objects export a name to every program, and the archives define it too.
    pub(crate) fn exports(&self, name: &[u8]) -> bool {
        self.offered.contains_key(name) && self.has(name)
    }

    /// Whether a module's references to its own definition of a symbol bind to libc's, which comes first in lookup.
    pub(super) fn comes_first(&self, symbol: &Symbol<'_>) -> bool {
        symbol.kind != super::symbols::TLS && self.exports(symbol.name)
    }

    /// All names for which [`GlibcSymbols::exports`] holds.
    pub(crate) fn exported(&self) -> impl Iterator<Item = &[u8]> {
        self.offered.keys().map(Vec::as_slice).filter(|n| self.has(n))
    }

    /// Whether a name that the shared objects export is thread-local.
    pub(crate) fn is_thread_local(&self, name: &[u8]) -> bool {
        self.offered.get(name).is_some_and(|(kind, _)| *kind == super::symbols::TLS)
    }

    /// Whether the shared object with this soname exports a name.
    pub(crate) fn is_of(&self, name: &[u8], soname: &str) -> bool {
        self.offered.get(name).is_some_and(|(_, of)| of == soname.as_bytes())
    }

    /// The name of an undefined symbol in a static link.
    ///
    /// # Errors
    /// A glibc symbol or version that its archives lack.
    pub(crate) fn resolve<'a>(&self, symbol: &Symbol<'a>) -> Result<Cow<'a, [u8]>, Refusal> {
        let (Some(version), Some(from)) = (symbol.version, symbol.from) else { return Ok(Cow::Borrowed(symbol.name)) };
        if !toolchain_libs::is_glibc(from) {
            return Ok(Cow::Borrowed(symbol.name));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if version == b"GLIBC_PRIVATE" {
            if let Some(name) = [symbol.name, glibc_names::today(symbol.name)].into_iter().find(|name| self.has(name)) {
                return Ok(Cow::Borrowed(name));
            }
            return Err(Refusal::LoaderInternals { symbol: text(symbol.name), version: text(version) });
        }
        let versions = self.shared.get(symbol.name);
        let of = |version: &[u8]| versions.and_then(|v| v.get(version));
        let another = matches!((of(version), of(b"")), (Some(old), Some(new)) if old != new);
        let old = || Refusal::OldVersion { symbol: text(symbol.name), version: text(version) };
        if another {
            return old_versions::successor(symbol.name, version).ok_or_else(old);
        }
        let today = glibc_names::today(symbol.name);
        let there = |name: &[u8]| self.archives.is_none() || self.has(name) || REMADE.contains(&name);
        match (there(symbol.name), there(today)) {
            (true, _) => Ok(Cow::Borrowed(symbol.name)),
            (false, true) => Ok(Cow::Borrowed(today)),
            (false, false) if symbol.bind == super::symbols::WEAK => Ok(Cow::Borrowed(symbol.name)),
            (false, false) => Err(old()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::symbols::FUNC;
    use super::*;

    fn needs(name: &'static [u8], version: &'static [u8]) -> Symbol<'static> {
        Symbol { name, version: Some(version), from: Some(b"libc.so.6"), bind: 1, kind: FUNC, ..Symbol::default() }
    }

    #[test]
    fn old_versions_are_bound_to_what_does_the_same_or_refused() {
        let mut libc = GlibcSymbols::default();
        let versions = |list: &[(&str, u64)]| list.iter().map(|(v, a)| (v.as_bytes().to_vec(), *a)).collect();
        libc.shared.insert(b"memcpy".to_vec(), versions(&[("GLIBC_2.2.5", 1), ("GLIBC_2.14", 2), ("", 2)]));
        libc.shared.insert(b"dup".to_vec(), versions(&[("GLIBC_2.2.5", 5), ("GLIBC_2.34", 5), ("", 5)]));
        libc.shared.insert(b"timer_create".to_vec(), versions(&[("GLIBC_2.2.5", 7), ("GLIBC_2.3.3", 8), ("", 8)]));
        let names: [&[u8]; 3] = [b"memcpy", b"dup", b"secure_getenv"];
        libc.add_archive(names.into_iter());
        assert_eq!(libc.resolve(&needs(b"memcpy", b"GLIBC_2.2.5")).unwrap(), &b"memmove"[..]);
        assert_eq!(libc.resolve(&needs(b"memcpy", b"GLIBC_2.14")).unwrap(), &b"memcpy"[..]);
        assert_eq!(libc.resolve(&needs(b"dup", b"GLIBC_2.2.5")).unwrap(), &b"dup"[..]);
        assert_eq!(libc.resolve(&needs(b"__secure_getenv", b"GLIBC_2.2.5")).unwrap(), &b"secure_getenv"[..]);
        assert_eq!(
            libc.resolve(&needs(b"timer_create", b"GLIBC_2.2.5")).unwrap_err().to_string(),
            "it needs `timer_create@GLIBC_2.2.5`, an old variant that glibc's archives lack"
        );
        assert!(matches!(libc.resolve(&needs(b"_dl_x", b"GLIBC_PRIVATE")), Err(Refusal::LoaderInternals { .. })));
    }

    #[test]
    fn the_key_of_pointers_is_that_of_the_program_where_its_libc_has_it_as_a_variable() {
        let key = needs(b"__pointer_chk_guard", b"GLIBC_PRIVATE");
        let mut libc = GlibcSymbols::default();
        libc.add_archive([&b"puts"[..]].into_iter());
        assert!(matches!(libc.resolve(&key), Err(Refusal::LoaderInternals { .. })));
        libc.add_archive([&b"__pointer_chk_guard_local"[..]].into_iter());
        assert_eq!(libc.resolve(&key).unwrap(), &b"__pointer_chk_guard_local"[..]);
    }
}

//! The libraries of glibc and GCC: one table of all facts about them.
//!
//! Sources: `gcc -###` for C and C++ with `-static` and `-static-pie`, for the libraries that the driver adds to every
//! link; Debian's libc6-dev, libgcc-12-dev and libstdc++-12-dev, for the archives.

use std::ffi::OsStr;

/// The project of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// glibc.
    Glibc,
    /// GCC.
    Gcc,
    /// Another project: distributions install it with the two, and other C libraries contain it.
    Other,
}

/// How a static link gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// The driver adds it.
    Implied,
    /// By name; the driver always finds its archive, a cross driver too.
    ByName,
    /// Along the search path, like any other library.
    Searched,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToolchainLib {
    /// The name after `-l`.
    pub name: &'static str,
    /// Its project.
    pub maker: Maker,
    /// How a static link gets it.
    pub link: Link,
    /// The version in its soname (`6` in `libc.so.6`); none without a shared object.
    pub version: Option<&'static str>,
    /// Its archive is used even if shared objects are preferred.
    pub archive_only: bool,
    /// Its code is part of every glibc program that uses it: dlopen of its soname finds the program itself.
    pub inside: bool,
    /// Variables of its shared object are copied into dynamic programs (COPY relocations), so their content is searched
    /// for in its archive.
    pub copied_from: bool,
}

const fn lib(name: &'static str, maker: Maker, link: Link, version: Option<&'static str>) -> ToolchainLib {
    ToolchainLib { name, maker, link, version, archive_only: false, inside: false, copied_from: false }
}

impl ToolchainLib {
    const fn archive_only(self) -> ToolchainLib {
        ToolchainLib { archive_only: true, ..self }
    }

    const fn inside(self) -> ToolchainLib {
        ToolchainLib { inside: true, ..self }
    }

    const fn copied_from(self) -> ToolchainLib {
        ToolchainLib { copied_from: true, ..self }
    }

    /// Its soname, if it has a shared object.
    pub(crate) fn soname(&self) -> Option<String> {
        self.version.map(|version| format!("lib{}.so.{version}", self.name))
    }
}

use Link::{ByName, Implied, Searched};
use Maker::{Gcc, Glibc, Other};

/// All libraries, sorted by name.
pub(crate) const TOOLCHAIN_LIBS: [ToolchainLib; 27] = [
    lib("BrokenLocale", Glibc, Searched, Some("1")),
    lib("anl", Glibc, ByName, Some("1")).archive_only(),
    lib("atomic", Gcc, Searched, Some("1")).archive_only(),
    lib("c", Glibc, Implied, Some("6")).inside().copied_from(),
    lib("crypt", Other, Searched, Some("1")).archive_only().copied_from(),
    lib("dl", Glibc, ByName, Some("2")).inside(),
    lib("gcc", Gcc, Implied, None),
    lib("gcc_eh", Gcc, Implied, None),
    lib("gcc_s", Gcc, Implied, Some("1")).archive_only(),
    lib("gfortran", Gcc, Searched, Some("5")).archive_only().copied_from(),
    lib("gomp", Gcc, Searched, Some("1")).archive_only(),
    lib("itm", Gcc, Searched, Some("1")).archive_only(),
    lib("m", Glibc, ByName, Some("6")).archive_only().inside().copied_from(),
    lib("mvec", Glibc, Implied, Some("1")).archive_only(),
    lib("nsl", Other, Searched, Some("2")).archive_only(),
    lib("objc", Gcc, Searched, Some("4")).archive_only(),
    lib("pthread", Glibc, ByName, Some("0")).inside(),
    lib("quadmath", Gcc, Searched, Some("0")).archive_only(),
    lib("resolv", Glibc, Searched, Some("2")).archive_only().copied_from(),
    lib("rt", Glibc, ByName, Some("1")).inside(),
    lib("ssp", Gcc, Searched, Some("0")).archive_only(),
    lib("ssp_nonshared", Gcc, Searched, None),
    lib("stdc++", Gcc, ByName, Some("6")).archive_only().copied_from(),
    lib("stdc++fs", Gcc, Searched, None),
    lib("supc++", Gcc, ByName, None),
    lib("thread_db", Glibc, Searched, Some("1")).archive_only(),
    lib("util", Glibc, ByName, Some("1")).archive_only().inside(),
];

/// The library of a name after `-l`.
pub(crate) fn by_name(name: impl AsRef<OsStr>) -> Option<&'static ToolchainLib> {
    let name = name.as_ref().to_str()?;
    TOOLCHAIN_LIBS.iter().find(|l| l.name == name)
}

/// The library of a soname.
pub(crate) fn by_soname(soname: &[u8]) -> Option<&'static ToolchainLib> {
    let rest = soname.strip_prefix(b"lib")?;
    let named = |l: &&ToolchainLib| {
        let version = rest.strip_prefix(l.name.as_bytes()).and_then(|r| r.strip_prefix(b".so."));
        // Any version of GCC's libraries: it changes with the ABI.
        version.is_some_and(|v| l.version.is_some_and(|own| own.as_bytes() == v || l.maker == Gcc))
    };
    TOOLCHAIN_LIBS.iter().find(named)
}

/// Whether a name after `-l` is a library whose archive the driver always finds.
pub(crate) fn is_driver_s(name: &OsStr) -> bool {
    by_name(name).is_some_and(|l| l.link != Searched)
}

/// Whether the driver adds the library to every link.
pub(crate) fn is_implied(name: &OsStr) -> bool {
    by_name(name).is_some_and(|l| l.link == Implied)
}

/// Whether a name after `-l` is a library whose archive is used even if shared objects are preferred.
pub(crate) fn is_archive_only(name: &str) -> bool {
    by_name(name).is_some_and(|l| l.archive_only)
}

/// Whether a soname is glibc's, ld.so included. Name services are not: glibc's archives lack them.
pub(crate) fn is_glibc(soname: &[u8]) -> bool {
    soname.starts_with(b"ld-linux") || by_soname(soname).is_some_and(|l| l.maker == Glibc)
}

/// The same without what no archive has: debuggers open libthread_db, which needs them and libc alone.
pub(crate) fn is_in_glibc_archives(soname: &[u8]) -> bool {
    is_glibc(soname) && by_soname(soname).is_none_or(|l| l.name != "thread_db")
}

/// Whether a soname is glibc's or GCC's.
pub(crate) fn is_toolchain_soname(soname: &[u8]) -> bool {
    is_glibc(soname) || by_soname(soname).is_some_and(|l| l.maker == Gcc)
}

/// Whether the file name of an archive, or of a part of one (`libm-2.36.a`), is glibc's.
pub(crate) fn is_glibc_archive(file: &str) -> bool {
    let stem = file.strip_prefix("lib").and_then(|f| f.strip_suffix(".a")).unwrap_or_default();
    by_name(stem.split('-').next().unwrap_or_default()).is_some_and(|l| l.maker == Glibc)
}

/// Sonames of libraries whose code is part of every glibc program that uses them.
///
/// `loader`: that of the machine's ld.so.
pub(crate) fn sonames_inside(loader: &str) -> impl Iterator<Item = String> {
    let sonames = TOOLCHAIN_LIBS.iter().filter(|l| l.inside).filter_map(ToolchainLib::soname);
    [loader.to_owned()].into_iter().chain(sonames)
}

/// File names of archives with the content of copied variables.
pub(crate) fn archives_copied_from() -> impl Iterator<Item = String> {
    TOOLCHAIN_LIBS.iter().filter(|l| l.copied_from).map(|l| format!("lib{}.a", l.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sonames_and_names_lead_to_their_library() {
        assert!(TOOLCHAIN_LIBS.is_sorted_by_key(|l| l.name));
        assert!(is_glibc(b"libc.so.6") && is_glibc(b"ld-linux-x86-64.so.2") && !is_glibc(b"libcrypt.so.1"));
        assert!(!is_glibc(b"libc.so") && !is_glibc(b"libc.so.61") && !is_glibc(b"libnss_files.so.2"));
        assert!(is_toolchain_soname(b"libstdc++.so.6") && is_toolchain_soname(b"libgfortran.so.4"));
        assert!(!is_toolchain_soname(b"libnsl.so.2") && !is_toolchain_soname(b"libz.so.1"));
        assert_eq!(by_soname(b"libgcc_s.so.1").map(|l| l.name), Some("gcc_s"));
        assert_eq!(by_name("stdc++").and_then(ToolchainLib::soname).as_deref(), Some("libstdc++.so.6"));
        assert!(is_glibc_archive("libm-2.36.a") && is_glibc_archive("libc.a") && !is_glibc_archive("libcrypt.a"));
    }

    #[test]
    fn what_the_driver_does_by_itself() {
        for (name, driver_s, implied) in [
            ("c", true, true),
            ("gcc_s", true, true),
            ("pthread", true, false),
            ("gomp", false, false),
            ("z", false, false),
        ] {
            assert_eq!((is_driver_s(OsStr::new(name)), is_implied(OsStr::new(name))), (driver_s, implied), "{name}");
        }
    }
}

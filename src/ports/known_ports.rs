//! All libraries that can be added: those that come with this program, and the user's own, which replace them by name.

use super::port_recipe::{BadRecipe, PortRecipe};
use crate::embedded::EmbeddedFiles;
use crate::options::mistakes::distance;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The programs that try libraries, by their files' names.
static PROGRAMS: EmbeddedFiles = EmbeddedFiles(include_bytes!(concat!(env!("OUT_DIR"), "/library-programs.tar.xz")));

/// A recipe with the name of its program.
macro_rules! port {
    ($name:literal, $test:literal) => {
        (
            concat!("toolchains/libraries/", $name, ".json"),
            include_str!(concat!("../../toolchains/libraries/", $name, ".json")),
            $test,
        )
    };
}

/// The embedded recipes.
const EMBEDDED: [(&str, &str, &str); 43] = [
    port!("abseil", "abseil.cpp"),
    port!("boost", "boost.cpp"),
    port!("bzip2", "bzip2.c"),
    port!("c-ares", "c-ares.c"),
    port!("curl", "curl.c"),
    port!("expat", "expat.c"),
    port!("fmt", "fmt.cpp"),
    port!("freetype", "freetype.c"),
    port!("glib", "glib.c"),
    port!("gmp", "gmp.cpp"),
    port!("gnutls", "gnutls.c"),
    port!("jemalloc", "jemalloc.cpp"),
    port!("jsoncpp", "jsoncpp.cpp"),
    port!("libarchive", "libarchive.c"),
    port!("libevent", "libevent.c"),
    port!("libffi", "libffi.c"),
    port!("libidn2", "libidn2.c"),
    port!("libjpeg-turbo", "libjpeg-turbo.c"),
    port!("libpng", "libpng.c"),
    port!("libpsl", "libpsl.c"),
    port!("libsodium", "libsodium.c"),
    port!("libssh2", "libssh2.c"),
    port!("libtasn1", "libtasn1.c"),
    port!("libunistring", "libunistring.c"),
    port!("libuv", "libuv.c"),
    port!("libwebp", "libwebp.c"),
    port!("libxml2", "libxml2.c"),
    port!("lz4", "lz4.c"),
    port!("mpfr", "mpfr.c"),
    port!("ncurses", "ncurses.c"),
    port!("nettle", "nettle.c"),
    port!("nghttp2", "nghttp2.c"),
    port!("openssl", "openssl.c"),
    port!("pcre2", "pcre2.c"),
    port!("protobuf", "protobuf.cpp"),
    port!("re2", "re2.cpp"),
    port!("readline", "readline.c"),
    port!("spdlog", "spdlog.cpp"),
    port!("sqlite", "sqlite.c"),
    port!("xz", "xz.c"),
    port!("yaml-cpp", "yaml-cpp.cpp"),
    port!("zlib", "zlib.c"),
    port!("zstd", "zstd.c"),
];

/// Whether a header, as `#include` names it, may be one of a library's: read from the recipes' texts, since every compilation
/// asks. With recipes of the user's, any may.
pub(crate) fn may_have(config_dir: Option<&Path>, header: &str) -> bool {
    let quoted = format!("\"{header}\"");
    let find = memchr::memmem::Finder::new(quoted.as_bytes());
    EMBEDDED.iter().any(|(_, text, _)| find.find(text.as_bytes()).is_some())
        || config_dir.is_some_and(|dir| dir.join("libraries").is_dir())
}

/// Every library that can be added, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownPorts {
    ports: BTreeMap<String, PortRecipe>,
}

impl KnownPorts {
    /// The embedded recipes, and those in the user's configuration directory, `libraries/NAME.json`.
    ///
    /// # Errors
    /// A recipe of the user's that can't be used.
    pub(crate) fn all(config_dir: Option<&Path>) -> Result<KnownPorts, BadRecipe> {
        let mut known = KnownPorts::default();
        let programs = PROGRAMS.texts().map_err(|e| BadRecipe { file: "its own".into(), why: e.to_string() })?;
        for (file, text, program) in EMBEDDED {
            known.add(PortRecipe::parse(file, text, |wanted| {
                programs.get(wanted).filter(|_| wanted == program).cloned()
            })?);
        }
        let dir = config_dir.map(|dir| dir.join("libraries"));
        let files = dir.as_deref().and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        let mut files: Vec<_> =
            files.map(|e| e.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        for file in files {
            let name = file.display().to_string();
            let text = fs::read_to_string(&file).map_err(|e| BadRecipe { file: name.clone(), why: e.to_string() })?;
            let beside = |wanted: &str| fs::read_to_string(file.with_file_name(wanted)).ok();
            known.add(PortRecipe::parse(&name, &text, beside)?);
        }
        Ok(known)
    }

    fn add(&mut self, recipe: PortRecipe) {
        self.ports.insert(recipe.name.clone(), recipe);
    }

    /// One of them.
    pub(crate) fn get(&self, name: &str) -> Option<&PortRecipe> {
        self.ports.get(name)
    }

    /// All of them, in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PortRecipe> {
        self.ports.values()
    }

    /// Names that may have been meant by one that is not known: those of a library with such a header, archive, package or
    /// source, else those that differ in few letters, the nearest first.
    pub(crate) fn close_to(&self, name: &str) -> Vec<&str> {
        let short = name.strip_prefix("lib").unwrap_or(name).trim_end_matches("-dev");
        let gives = |p: &&PortRecipe| {
            let same = |of: &String| [name, short].contains(&of.as_str()) || of.strip_prefix("lib") == Some(short);
            p.name == short || p.archives.iter().chain(&p.packages).chain(&p.sources).any(same)
        };
        let given: Vec<&str> = self.iter().filter(gives).map(|p| p.name.as_str()).collect();
        if !given.is_empty() {
            return given;
        }
        let far = name.chars().count().div_ceil(3).max(1);
        let mut near: Vec<(usize, &str)> = self.ports.keys().map(|n| (distance(name, n), n.as_str())).collect();
        near.retain(|(distance, _)| *distance <= far);
        near.sort_unstable();
        near.into_iter().map(|(_, name)| name).take(3).collect()
    }

    /// The library with a header, as `#include` names it.
    pub(crate) fn with_header(&self, header: &str) -> Option<&PortRecipe> {
        self.iter().find(|p| p.headers.iter().any(|h| h == header))
    }

    /// The library with an archive, as `-l` names it.
    pub(crate) fn with_archive(&self, archive: &str) -> Option<&PortRecipe> {
        self.iter().find(|p| p.archives.iter().any(|a| a == archive))
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::super::port_recipe::testing::recipe;
    use super::*;

    impl KnownPorts {
        /// Changes one of them.
        pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut PortRecipe)) {
            change(self.ports.get_mut(name).unwrap());
        }
    }

    /// Libraries with what they need.
    pub(crate) fn known(ports: &[(&str, &[&str])]) -> KnownPorts {
        let mut known = KnownPorts::default();
        ports.iter().for_each(|(name, needs)| known.add(recipe(name, needs)));
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_embedded_recipe_is_sound() {
        let known = KnownPorts::all(None).unwrap();
        assert_eq!(known.iter().count(), EMBEDDED.len());
        let mut seen = BTreeSet::new();
        for port in known.iter() {
            for need in &port.needs {
                assert!(known.get(need).is_some(), "{}: {need}", port.name);
            }
            for given in port.headers.iter().map(|h| format!("<{h}>")).chain(port.archives.clone()) {
                assert!(seen.insert(given.clone()), "{}: {given} is another library's too", port.name);
            }
            assert!(!port.description.is_empty() && !port.test_text.is_empty(), "{}", port.name);
        }
    }

    #[test]
    fn the_manual_has_all_of_them() {
        let manual = include_str!("../../docs/src/musl.md");
        for port in KnownPorts::all(None).unwrap().iter() {
            let row = format!("| `{}` | {} | {} |", port.name, port.description, port.needs.join(", "));
            assert!(manual.contains(&row.replace("  ", " ")), "docs/src/musl.md has no row `{row}`");
        }
    }

    #[test]
    fn every_recipe_is_embedded() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/toolchains/libraries");
        let files: Vec<String> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        for file in files {
            let embedded = EMBEDDED.iter().any(|(path, _, test)| path.ends_with(&format!("/{file}")) || *test == file);
            assert!(embedded, "{file}");
        }
    }

    #[test]
    fn headers_are_told_from_others() {
        assert!(may_have(None, "zlib.h"));
        assert!(!may_have(None, "stdio.h") && !may_have(None, "lib.h"));
    }

    #[test]
    fn the_nearest_names_come_first() {
        let known = testing::known(&[("zlib", &[]), ("zstd", &[]), ("openssl", &[]), ("xz", &[])]);
        assert_eq!(known.close_to("zlb"), ["zlib"]);
        assert_eq!(known.close_to("opensl"), ["openssl"]);
        assert_eq!(known.close_to("libzstd-dev"), ["zstd"]);
        assert!(known.close_to("something").is_empty());
    }

    #[test]
    fn a_recipe_of_the_user_s_replaces_one_that_comes_with_the_program() {
        let t = tempfile::tempdir().unwrap();
        fs::create_dir(t.path().join("libraries")).unwrap();
        let file = |name: &str, text: &str| fs::write(t.path().join("libraries").join(name), text).unwrap();
        file("zlib.json", &super::super::port_recipe::testing::text("zlib", &[]).to_string());
        assert!(KnownPorts::all(Some(t.path())).unwrap_err().to_string().contains("no `x.c` beside it"));
        file("x.c", "int main;");
        let known = KnownPorts::all(Some(t.path())).unwrap();
        assert_eq!(known.get("zlib").unwrap().description, "a library");
        assert_eq!(known.iter().count(), EMBEDDED.len());
    }
}

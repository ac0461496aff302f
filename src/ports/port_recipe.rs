//! One library as data. The fields are documented in `toolchains/README.md`.

use crate::packages::version_order::deb;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the schema, and of how recipes are carried out: a change of either makes what was built older.
pub(crate) const SCHEMA: u32 = 1;

/// What drives a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PortSystem {
    /// A configure script of Autoconf's.
    Autoconf,
    Cmake,
    Meson,
    /// A configure script of another kind, then make; or make alone.
    Make,
    /// Nothing but the lines of the recipe.
    Lines,
}

/// How a library is built. Words and lines may have `{prefix}`, `{stage}`, `{beside}`, `{host}`, `{arch}` and `{jobs}` in them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortBuildRecipe {
    pub system: PortSystem,
    /// The directory below the source's top in which it is built.
    #[serde(default)]
    pub directory: String,
    /// Lines for the shell, before all else.
    #[serde(default)]
    pub prepare: Vec<String>,
    /// The configure command of `make`, with all of its words.
    #[serde(default)]
    pub configure: Vec<String>,
    /// Options of configure, CMake or Meson, after the usual ones.
    #[serde(default)]
    pub options: Vec<String>,
    /// Words of make.
    #[serde(default)]
    pub make: Vec<String>,
    /// Words of the make that installs.
    #[serde(default = "just_install")]
    pub install: Vec<String>,
    /// Lines for the shell, after all else.
    #[serde(default)]
    pub finish: Vec<String>,
    /// Further compiler options.
    #[serde(default)]
    pub flags: String,
}

fn just_install() -> Vec<String> {
    vec!["install".into()]
}

/// The program that shows that it works: built, linked, and run in an empty root, where it prints `ok`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortTest {
    /// Its file, beside the recipe; C++ if it ends in `.cpp`.
    pub program: String,
    /// Packages of pkg-config that it is linked with.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Words for the compiler besides.
    #[serde(default)]
    pub words: Vec<String>,
}

/// One library.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortRecipe {
    pub schema: u32,
    pub name: String,
    pub description: String,
    /// Source packages; the first one that the release has is taken.
    pub sources: Vec<String>,
    /// Source packages besides, with data that its build reads: each is unpacked as `{beside}/NAME`.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Libraries that are added before it.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Those of them that only newer versions of its source need, and the first such version.
    #[serde(default)]
    pub needs_from: BTreeMap<String, String>,
    /// Programs that its build runs, besides those of its system.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Files of the machine's that its build reads, as absolute paths.
    #[serde(default)]
    pub data: Vec<String>,
    pub build: PortBuildRecipe,
    /// Its headers, as `#include` has them; the hint after a failed compilation goes by them.
    pub headers: Vec<String>,
    /// Its archives, as `-l` has them.
    pub archives: Vec<String>,
    /// Its packages, as pkg-config has them.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Its programs that builds of others run, kept in `bin`.
    #[serde(default)]
    pub programs: Vec<String>,
    pub test: PortTest,
    /// The text of the test's program.
    #[serde(skip)]
    pub test_text: String,
    /// Hash of recipe and test.
    #[serde(skip)]
    pub hash: String,
}

/// A recipe that can't be used: file, field and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRecipe {
    pub file: String,
    pub why: String,
}

impl fmt::Display for BadRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.file, self.why)
    }
}

impl PortRecipe {
    /// Reads a recipe; `program` gives the text of a file beside it.
    ///
    /// # Errors
    /// What is wrong with it, by file and field.
    pub(crate) fn parse(
        file: &str,
        text: &str,
        program: impl FnOnce(&str) -> Option<String>,
    ) -> Result<PortRecipe, BadRecipe> {
        let bad = |why: String| BadRecipe { file: file.to_owned(), why };
        let reader = &mut serde_json::Deserializer::from_str(text);
        let mut recipe: PortRecipe = serde_path_to_error::deserialize(reader).map_err(|e| {
            let field = e.path().to_string();
            bad(if field == "." { e.inner().to_string() } else { format!("field `{field}`: {}", e.inner()) })
        })?;
        if let Some((field, why)) = recipe.mistake() {
            return Err(bad(format!("field `{field}`: {why}")));
        }
        let name = recipe.test.program.clone();
        recipe.test_text =
            program(&name).ok_or_else(|| bad(format!("field `test.program`: there is no `{name}` beside it")))?;
        let hash = Sha256::new().chain_update(text).chain_update([0]).chain_update(&recipe.test_text).finalize();
        recipe.hash = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Ok(recipe)
    }

    /// What a version of its source needs.
    pub(crate) fn needs_of(&self, version: &str) -> impl Iterator<Item = &String> {
        let older = move |need: &String| self.needs_from.get(need).is_some_and(|from| deb(version, from).is_lt());
        self.needs.iter().filter(move |need| !older(need))
    }

    /// The first field that can't be right, and why.
    fn mistake(&self) -> Option<(&'static str, String)> {
        let is_name =
            |n: &str| n.starts_with(|c: char| c.is_ascii_alphanumeric()) && n.bytes().all(|b| is_plain(b) || b == b'+');
        let is_below = |p: &str| !p.starts_with('/') && p.split('/').all(|part| part != "..");
        if self.schema != SCHEMA {
            return Some(("schema", format!("{} is not supported, {SCHEMA} is", self.schema)));
        }
        if !is_name(&self.name) {
            return Some(("name", format!("`{}` is no name", self.name)));
        }
        let names =
            [("sources", &self.sources), ("beside", &self.beside), ("needs", &self.needs), ("tools", &self.tools)];
        for (field, names) in names.into_iter().chain([("programs", &self.programs)]) {
            if let Some(name) = names.iter().find(|n| !is_name(n)) {
                return Some((field, format!("`{name}` is no name")));
            }
        }
        if let Some(name) = self.needs_from.keys().find(|name| !self.needs.contains(name)) {
            return Some(("needs_from", format!("`{name}` is not among `needs`")));
        }
        for (field, list) in [("sources", &self.sources), ("headers", &self.headers), ("archives", &self.archives)] {
            if list.is_empty() {
                return Some((field, "it is empty".into()));
            }
        }
        if let Some(path) = self.headers.iter().find(|h| h.is_empty() || !is_below(h)) {
            return Some(("headers", format!("`{path}` is no header's name")));
        }
        for (field, names) in [("archives", &self.archives), ("packages", &self.packages)] {
            if let Some(name) = names.iter().find(|n| n.is_empty() || n.contains(['/', ' '])) {
                return Some((field, format!("`{name}` is no name")));
            }
        }
        if let Some(path) = self.data.iter().find(|p| !p.strip_prefix('/').is_some_and(is_below)) {
            return Some(("data", format!("`{path}` is no absolute path")));
        }
        if !is_below(&self.build.directory) {
            return Some(("build.directory", "it is not below the source".into()));
        }
        if self.build.system != PortSystem::Make && !self.build.configure.is_empty() {
            return Some(("build.configure", "it is for `make` only".into()));
        }
        let program = &self.test.program;
        let is_source = [".c", ".cpp"].iter().any(|end| program.ends_with(end)) && !program.contains('/');
        (!is_source).then(|| ("test.program", format!("`{program}` is no file name of C or C++")))
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._".contains(&byte)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A recipe of this name that needs these.
    pub(crate) fn recipe(name: &str, needs: &[&str]) -> PortRecipe {
        PortRecipe::parse("x.json", &text(name, needs).to_string(), |_| Some("int main;".into())).unwrap()
    }

    pub(crate) fn text(name: &str, needs: &[&str]) -> serde_json::Value {
        serde_json::json!({
            "schema": 1, "name": name, "description": "a library", "sources": [name], "needs": needs,
            "build": { "system": "autoconf" }, "headers": [format!("{name}.h")], "archives": [name],
            "test": { "program": "x.c" }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::testing::text;
    use super::*;

    #[test]
    fn a_broken_recipe_names_file_and_field() {
        let read = |text: &str| PortRecipe::parse("/u/x.json", text, |n| (n == "x.c").then(String::new));
        assert!(read(&text("x", &[]).to_string()).is_ok());
        for (pointer, value, expected) in [
            ("/schema", 2.into(), "field `schema`: 2 is not supported"),
            ("/name", "../x".into(), "field `name`"),
            ("/needs", serde_json::json!(["-y"]), "field `needs`"),
            ("/needs_from", serde_json::json!({"y": "1"}), "field `needs_from`: `y` is not among `needs`"),
            ("/sources", serde_json::json!([]), "field `sources`: it is empty"),
            ("/headers", serde_json::json!(["../../x.h"]), "field `headers`"),
            ("/headers", "x.h".into(), "field `headers`: invalid type"),
            ("/archives", serde_json::json!(["a/b"]), "field `archives`"),
            ("/beside", serde_json::json!(["../y"]), "field `beside`"),
            ("/programs", serde_json::json!(["a/b"]), "field `programs`"),
            ("/data", serde_json::json!(["usr/x"]), "field `data`: `usr/x` is no absolute path"),
            ("/data", serde_json::json!(["/usr/../x"]), "field `data`: `/usr/../x` is no absolute path"),
            ("/build/system", "scons".into(), "field `build.system`: unknown variant `scons`"),
            ("/build", serde_json::json!({"system": "cmake", "flag": 1}), "field `build.flag`: unknown field `flag`"),
            ("/build", serde_json::json!({"system": "cmake", "configure": ["x"]}), "field `build.configure`"),
            ("/build", serde_json::json!({"system": "make", "directory": "a/../.."}), "field `build.directory`"),
            ("/test/program", "y.c".into(), "field `test.program`: there is no `y.c`"),
            ("/test/program", "a/x.c".into(), "field `test.program`: `a/x.c` is no file name"),
        ] {
            let mut broken = text("x", &[]);
            *broken.pointer_mut(pointer).unwrap_or(&mut serde_json::Value::Null) = value.clone();
            if let Some(field @ ("needs" | "needs_from" | "beside" | "programs" | "data")) = pointer.strip_prefix('/') {
                broken[field] = value;
            }
            let said = read(&broken.to_string()).unwrap_err().to_string();
            assert!(said.starts_with("`/u/x.json`: ") && said.contains(expected), "{pointer}: {said}");
        }
        assert!(read("{").unwrap_err().to_string().contains("line 1"));
        assert!(read("{}").unwrap_err().to_string().contains("missing field `schema`"));
    }

    #[test]
    fn the_hash_is_of_recipe_and_test() {
        let hash = |name: &str, program: &str| {
            PortRecipe::parse("x", &text(name, &[]).to_string(), |_| Some(program.into())).unwrap().hash
        };
        assert_eq!((hash("a", "x") == hash("a", "x"), hash("a", "x") == hash("a", "y")), (true, false));
        assert_ne!(hash("a", "x"), hash("b", "x"));
    }
}

//! Hermetic calls (`STATICCXX_HERMETIC`): what a compiler writes does not tell where, when and by whom it was run.

use crate::args::Request;
use crate::settings::Settings;
use crate::toolchain::{Selected, packed};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What the toolchain's tree is called in debug information and `__FILE__`.
const TREE: &str = "/toolchain";

/// The options for each call that compiles.
pub(super) fn compile_args(settings: &Settings, request: &Request, selected: &Selected) -> Vec<OsString> {
    if !settings.hermetic {
        return Vec::new();
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    args(&here, packed::tree_of(&selected.descriptor).as_deref(), seed(request))
}

/// GCC makes names from a random number, unless it gets another one for each file (GCC manual, "Options That Control
/// Optimization", -frandom-seed). Of two prefixes that fit it takes the one that is named last.
fn args(here: &Path, tree: Option<&Path>, seed: &OsStr) -> Vec<OsString> {
    let mapped = |prefix: &Path, to: &str| {
        let mut word = OsString::from("-ffile-prefix-map=");
        word.push(prefix);
        word.push("=");
        word.push(to);
        word
    };
    let mut random = OsString::from("-frandom-seed=");
    random.push(seed);
    std::iter::once(mapped(here, ".")).chain(tree.map(|tree| mapped(tree, TREE))).chain([random]).collect()
}

/// What tells a compilation from others of a build: the output, else the first input, as typed.
fn seed(request: &Request) -> &OsStr {
    let input = request.inputs.first().map(|input| input.text.as_os_str());
    request.output.as_deref().or(input).unwrap_or(OsStr::new("a.out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_comes_after_the_directory_that_it_may_be_in() {
        let words = args(Path::new("/b"), Some(Path::new("/b/tree")), OsStr::new("x.o"));
        assert_eq!(words, ["-ffile-prefix-map=/b=.", "-ffile-prefix-map=/b/tree=/toolchain", "-frandom-seed=x.o"]);
        assert_eq!(args(Path::new("/b"), None, OsStr::new("x.o")).len(), 2);
    }

    #[test]
    fn the_seed_is_the_output_s_name() {
        let of = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            seed(&crate::args::classify(&words, crate::model::Language::C)).to_owned()
        };
        assert_eq!(of(&["-c", "a.c", "-o", "b/a.o"]), "b/a.o");
        assert_eq!(of(&["-c", "a.c"]), "a.c");
    }
}

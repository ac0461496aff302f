//! What programs usually open at run time, by the library that opens it: `--plugin auto`. One file for each in
//! `toolchains/plugins`.

use crate::check;
use crate::libs::ld_so::{self, LoadList};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FILES: [&str; 28] = [
    include_str!("../../toolchains/plugins/alsa.json"),
    include_str!("../../toolchains/plugins/egl.json"),
    include_str!("../../toolchains/plugins/emacs.json"),
    include_str!("../../toolchains/plugins/gdk-pixbuf.json"),
    include_str!("../../toolchains/plugins/gio.json"),
    include_str!("../../toolchains/plugins/glx.json"),
    include_str!("../../toolchains/plugins/graphviz.json"),
    include_str!("../../toolchains/plugins/gssapi.json"),
    include_str!("../../toolchains/plugins/gstreamer.json"),
    include_str!("../../toolchains/plugins/gtk3.json"),
    include_str!("../../toolchains/plugins/gtk4.json"),
    include_str!("../../toolchains/plugins/imagemagick.json"),
    include_str!("../../toolchains/plugins/nginx.json"),
    include_str!("../../toolchains/plugins/nss.json"),
    include_str!("../../toolchains/plugins/openmpi.json"),
    include_str!("../../toolchains/plugins/openssl.json"),
    include_str!("../../toolchains/plugins/p11-kit.json"),
    include_str!("../../toolchains/plugins/pam.json"),
    include_str!("../../toolchains/plugins/perl.json"),
    include_str!("../../toolchains/plugins/php.json"),
    include_str!("../../toolchains/plugins/postgres.json"),
    include_str!("../../toolchains/plugins/python.json"),
    include_str!("../../toolchains/plugins/qt5.json"),
    include_str!("../../toolchains/plugins/qt6.json"),
    include_str!("../../toolchains/plugins/r.json"),
    include_str!("../../toolchains/plugins/ruby.json"),
    include_str!("../../toolchains/plugins/sasl.json"),
    include_str!("../../toolchains/plugins/sox.json"),
];

/// Which plugins belong to a library or to a program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginRecipe {
    name: String,
    /// A pattern for the soname of the library that opens them.
    library: Option<String>,
    /// A pattern for the name of the program that does.
    program: Option<String>,
    /// Patterns for their files: `{libdir}` is the library's directory, `{here}` the program's, `{program}` its name.
    plugins: Vec<String>,
    what: String,
}

/// What the recipes find for a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct UsualPlugins {
    /// Patterns, each of which some file matches.
    pub patterns: Vec<String>,
    /// For people: the recipes that were taken, with what they are about and the number of files.
    pub taken: Vec<String>,
}

/// Finds the plugins for a program and its libraries, and for what these plugins load themselves.
pub(crate) fn of(program: &Path, found: &LoadList, library_path: &[PathBuf]) -> UsualPlugins {
    let mut usual = UsualPlugins::default();
    let mut left: Vec<PluginRecipe> = FILES.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let mut todo: Vec<(String, PathBuf)> = found.loaded.iter().map(|l| (l.name.clone(), l.path.clone())).collect();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    loop {
        let (now, later): (Vec<_>, Vec<_>) = left
            .into_iter()
            .map(|recipe| (place(&recipe, &real, &todo), recipe))
            .partition(|(place, _)| place.is_some());
        left = later.into_iter().map(|(_, recipe)| recipe).collect();
        todo.clear();
        for (libdir, recipe) in now {
            let files = take(&mut usual, &recipe, &libdir.unwrap_or_default(), &real);
            for file in files.into_iter().filter(|file| seen.insert(file.clone())) {
                let Ok(image) = check::inspect_headers(&file) else { continue };
                let loaded = ld_so::load_list(&file, &image, library_path).loaded;
                todo.extend(loaded.into_iter().map(|l| (l.name, l.path)));
            }
        }
        todo.sort();
        todo.dedup();
        if todo.is_empty() {
            return usual;
        }
    }
}

/// The directory of the recipe's library, empty for a program's; none if it is not for this program.
fn place(recipe: &PluginRecipe, program: &Path, loaded: &[(String, PathBuf)]) -> Option<PathBuf> {
    let matches = |pattern: &Option<String>, name: &str| {
        pattern.as_ref().and_then(|p| glob::Pattern::new(p).ok()).is_some_and(|p| p.matches(name))
    };
    if matches(&recipe.program, &program.file_name().unwrap_or_default().to_string_lossy()) {
        return Some(PathBuf::new());
    }
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let library = loaded.iter().find(|(name, _)| matches(&recipe.library, &file_name(name)))?;
    let dir = library.1.parent()?;
    Some(dir.canonicalize().unwrap_or_else(|_| dir.to_owned()))
}

fn take(usual: &mut UsualPlugins, recipe: &PluginRecipe, libdir: &Path, program: &Path) -> Vec<PathBuf> {
    let escaped = |path: &Path| glob::Pattern::escape(&path.to_string_lossy());
    let name = program.file_name().unwrap_or_default();
    let mut all = Vec::new();
    for pattern in &recipe.plugins {
        let pattern = pattern
            .replace("{libdir}", &escaped(libdir))
            .replace("{here}", &escaped(program.parent().unwrap_or(Path::new("/"))))
            .replace("{program}", &escaped(Path::new(name)));
        let files: Vec<PathBuf> =
            glob::glob(&pattern).into_iter().flatten().flatten().filter(|f| f.is_file()).collect();
        if !files.is_empty() {
            usual.patterns.push(pattern);
            all.extend(files);
        }
    }
    if !all.is_empty() {
        usual.taken.push(format!("{} ({}): {}", recipe.name, recipe.what, all.len()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipe_is_sound_and_has_its_file_s_name() {
        let mut names = Vec::new();
        for text in FILES {
            let recipe: PluginRecipe = serde_json::from_str(text).unwrap();
            assert!(recipe.library.is_some() != recipe.program.is_some(), "{recipe:?}");
            for pattern in recipe.library.iter().chain(&recipe.program).chain(&recipe.plugins) {
                assert!(glob::Pattern::new(pattern).is_ok() && !pattern.contains(','), "{pattern}");
            }
            assert!(!recipe.plugins.is_empty() && recipe.what.is_ascii());
            names.push(recipe.name);
        }
        assert!(names.is_sorted(), "{names:?}");
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/toolchains/plugins")).unwrap();
        let mut stems: Vec<String> =
            files.map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        stems.sort();
        assert_eq!(names, stems);
    }
}

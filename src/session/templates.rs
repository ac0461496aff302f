//! The files that CMake and Meson are told to read, and the scripts of a shim directory: templates with `@NAMES@`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

const CMAKE: &str = include_str!("../../shims/cmake-toolchain.cmake");
const MESON: &str = include_str!("../../shims/meson-native.ini");
const MESON_HOST: &str = include_str!("../../shims/meson-host.ini");
/// The script that stands in for pkg-config.
pub(crate) const PKG_CONFIG: &str = include_str!("../../shims/pkg-config.sh");
const PKG_CONFIG_CROSS: &str = include_str!("../../shims/pkg-config-cross.sh");
/// The script that stands in for meson.
pub(crate) const MESON_SHIM: &str = include_str!("../../shims/meson.sh");
const CONAN: &str = include_str!("../../shims/conan-profile.ini");
const VCPKG: &str = include_str!("../../shims/vcpkg-triplet.cmake");
const BAZEL_BUILD: &str = include_str!("../../shims/bazel-build.bzl");
const BAZEL_TOOLCHAIN: &str = include_str!("../../shims/bazel-toolchain.bzl");
const BAZELRC: &str = include_str!("../../shims/bazelrc");
const BAZEL_PACK_BUILD: &str = include_str!("../../shims/bazel-pack-build.bzl");
const BAZEL_PACK_TOOLCHAIN: &str = include_str!("../../shims/bazel-pack-toolchain.bzl");
const BAZELRC_PACK: &str = include_str!("../../shims/bazelrc-pack");
const CONFIG_SITE: &str = include_str!("../../shims/config.site");
/// What SCons reads at its start.
pub(crate) const SCONS: &str = include_str!("../../shims/scons-site-init.py");
/// The script that binds a driver to a toolchain.
pub(crate) const TOOLCHAIN: &str = include_str!("../../shims/toolchain.sh");
/// The script that Go runs its tools through.
pub(crate) const GO: &str = include_str!("../../shims/go-toolexec.sh");

/// What the templates of CMake and Meson are filled with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TemplateValues {
    pub cc: String,
    pub cxx: String,
    pub ar: Option<String>,
    pub pkg_config: Option<String>,
    /// A toolchain file of the user's, read first.
    pub include: Option<String>,
    /// Architecture of the programs, where it is not this machine's.
    pub processor: Option<String>,
    /// The file for CMake that has the same values.
    pub toolchain_file: String,
    /// The compiler behind the drivers, with its own words.
    pub compiler: Vec<OsString>,
    /// The linker and the reader of symbols that belong to it.
    pub ld: Option<String>,
    pub nm: Option<String>,
}

/// What a compiler says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CompilerIdentity {
    /// `gcc` or `clang`.
    pub name: &'static str,
    /// The major version.
    pub version: String,
    /// Its directories of headers.
    pub includes: Vec<String>,
}

/// The Conan profile.
pub(crate) fn conan(values: &TemplateValues, compiler: &CompilerIdentity) -> String {
    let arch = match architecture(values) {
        "aarch64" => "armv8",
        arch => arch,
    };
    let mut known = common(values, String::clone);
    known.extend([
        ("CONAN_ARCH", Some(arch.to_owned())),
        ("COMPILER", Some(compiler.name.to_owned())),
        ("VERSION", Some(compiler.version.clone())),
        // Debian's clang too has GCC's library.
        ("LIBCXX", Some("libstdc++11".to_owned())),
    ]);
    fill(CONAN, &known)
}

/// The vcpkg triplet.
pub(crate) fn vcpkg(values: &TemplateValues) -> String {
    let arch = match architecture(values) {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let known = [
        ("VCPKG_ARCH", Some(arch.to_owned())),
        ("TOOLCHAIN_FILE", Some(values.toolchain_file.replace('\\', "\\\\").replace('"', "\\\""))),
    ];
    fill(VCPKG, &known)
}

fn architecture(values: &TemplateValues) -> &str {
    values.processor.as_deref().unwrap_or(std::env::consts::ARCH)
}

/// Bazel's files, each with its name: `label` is the package in the workspace, `dir` its path, `cache` our cache.
pub(crate) fn bazel(
    values: &TemplateValues,
    compiler: &CompilerIdentity,
    label: &str,
    dir: &Path,
    cache: &Path,
) -> [(&'static str, String); 3] {
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let includes: Vec<String> = compiler.includes.iter().map(|i| format!("\"{}\"", quote(i))).collect();
    let home = cache.parent().unwrap_or(cache).to_string_lossy();
    let tool = |given: &Option<String>, usual: &str| Some(quote(given.as_deref().unwrap_or(usual)));
    let known = [
        ("CPU", Some(architecture(values).to_owned())),
        ("CC", Some(quote(&values.cc))),
        ("AR", tool(&values.ar, "/usr/bin/ar")),
        ("LD", tool(&values.ld, "/usr/bin/ld")),
        ("NM", tool(&values.nm, "/usr/bin/nm")),
        ("COMPILER", Some(compiler.name.to_owned())),
        ("INCLUDES", Some(includes.join(", "))),
        ("CACHE_HOME", Some(quote(&home))),
        ("CACHE", Some(cache.to_string_lossy().into_owned())),
        ("LABEL", Some(label.to_owned())),
        ("DIR", Some(dir.to_string_lossy().into_owned())),
    ];
    [
        ("BUILD.bazel", fill(BAZEL_BUILD, &known)),
        ("toolchain.bzl", fill(BAZEL_TOOLCHAIN, &known)),
        ("static.bazelrc", fill(BAZELRC, &known)),
    ]
}

/// The same for a packed toolchain for a target, which is beside them as `pack`.
pub(crate) fn bazel_pack(cpu: &str, triple: &str, label: &str, dir: &Path) -> [(&'static str, String); 3] {
    let known = [
        ("CPU", Some(cpu.to_owned())),
        ("TRIPLE", Some(triple.to_owned())),
        ("LABEL", Some(label.to_owned())),
        ("DIR", Some(dir.to_string_lossy().into_owned())),
    ];
    [
        ("BUILD.bazel", fill(BAZEL_PACK_BUILD, &known)),
        ("toolchain.bzl", fill(BAZEL_PACK_TOOLCHAIN, &known)),
        ("static.bazelrc", fill(BAZELRC_PACK, &known)),
    ]
}

/// The CMake toolchain file.
pub(crate) fn cmake(values: &TemplateValues) -> String {
    let quote = |v: &String| v.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    let cross = values.processor.is_some();
    let text = fill(CMAKE, &common(values, quote));
    // The system's name is what makes a build a cross build: only with the processor.
    text.lines().filter(|l| cross || !l.contains("CMAKE_SYSTEM_NAME")).map(|l| format!("{l}\n")).collect()
}

/// The Meson file: a native one, or for another architecture a cross file.
pub(crate) fn meson(values: &TemplateValues) -> String {
    let quote = |v: &String| v.replace('\\', "\\\\").replace('\'', "\\'");
    let mut known = common(values, quote);
    known.push(("KIND", Some(if values.processor.is_some() { "cross" } else { "native" }.to_owned())));
    let mut text = fill(MESON, &known);
    if let Some(processor) = &values.processor {
        let (family, little) = meson_family(processor);
        known.push(("FAMILY", Some(family.to_owned())));
        known.push(("ENDIAN", Some(if little { "little" } else { "big" }.to_owned())));
        text.push_str(&fill(MESON_HOST, &known));
    }
    text
}

/// Meson's name of a CPU family, and whether it is little-endian.
fn meson_family(arch: &str) -> (&str, bool) {
    match arch {
        "i386" | "i486" | "i586" | "i686" => ("x86", true),
        "powerpc64le" => ("ppc64", true),
        "powerpc64" => ("ppc64", false),
        "powerpc" => ("ppc", false),
        "s390x" | "m68k" => (arch, false),
        "mips" | "mips64" => (arch, false),
        a if a.starts_with("mips64") => ("mips64", true),
        a if a.starts_with("mips") => ("mips", true),
        a if a.starts_with("arm") => ("arm", true),
        a => (a, true),
    }
}

fn common(values: &TemplateValues, quote: impl Fn(&String) -> String) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("CC", Some(quote(&values.cc))),
        ("CXX", Some(quote(&values.cxx))),
        ("AR", values.ar.as_ref().map(&quote)),
        ("PKG_CONFIG", values.pkg_config.as_ref().map(&quote)),
        ("INCLUDE", values.include.as_ref().map(&quote)),
        ("PROCESSOR", values.processor.as_ref().map(&quote)),
    ]
}

/// The site file of Autoconf's configure: for a part that is configured for another system than `arch` with Linux, the
/// variables that are `ours` count as unset. `sites` are the files that the user names by CONFIG_SITE.
pub(crate) fn config_site(arch: &str, ours: &[(&str, &str)], sites: &str) -> String {
    let quote = |v: &str| format!("'{}'", v.replace('\'', r"'\''"));
    let lines: Vec<_> = ours.iter().map(|(name, v)| format!("    staticcxx_take_back {name} {}", quote(v))).collect();
    // Debian's name of it is in some packages' rules.
    let alias = if arch == "x86_64" { "amd64" } else { arch };
    let text = CONFIG_SITE.replace("@TAKE_BACK@", &lines.join("\n")).replace("@SITES@", &quote(sites));
    text.replace("@ARCH@", arch).replace("@ALIAS@", alias)
}

/// Fills a template; a line or `if` block that has a name without a value is left out.
fn fill(template: &str, values: &[(&str, Option<String>)]) -> String {
    let mut text = String::new();
    let mut block = String::new();
    let mut inside = false;
    for line in template.lines() {
        inside |= line.starts_with("if(");
        block.push_str(line);
        block.push('\n');
        if inside && !line.starts_with("endif(") {
            continue;
        }
        inside = false;
        let whole = std::mem::take(&mut block);
        let missing = values.iter().any(|(name, value)| value.is_none() && whole.contains(&format!("@{name}@")));
        if !missing {
            text.push_str(&whole);
        }
    }
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), value.as_deref().unwrap_or_default());
    }
    text
}

/// A script with the path of the program that it stands in for.
pub(crate) fn script(template: &str, real: &Path) -> String {
    template.replace("@REAL@", &crate::run::shell_line(&[real.as_os_str().to_owned()]))
}

/// The script that stands in for pkg-config where programs are for another machine, whose `.pc` files are in `dirs`.
pub(crate) fn pkg_config_of(real: &Path, dirs: &OsStr) -> String {
    script(PKG_CONFIG_CROSS, real).replace("@DIRS@", &crate::run::shell_line(&[dirs.to_owned()]))
}

/// A script that is a driver with one toolchain.
pub(crate) fn bound(driver: &Path, toolchain: &OsStr) -> String {
    script(TOOLCHAIN, driver).replace("@TOOLCHAIN@", &crate::run::shell_line(&[toolchain.to_owned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> TemplateValues {
        TemplateValues { cc: "/b/static cc".into(), cxx: "/b/cxx".into(), ..TemplateValues::default() }
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        let text = cmake(&values());
        assert!(text.contains("set(CMAKE_C_COMPILER \"/b/static cc\")") && !text.contains('@'), "{text}");
        for absent in ["include(", "CMAKE_SYSTEM_NAME", "PKG_CONFIG"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
        assert_eq!(text.matches("if(NOT").count(), text.matches("endif()").count());
        let text = meson(&values());
        assert!(text.contains("c = '/b/static cc'") && !text.contains('@') && !text.contains("host_machine"), "{text}");
    }

    #[test]
    fn another_architecture_makes_a_cross_build() {
        let cross =
            TemplateValues { processor: Some("powerpc64le".into()), include: Some("/u/t.cmake".into()), ..values() };
        let text = cmake(&cross);
        assert!(text.contains("set(CMAKE_SYSTEM_NAME Linux)") && text.contains("include(\"/u/t.cmake\")"), "{text}");
        let text = meson(&cross);
        assert!(text.contains("cpu_family = 'ppc64'") && text.contains("endian = 'little'"), "{text}");
    }

    #[test]
    fn paths_are_quoted_for_their_readers() {
        let odd = TemplateValues { cc: r#"/a"b$c\d'e"#.into(), ..values() };
        assert!(cmake(&odd).contains(r#""/a\"b\$c\\d'e""#));
        assert!(meson(&odd).contains(r"c = '/a"), "{}", meson(&odd));
        assert!(bound(Path::new("/b/staticcc"), OsStr::new("a b")).contains("='a b'\nexec /b/staticcc "));
        assert!(script(PKG_CONFIG, Path::new("/it's/pkg-config")).contains(r"exec '/it'\''s/pkg-config' "));
    }
}

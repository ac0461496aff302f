//! How the compilers are told to use the toolchain: a specs file for GCC, options for Clang.
//!
//! GCC's driver reads a specs file in every call, whatever it does (GCC manual, "Specifying Subprocesses and the
//! Switches to Pass to Them"), so that one option serves compiling, preprocessing, precompiled headers, assembling
//! and linking, and none of the machine's own headers and archives are found.

use std::path::Path;

/// The directory of headers that come before musl's, in the toolchain's include directory.
pub(crate) const BEFORE_MUSL: &str = "layer";

/// A path quoted for a spec: a backslash makes a space part of a word, a per cent sign is doubled.
fn literal(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '%' => out.push_str("%%"),
            ' ' | '\t' | '\\' | '{' | '}' | '|' | ';' | ':' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Where the toolchain is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SpecsPlace<'a> {
    /// Each part at a place of its own.
    Fixed {
        /// The toolchain's own directory.
        root: &'a Path,
        /// Where libraries are that the user built for it.
        prefix: &'a Path,
        /// GCC's own headers (`stddef.h`, `immintrin.h`).
        compiler_headers: &'a Path,
    },
    /// Below the directory of GCC's own files, wherever that is: `%s` looks for a word where start files are, which is there
    /// first (GCC manual, "Specifying Subprocesses and the Switches to Pass to Them").
    BesideCompiler {
        /// The toolchain's own directory in it; `local` in that is the prefix.
        directory: &'a str,
    },
}

impl SpecsPlace<'_> {
    /// An option with a directory of the toolchain.
    fn own(&self, option: &str, below: &str) -> String {
        match self {
            SpecsPlace::Fixed { root, .. } => joined(option, &format!("{}/{below}", literal(root))),
            SpecsPlace::BesideCompiler { directory } => format!("{option} {directory}/{below}%s"),
        }
    }

    /// The same with a directory of the prefix.
    fn prefix(&self, option: &str, below: &str) -> String {
        match self {
            SpecsPlace::Fixed { prefix, .. } => joined(option, &format!("{}/{below}", literal(prefix))),
            SpecsPlace::BesideCompiler { directory } => format!("{option} {directory}/local/{below}%s"),
        }
    }

    /// The same with GCC's headers. Those beside the compiler go by a name that leads through the toolchain's directory: a
    /// user's `-B` may have an `include` too.
    fn headers(&self, option: &str) -> String {
        match self {
            SpecsPlace::Fixed { compiler_headers, .. } => joined(option, &literal(compiler_headers)),
            SpecsPlace::BesideCompiler { directory } => format!("{option} {directory}/../include%s"),
        }
    }
}

/// An option with its word: `-L` and `-B` have it at once.
fn joined(option: &str, word: &str) -> String {
    if option.len() == 2 { format!("{option}{word}") } else { format!("{option} {word}") }
}

/// What the specs file says of one toolchain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Specs<'a> {
    /// Where it is.
    pub place: SpecsPlace<'a>,
    /// Architecture as in a triple.
    pub arch: &'a str,
    /// Major version of the compiler.
    pub major: &'a str,
    /// Whether linker and musl know packed relative relocations (DT_RELR), a tenth of what others take.
    pub packs_relocations: bool,
}

/// The linker's name for the output format of an architecture.
fn emulation(arch: &str) -> &'static str {
    match arch {
        "aarch64" => "aarch64linux",
        "riscv64" => "elf64lriscv",
        "powerpc64le" => "elf64lppc",
        "s390x" => "elf64_s390",
        _ => "elf_x86_64",
    }
}

impl Specs<'_> {
    pub(crate) fn text(&self) -> String {
        let triple = format!("{}-linux-musl", self.arch);
        let major = self.major;
        let gcc = format!("lib/gcc/{triple}/{major}");
        let own = |option, below: &str| self.place.own(option, below);
        let prefix = |option, below| self.place.prefix(option, below);
        let headers = self.place.headers("-isystem");
        let emulation = emulation(self.arch);
        let x86 = self.arch == "x86_64";
        let abi = if x86 { "%{m32|mx32|m16:%emusl toolchain: only 64-bit x86 is supported} " } else { "" };
        let fast = if x86 { "%{Ofast|ffast-math|funsafe-math-optimizations:crtfastmath.o%s} " } else { "" };
        // gold does not know it.
        let packed = if self.packs_relocations { " %{!fuse-ld=gold:-z pack-relative-relocs}" } else { "" };
        let cxx = format!("include/c++/{major}");
        let cxx =
            ["".into(), format!("/{triple}"), "/backward".into()].map(|sub| own("-isystem", &format!("{cxx}{sub}")));
        let (cxx, start) = (cxx.join(" "), [own("-B", "lib/"), own("-B", &format!("{gcc}/"))].join(" "));
        let checked = own("-isystem", &format!("include/{BEFORE_MUSL}"));
        let includes = [prefix("-isystem", "include"), checked, own("-isystem", "include")];
        let shared = own("-L", "lib/shared");
        let (includes, libraries) =
            (includes.join(" "), [prefix("-L", "lib"), own("-L", "lib"), own("-L", &gcc)].join(" "));
        format!(
            "*self_spec:\n\
             + {abi}%{{fsanitize=*:%{{!fsanitize-undefined-trap-on-error:%emusl toolchain: sanitizers need a dynamic program}}}} \
             %{{p|pg:%emusl toolchain: musl has no profiling start files, use perf}} \
             {start} %{{!static:%{{!static-pie:%{{!shared:%{{!r:%{{no-pie:-static;:-static-pie}}}}}}}}}}\n\n\
             *cc1:\n\
             + %{{!nostdinc:-nostdinc %{{,c++|,c++-header|,c++-system-header|,c++-user-header:%{{!nostdinc++:\
             {cxx}}}}} {includes} {headers}}}\n\n\
             *link:\n\
             -m {emulation} %{{!r:--build-id --eh-frame-hdr %{{!shared:--gc-sections}}}} --hash-style=gnu -nostdlib \
             %{{shared:-shared {shared};static-pie:-static -pie --no-dynamic-linker -z text{packed};r:;:-static}}\n\n\
             *startfile:\n\
             %{{shared:;static-pie:rcrt1.o%s;:crt1.o%s}} crti.o%s crtbeginS.o%s\n\n\
             *endfile:\n\
             %{{!shared:{fast}}}crtendS.o%s crtn.o%s\n\n\
             *link_libgcc:\n\
             {libraries}\n\n\
             *libgcc:\n\
             -lgcc %{{!shared:-lgcc_eh}}\n\n\
             *lib:\n\
             %{{shared:--unresolved-symbols=ignore-all;nolibc:;:-lc}}\n\n"
        )
    }
}

/// The same for Clang, which has options where GCC has specs.
pub(crate) fn clang(root: &Path, prefix: &Path, arch: &str) -> Vec<String> {
    let (root, prefix) = (root.to_string_lossy(), prefix.to_string_lossy());
    vec![
        format!("--target={arch}-linux-musl"),
        format!("--sysroot={root}"),
        format!("--gcc-toolchain={root}"),
        // The C++ library and the unwinder are GCC's, whatever this Clang was built to prefer.
        "-stdlib=libstdc++".into(),
        format!("-isystem{root}/include/{BEFORE_MUSL}"),
        "-Wl,--gc-sections".into(),
        "-rtlib=libgcc".into(),
        "-unwindlib=libgcc".into(),
        "-Wno-unused-command-line-argument".into(),
        format!("-L{prefix}/lib"),
        format!("-idirafter{prefix}/include"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(root: &str) -> String {
        let place = SpecsPlace::Fixed {
            root: Path::new(root),
            prefix: Path::new("/p"),
            compiler_headers: Path::new("/usr/lib/gcc/x86_64-linux-gnu/12/include"),
        };
        Specs { place, arch: "x86_64", major: "12", packs_relocations: true }.text()
    }

    #[test]
    fn what_is_beside_the_compiler_is_looked_for_there() {
        let place = SpecsPlace::BesideCompiler { directory: "musl" };
        let text = Specs { place, arch: "x86_64", major: "12", packs_relocations: false }.text();
        for words in
            ["-B musl/lib/%s", "-isystem musl/include/c++/12%s", "-L musl/local/lib%s", "-isystem musl/../include%s"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("{musl") && !text.contains(" /"), "{text}");
    }

    #[test]
    fn paths_stand_for_themselves() {
        let text = specs("/home/a user/50%/t");
        assert!(text.contains("-B/home/a\\ user/50%%/t/lib/"), "{text}");
    }

    #[test]
    fn every_spec_is_one_paragraph() {
        let text = specs("/t");
        let paragraphs: Vec<&str> = text.trim_end().split("\n\n").collect();
        assert_eq!(paragraphs.len(), 8);
        for p in paragraphs {
            let lines: Vec<&str> = p.lines().collect();
            assert!(lines.len() == 2 && lines[0].starts_with('*') && lines[0].ends_with(':'), "{p}");
            assert_eq!(p.matches('{').count(), p.matches('}').count(), "{p}");
        }
    }
}

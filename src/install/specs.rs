//! How the compilers are told to use the toolchain: a specs file for GCC, options for Clang.
//!
//! GCC's driver reads a specs file in every call, whatever it does (GCC manual, "Specifying Subprocesses and the
//! Switches to Pass to Them"), so that one option serves compiling, preprocessing, precompiled headers, assembling
//! and linking, and none of the machine's own headers and archives are found.

use std::path::Path;

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

/// What the specs file says of one toolchain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Specs<'a> {
    /// The toolchain's own directory.
    pub root: &'a Path,
    /// Where libraries are that the user built for it.
    pub prefix: &'a Path,
    /// Architecture as in a triple.
    pub arch: &'a str,
    /// Major version of the compiler.
    pub major: &'a str,
    /// GCC's own headers (`stddef.h`, `immintrin.h`).
    pub compiler_headers: &'a Path,
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
        let root = literal(self.root);
        let prefix = literal(self.prefix);
        let headers = literal(self.compiler_headers);
        let major = self.major;
        let gcc = format!("{root}/lib/gcc/{triple}/{major}");
        let emulation = emulation(self.arch);
        let x86 = self.arch == "x86_64";
        let abi = if x86 { "%{m32|mx32|m16:%emusl toolchain: only 64-bit x86 is supported} " } else { "" };
        let fast = if x86 { "%{Ofast|ffast-math|funsafe-math-optimizations:crtfastmath.o%s} " } else { "" };
        // gold does not know it.
        let packed = if self.packs_relocations { " %{!fuse-ld=gold:-z pack-relative-relocs}" } else { "" };
        let cxx = format!("{root}/include/c++/{major}");
        format!(
            "*self_spec:\n\
             + {abi}%{{fsanitize=*:%{{!fsanitize-undefined-trap-on-error:%emusl toolchain: sanitizers need a dynamic program}}}} \
             %{{p|pg:%emusl toolchain: musl has no profiling start files, use perf}} \
             -B{root}/lib/ -B{gcc}/ %{{!static:%{{!static-pie:%{{!shared:%{{!r:%{{no-pie:-static;:-static-pie}}}}}}}}}}\n\n\
             *cc1:\n\
             + %{{!nostdinc:-nostdinc %{{,c++|,c++-header|,c++-system-header|,c++-user-header:%{{!nostdinc++:\
             -isystem {cxx} -isystem {cxx}/{triple} -isystem {cxx}/backward}}}} \
             -isystem {prefix}/include -isystem {root}/include -isystem {headers}}}\n\n\
             *link:\n\
             -m {emulation} %{{!r:--build-id --eh-frame-hdr %{{!shared:--gc-sections}}}} --hash-style=gnu -nostdlib \
             %{{shared:-shared -L{root}/lib/shared;static-pie:-static -pie --no-dynamic-linker -z text{packed};r:;:-static}}\n\n\
             *startfile:\n\
             %{{shared:;static-pie:rcrt1.o%s;:crt1.o%s}} crti.o%s crtbeginS.o%s\n\n\
             *endfile:\n\
             %{{!shared:{fast}}}crtendS.o%s crtn.o%s\n\n\
             *link_libgcc:\n\
             -L{prefix}/lib -L{root}/lib -L{gcc}\n\n\
             *libgcc:\n\
             -lgcc %{{!shared:-lgcc_eh}}\n\n\
             *lib:\n\
             %{{shared:--unresolved-symbols=ignore-all;nolibc:;:-lc}}\n\n"
        )
    }

    /// The same for Clang, which has options where GCC has specs.
    pub(crate) fn clang(&self) -> Vec<String> {
        let root = self.root.to_string_lossy();
        vec![
            format!("--target={}-linux-musl", self.arch),
            format!("--sysroot={root}"),
            format!("--gcc-toolchain={root}"),
            // The C++ library and the unwinder are GCC's, whatever this Clang was built to prefer.
            "-stdlib=libstdc++".into(),
            "-Wl,--gc-sections".into(),
            "-rtlib=libgcc".into(),
            "-unwindlib=libgcc".into(),
            "-Wno-unused-command-line-argument".into(),
            format!("-L{}/lib", self.prefix.to_string_lossy()),
            format!("-idirafter{}/include", self.prefix.to_string_lossy()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(root: &str) -> String {
        Specs {
            root: Path::new(root),
            prefix: Path::new("/p"),
            arch: "x86_64",
            major: "12",
            compiler_headers: Path::new("/usr/lib/gcc/x86_64-linux-gnu/12/include"),
            packs_relocations: true,
        }
        .text()
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

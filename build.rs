//! Packs the sources of mimalloc, which `staticctl toolchain install` compiles for musl, into one file, and gives the
//! program a hash of those of its own sources that decide what it keeps in caches: what another version kept is neither
//! read nor replaced.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What is written also depends on the libraries that write it.
const LOCK: &str = "Cargo.lock";

/// What is kept, by the variable for the compiler, and the files and directories that decide its content.
const KEPT: [(&str, &[&str]); 8] = [
    // The files of a musl toolchain.
    (
        "SOURCES_OF_TOOLCHAINS",
        &[
            "src/install/build.rs",
            "src/install/new_descriptor.rs",
            "src/install/lean",
            "src/install/malloc.rs",
            "src/install/patch.rs",
            "src/install/specs.rs",
            "src/install/symbol_binding.rs",
            "src/install/sysroot.rs",
            "toolchains/musl",
        ],
    ),
    // Facts of a compiler, and glibc's repairs, which are tried with it and made by the converter.
    (
        "SOURCES_OF_FACTS",
        &[
            LOCK,
            "src/archive.rs",
            "src/check",
            "src/convert",
            "src/fat",
            "src/model.rs",
            "src/repairs",
            "src/supply",
            "src/toolchain",
            "src/toolchain_libs.rs",
            "toolchains/glibc",
        ],
    ),
    // Converters of iconv and name services that were asked for.
    (
        "SOURCES_OF_REPAIRS",
        &[
            LOCK,
            "src/archive.rs",
            "src/convert",
            "src/options/iconv.rs",
            "src/repairs",
            "src/supply",
            "src/toolchain_libs.rs",
            "toolchains/glibc",
        ],
    ),
    // Converted shared objects and plugins.
    ("SOURCES_OF_CONVERTED", &[LOCK, "src/archive.rs", "src/convert", "src/supply", "src/toolchain_libs.rs"]),
    // How archives differ from their shared objects.
    (
        "SOURCES_OF_ARCHIVE_FACTS",
        &[
            LOCK,
            "src/archive.rs",
            "src/convert",
            "src/supply/constructors.rs",
            "src/supply/glibc.rs",
            "src/supply/archive_facts.rs",
            "src/supply/plugins/identifiers.rs",
            "src/supply/plugins/name_lookups.rs",
            "src/check/calls.rs",
            "src/libs/callers.rs",
            "src/libs/dynamic_symbols.rs",
            "src/libs/exported_names.rs",
            "src/libs/member_symbols.rs",
            "src/libs/member_table.rs",
            "src/libs/supplier.rs",
            "src/libs/weak_bindings.rs",
            "src/libs/wide_streams.rs",
            "src/libs/pic.rs",
            "src/toolchain_libs.rs",
        ],
    ),
    // What a trial goes through.
    (
        "SOURCES_OF_TRIALS",
        &[
            LOCK,
            "src/archive.rs",
            "src/args",
            "src/check",
            "src/convert",
            "src/driver",
            "src/fat",
            "src/libs",
            "src/linker",
            "src/plan",
            "src/program",
            "src/repairs",
            "src/supply",
            "src/toolchain",
            "src/toolchain_libs.rs",
            "toolchains/glibc",
            "toolchains/trials",
        ],
    ),
    // Which package has which file.
    ("SOURCES_OF_PACKAGES", &[LOCK, "src/packages"]),
    // The linker's command lines of compilers, and which programs make GNU ld warn.
    ("SOURCES_OF_LINES", &[LOCK, "src/driver/direct.rs", "src/linker"]),
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for (variable, sources) in KEPT {
        let mut hash = Fnv::new();
        for source in sources {
            // Of a directory too: whatever is added below it counts.
            println!("cargo::rerun-if-changed={source}");
            if *source != LOCK || Path::new(LOCK).exists() {
                hash.path(Path::new(source))?;
            }
        }
        println!("cargo::rustc-env={variable}={:016x}", hash.0);
    }
    pack_mimalloc()
}

/// FNV-1a.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// A file, or all files below a directory, with their names.
    fn path(&mut self, path: &Path) -> std::io::Result<()> {
        if !path.is_dir() {
            self.bytes(path.as_os_str().as_encoded_bytes());
            self.bytes(&fs::read(path)?);
            return Ok(());
        }
        let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
        entries.sort();
        entries.iter().try_for_each(|entry| self.path(entry))
    }
}

fn pack_mimalloc() -> std::io::Result<()> {
    let include = PathBuf::from(env::var_os("DEP_MIMALLOC_INCLUDE_DIR").unwrap_or_default());
    let top = include.parent().unwrap_or(Path::new(""));
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let packed = File::create(out.join("mimalloc.tar.gz"))?;
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(packed, flate2::Compression::best()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.append_dir_all("include", &include)?;
    tar.append_dir_all("src", top.join("src"))?;
    tar.append_path_with_name(top.join("LICENSE"), "LICENSE")?;
    tar.into_inner()?.finish()?;
    // Programs that have it as their allocator are given this.
    fs::write(out.join("mimalloc.license"), fs::read(top.join("LICENSE"))?)?;
    Ok(())
}

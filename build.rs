//! Packs the sources of mimalloc, which `staticctl toolchain install` compiles for musl, into one file, and tells the
//! program which recipe it has: a toolchain of another recipe is built again.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What decides about the files of a toolchain.
const RECIPE: [&str; 13] = [
    "src/install/build.rs",
    "src/install/new_descriptor.rs",
    "src/install/lean/compiled.rs",
    "src/install/lean/mod.rs",
    "src/install/lean/objects.rs",
    "src/install/lean/pack.rs",
    "src/install/lean/source_edits.rs",
    "src/install/malloc.rs",
    "src/install/patch.rs",
    "src/install/specs.rs",
    "src/install/symbol_binding.rs",
    "src/install/sysroot.rs",
    "toolchains/musl/dl_find_object.c",
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    // FNV-1a.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for file in RECIPE {
        println!("cargo::rerun-if-changed={file}");
        for byte in fs::read(file)? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=STATICCXX_RECIPE={hash:016x}");
    let include = PathBuf::from(env::var_os("DEP_MIMALLOC_INCLUDE_DIR").unwrap_or_default());
    let top = include.parent().unwrap_or(Path::new(""));
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("mimalloc.tar.gz");
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(File::create(out)?, flate2::Compression::best()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.append_dir_all("include", &include)?;
    tar.append_dir_all("src", top.join("src"))?;
    tar.append_path_with_name(top.join("LICENSE"), "LICENSE")?;
    tar.into_inner()?.finish()?;
    Ok(())
}

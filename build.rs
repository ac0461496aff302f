//! Packs what `staticctl toolchain` compiles, the sources of mimalloc and of directories of `toolchains`, into one file each,
//! and gives the program a hash of those of its own sources that decide what it keeps in caches: what another version kept
//! is neither read nor replaced. Lists the crates that it is made of, in the format of cargo-auditable.

use liblzma::write::XzEncoder;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is written also depends on the libraries that write it.
const LOCK: &str = "Cargo.lock";

/// The linker that is built in; where it comes from a registry, the lock file has its version.
const LINKER: &str = "crates/wild-linker/src";

/// What is kept, by the variable for the compiler, and the files and directories that decide its content.
const KEPT: [(&str, &[&str]); 9] = [
    // The files of a musl toolchain.
    (
        "SOURCES_OF_TOOLCHAINS",
        &[
            "src/install/build.rs",
            "src/install/compat.rs",
            "src/install/new_descriptor.rs",
            "src/install/functions.rs",
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
            LINKER,
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
    // How the members of archives were compiled.
    ("SOURCES_OF_HARDENING", &[LOCK, "src/harden"]),
    // The linker's command lines of compilers, and which programs make GNU ld warn.
    ("SOURCES_OF_LINES", &[LOCK, LINKER, "src/driver/direct.rs", "src/linker"]),
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for (variable, sources) in KEPT {
        let mut hash = Fnv::new();
        for source in sources {
            if ![LOCK, LINKER].contains(source) || Path::new(source).exists() {
                // Of a directory too: whatever is added below it counts.
                println!("cargo::rerun-if-changed={source}");
                hash.path(Path::new(source))?;
            }
        }
        println!("cargo::rustc-env={variable}={:016x}", hash.0);
    }
    tell_build();
    list_crates(&PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()))?;
    pack_mimalloc()?;
    let all = |_: &Path| true;
    pack_sources("functions", "toolchains/musl/fast", all)?;
    pack_sources("compat", "toolchains/musl/compat", all)?;
    pack_sources("selftest", "toolchains/selftest", all)?;
    let is_program = |file: &Path| file.extension().is_some_and(|suffix| suffix != "json");
    pack_sources("library-programs", "toolchains/libraries", is_program)
}

/// Tells the program what `staticctl version` prints: what it was built of, and for which machine.
fn tell_build() {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    println!("cargo::rustc-env=BUILD_COMMIT={}", commit().unwrap_or("unknown".to_owned()));
    println!("cargo::rustc-env=BUILD_TARGET={}", variable("TARGET"));
    println!("cargo::rustc-env=BUILD_FEATURES={}", features().join(","));
}

/// The features that are on, but for the one that stands for others.
fn features() -> Vec<String> {
    let on = env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()));
    let mut on: Vec<String> = on.filter(|feature| feature != "default").collect();
    on.sort();
    on
}

/// The commit that is built: the one that SOURCE_COMMIT names, that of the package that cargo made, or that of the tree.
/// Of a tree only for a release: other builds would be made anew at every commit.
fn commit() -> Option<String> {
    const GIVEN: &str = "SOURCE_COMMIT";
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let is_commit = |text: &String| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let packed = || {
        let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
        Some(serde_json::from_str::<Value>(&text).ok()?["git"]["sha1"].as_str()?.to_owned())
    };
    env::var(GIVEN).ok().filter(is_commit).or_else(packed).or_else(commit_of_tree).filter(is_commit)
}

fn commit_of_tree() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" || !Path::new(".git").exists() {
        return None;
    }
    let git = |words: &[&str]| {
        let said = Command::new("git").args(words).output().ok().filter(|said| said.status.success())?;
        Some(String::from_utf8(said.stdout).ok()?.trim().to_owned())
    };
    // Each commit and each change of branches adds a line to the log; one that is not there would be looked for each time.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--verify", "HEAD"])
}

/// Writes the list of crates for the section `.dep-v0`
/// (<https://github.com/rust-secure-code/cargo-auditable/blob/master/cargo-auditable.schema.json>); an empty one where cargo
/// can't tell them.
fn list_crates(out: &Path) -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let list = crates(out).unwrap_or_else(|why| {
        println!("cargo::warning=the programs do not list their crates: {why}");
        Vec::new()
    });
    fs::write(out.join("crates.zlib"), list)
}

fn crates(out: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let metadata = metadata(out)?;
    let none = Vec::new();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, &Value> =
        metadata["packages"].as_array().unwrap_or(&none).iter().map(|of| (text(of, "id"), of)).collect();
    let nodes: BTreeMap<String, &Value> =
        metadata["resolve"]["nodes"].as_array().unwrap_or(&none).iter().map(|of| (text(of, "id"), of)).collect();
    let root = metadata["resolve"]["root"].as_str().ok_or("cargo names no root")?;
    // What a crate uses, and whether it is linked into it.
    let uses = |id: &str| -> Vec<(String, bool)> {
        let deps = nodes.get(id).and_then(|node| node["deps"].as_array()).into_iter().flatten();
        let linked =
            |dep: &Value| dep["dep_kinds"].as_array().is_some_and(|all| all.iter().any(|of| of["kind"].is_null()));
        let is_macro =
            |id: &str| packages.get(id).is_some_and(|of| of["targets"].to_string().contains("\"proc-macro\""));
        deps.map(|dep| (text(dep, "pkg"), linked(dep)))
            .map(|(id, linked)| (id.clone(), linked && !is_macro(&id)))
            .collect()
    };
    let reached = |all: bool| {
        let (mut found, mut open) = (BTreeSet::new(), vec![root.to_owned()]);
        while let Some(id) = open.pop() {
            if found.insert(id.clone()) {
                open.extend(uses(&id).into_iter().filter(|(_, linked)| all || *linked).map(|(id, _)| id));
            }
        }
        found
    };
    let (all, linked) = (reached(true), reached(false));
    let mut order: Vec<(String, String, &String)> =
        all.iter().filter_map(|id| packages.get(id).map(|of| (text(of, "name"), text(of, "version"), id))).collect();
    order.sort();
    let at = |id: &str| order.iter().position(|(_, _, of)| *of == id);
    let listed: Vec<Value> = order
        .iter()
        .map(|(name, version, id)| {
            let source = match packages.get(*id).and_then(|of| of["source"].as_str()) {
                None => "local",
                Some(from) if from.contains("github.com/rust-lang/crates.io-index") => "crates.io",
                Some(from) if from.starts_with("git+") => "git",
                Some(_) => "registry",
            };
            let mut dependencies: Vec<usize> = uses(id).iter().filter_map(|(id, _)| at(id)).collect();
            dependencies.sort_unstable();
            let kind = if linked.contains(*id) { "runtime" } else { "build" };
            json!({ "name": name, "version": version, "source": source, "kind": kind, "dependencies": dependencies, "root": *id == root })
        })
        .collect();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&serde_json::to_vec(&json!({ "packages": listed, "format": 1 }))?)?;
    Ok(packed.finish()?)
}

/// What `cargo metadata` says of a package with the same dependencies but for those of tests, which need not be there.
fn metadata(out: &Path) -> Result<Value, Box<dyn Error>> {
    let dir = out.join("crates");
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let (name, version) = (variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"));
    let mut manifest =
        format!("[workspace]\n[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n");
    let here = format!("path = \"{}/", variable("CARGO_MANIFEST_DIR"));
    let mut kept = false;
    for line in fs::read_to_string("Cargo.toml")?.lines() {
        if line.starts_with('[') {
            kept = ["[features]", "[dependencies", "[build-dependencies", "[target."]
                .iter()
                .any(|of| line.starts_with(of))
                && !line.contains("dev-dependencies");
        }
        if kept {
            manifest += &line.replace("path = \"", &here);
            manifest.push('\n');
        }
    }
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::copy(LOCK, dir.join(LOCK))?;
    let said = Command::new(env::var_os("CARGO").ok_or("there is no cargo")?)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--no-default-features",
            "--features",
            &features().join(","),
        ])
        .args(["--filter-platform", &variable("TARGET"), "--manifest-path"])
        .arg(dir.join("Cargo.toml"))
        .output()?;
    if !said.status.success() {
        return Err(String::from_utf8_lossy(&said.stderr).trim().replace('\n', "; ").into());
    }
    Ok(serde_json::from_slice(&said.stdout)?)
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
    let mut tar = packed(&out.join("mimalloc.tar.xz"))?;
    tar.append_dir_all("include", &include)?;
    tar.append_dir_all("src", top.join("src"))?;
    tar.append_path_with_name(top.join("LICENSE"), "LICENSE")?;
    tar.into_inner()?.finish()?;
    // Programs that have it as their allocator are given this.
    fs::write(out.join("mimalloc.license"), fs::read(top.join("LICENSE"))?)?;
    Ok(())
}

/// Packs those files of a directory of our own sources that are wanted into `NAME.tar.xz`.
fn pack_sources(name: &str, dir: &str, wanted: fn(&Path) -> bool) -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={dir}");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut tar = packed(&out.join(format!("{name}.tar.xz")))?;
    append(&mut tar, Path::new(dir), Path::new(""), wanted)?;
    tar.into_inner()?.finish()?;
    Ok(())
}

/// Appends the files below a directory, in the order of their names.
fn append(
    tar: &mut tar::Builder<XzEncoder<File>>,
    dir: &Path,
    below: &Path,
    wanted: fn(&Path) -> bool,
) -> std::io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    for file in files {
        let name = below.join(file.file_name().unwrap_or_default());
        if file.is_dir() {
            append(tar, &file, &name, wanted)?;
        } else if wanted(&file) {
            tar.append_path_with_name(&file, name)?;
        }
    }
    Ok(())
}

/// An archive whose bytes depend on names and contents alone.
fn packed(file: &Path) -> std::io::Result<tar::Builder<XzEncoder<File>>> {
    /// The dictionary of 6, which is larger than any of them, and the search of 9 (xz(1), `--extreme`).
    const PRESET: u32 = 6 | 1 << 31;
    let encoder = XzEncoder::new(File::create(file)?, PRESET);
    let mut tar = tar::Builder::new(encoder);
    tar.mode(tar::HeaderMode::Deterministic);
    Ok(tar)
}

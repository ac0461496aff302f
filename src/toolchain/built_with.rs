//! Whether the compiler that a toolchain was built with is still the same.

use super::descriptor::Descriptor;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Path, size in bytes and modification time in seconds of a compiler, as in descriptors (`built_with`). Other versions
/// read these, so it is not a [`crate::files::Stamp`].
pub(crate) fn stamp(compiler: &Path) -> Option<(PathBuf, u64, i64)> {
    let m = fs::metadata(compiler).ok()?;
    Some((compiler.to_owned(), m.size(), m.mtime()))
}

/// The warning that the compiler of a built toolchain has changed since.
pub(crate) fn outdated(descriptor: &Descriptor) -> Option<String> {
    let built_with = descriptor.built_with.as_ref()?;
    let path = &built_with.0;
    (stamp(path).as_ref() != Some(built_with)).then(|| {
        // Names of built toolchains: `musl`, `musl-clang`, `aarch64-linux-musl`.
        let of = descriptor.name.split_once("-linux-musl").map(|(arch, _)| arch);
        format!(
            "`{}` has changed since toolchain `{}` was built with it: `staticctl toolchain install musl{}` rebuilds it",
            path.display(),
            descriptor.name,
            of.map(|arch| format!(" --target {arch}")).unwrap_or_default()
        )
    })
}

//! Whether the compiler that a toolchain was built with is still the same.

use super::descriptor::Descriptor;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Path, size in bytes and time in seconds of a compiler, as descriptors have them (`built_with`): their form is read by
/// other versions, so that it is no [`crate::files::Stamp`].
pub fn stamp(compiler: &Path) -> Option<(PathBuf, u64, i64)> {
    let m = fs::metadata(compiler).ok()?;
    Some((compiler.to_owned(), m.size(), m.mtime()))
}

/// That the compiler of a toolchain that was built here is another one by now.
pub fn outdated(descriptor: &Descriptor) -> Option<String> {
    let built_with = descriptor.built_with.as_ref()?;
    let path = &built_with.0;
    (stamp(path).as_ref() != Some(built_with)).then(|| {
        // As installs name what they make: `musl`, `musl-clang`, `aarch64-linux-musl`.
        let of = descriptor.name.split_once("-linux-musl").map(|(arch, _)| arch);
        format!(
            "`{}` has changed since toolchain `{}` was built with it: `staticctl toolchain install musl{}` builds it again",
            path.display(),
            descriptor.name,
            of.map(|arch| format!(" --target {arch}")).unwrap_or_default()
        )
    })
}

//! GCC's sources: where they are, which version, and unpacking the parts that are needed.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

/// Directories below the top that the build reads.
const NEEDED_DIRS: [&str; 8] =
    ["libstdc++-v3", "libgcc", "libiberty", "libgomp", "libatomic", "libbacktrace", "config", "include"];

/// Below those, what is not needed but for templates: four fifths of all files.
const UNNEEDED: [&str; 6] = [
    "libstdc++-v3/testsuite",
    "libstdc++-v3/doc",
    "libstdc++-v3/po",
    "libgomp/testsuite",
    "libatomic/testsuite",
    "libiberty/testsuite",
];

/// Files elsewhere that configure scripts and makefiles read. GCC 15 and newer install the path of `std.cc` relative to
/// the libraries, which `relpath.sh` tells.
const NEEDED_FILES: [&str; 4] = ["gcc/BASE-VER", "gcc/DATESTAMP", "gcc/DEV-PHASE", "contrib/relpath.sh"];

/// GCC's sources, packed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GccSource {
    path: PathBuf,
    /// The version, if it is known without unpacking.
    pub version: Option<String>,
}

impl GccSource {
    /// The sources that the user named.
    ///
    /// # Errors
    /// Why they can't be that: missing, not an archive, not GCC.
    pub(crate) fn named(path: &Path) -> Result<GccSource, String> {
        if path.is_dir() {
            let base = fs::read_to_string(path.join("gcc/BASE-VER"))
                .map_err(|_| "not a GCC source tree: it has no gcc/BASE-VER".to_owned())?;
            let version = Some(base.trim().to_owned());
            return Ok(GccSource { path: path.into(), version });
        }
        let mut archive = tar::Archive::new(open(path).map_err(|e| e.to_string())?);
        let first = archive
            .entries()
            .and_then(|mut e| e.next().unwrap_or_else(|| Err(io::Error::other("it is empty"))))
            .map_err(|e| format!("not a tar archive: {e}"))?;
        let top = first.path().map_err(|e| e.to_string())?.into_owned();
        let top = top.components().next().unwrap_or(Component::CurDir).as_os_str().to_string_lossy().into_owned();
        let version = top.strip_prefix("gcc-").filter(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        match version {
            Some(version) => Ok(GccSource { path: path.into(), version: Some(version.to_owned()) }),
            None => Err(format!("its files are below `{top}`, not below `gcc-VERSION`")),
        }
    }

    /// Debian's `gcc-N-source`, which installs a tarball.
    pub(crate) fn of_distribution(major: &str) -> Option<GccSource> {
        let dir = PathBuf::from(format!("/usr/src/gcc-{major}"));
        let mut tarballs: Vec<PathBuf> = fs::read_dir(dir)
            .ok()?
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("gcc-")))
            .filter(|p| p.to_string_lossy().contains(".tar"))
            .collect();
        tarballs.sort();
        tarballs.iter().find_map(|p| GccSource::named(p).ok())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts what is needed into `into` and gives the version. `progress` gets the share that is done, 0 to 1.
    ///
    /// # Errors
    /// A truncated or corrupt archive, a full disk.
    pub(crate) fn unpack(&self, into: &Path, progress: &mut dyn FnMut(f64)) -> io::Result<String> {
        if self.path.is_dir() {
            for part in NEEDED_DIRS.iter().chain(&NEEDED_FILES) {
                copy_tree(&self.path.join(part), &into.join(part), &|p| {
                    p.is_dir() || p.strip_prefix(&self.path).is_ok_and(wanted)
                })?;
            }
            for entry in fs::read_dir(&self.path)? {
                let path = entry?.path();
                if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                    fs::copy(&path, into.join(name))?;
                }
            }
        } else {
            let size = fs::metadata(&self.path)?.len().max(1);
            let read = std::rc::Rc::new(std::cell::Cell::new(0));
            let counted = CountingReader { inner: File::open(&self.path)?, read: read.clone() };
            let mut archive = tar::Archive::new(decompressor(BufReader::with_capacity(1 << 16, counted))?);
            archive.set_preserve_mtime(true);
            for entry in archive.entries()? {
                let mut entry = entry?;
                progress(read.get() as f64 / size as f64);
                let path = entry.path()?.into_owned();
                let inner: PathBuf = path.components().skip(1).collect();
                let sound = inner.components().all(|c| matches!(c, Component::Normal(_)));
                let kind = entry.header().entry_type();
                if !sound || !wanted(&inner) || !(kind.is_file() || kind.is_symlink() || kind.is_hard_link()) {
                    continue;
                }
                let target = into.join(&inner);
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent)?;
                }
                entry.unpack(&target)?;
            }
        }
        let base = fs::read_to_string(into.join("gcc/BASE-VER"))
            .map_err(|_| io::Error::other("not a GCC source archive: it has no gcc/BASE-VER"))?;
        Ok(base.trim().to_owned())
    }
}

/// Whether a path below the top is needed.
fn wanted(path: &Path) -> bool {
    // Configure scripts make files from templates in every directory.
    let template = path.extension().is_some_and(|e| e == "in");
    if !template && UNNEEDED.iter().any(|u| path.starts_with(u)) {
        return false;
    }
    let mut components = path.components();
    let first = components.next().map(|c| c.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    let top_file = components.next().is_none();
    top_file || NEEDED_DIRS.contains(&first.as_str()) || NEEDED_FILES.iter().any(|f| path == Path::new(f))
}

/// Copies what `wanted` selects of a file or directory, following links; a missing path is not an error.
pub(crate) fn copy_tree(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    if !wanted(from) {
        return Ok(());
    }
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()), wanted)?;
        }
    } else if from.is_file() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, to)?;
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    decompressor(BufReader::new(File::open(path)?))
}

/// A reader of what an archive has in it, by its first bytes.
pub(crate) fn decompressor<R: Read + 'static>(mut reader: BufReader<R>) -> io::Result<Box<dyn Read>> {
    use std::io::BufRead;
    let start = reader.fill_buf()?;
    Ok(match start {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Box::new(liblzma::read::XzDecoder::new(reader)),
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::new(reader)?),
        [b'B', b'Z', b'h', ..] => return Err(io::Error::other("it is packed with bzip2: pack it with xz or gzip")),
        _ => Box::new(reader),
    })
}

/// Counts the bytes read.
struct CountingReader<R> {
    inner: R,
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tarball(dir: &Path, top: &str, version: &str) -> PathBuf {
        let path = dir.join("s.tar.gz");
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(File::create(&path).unwrap(), Default::default()));
        for (name, text) in [
            (format!("{top}/gcc/BASE-VER"), version),
            (format!("{top}/libgcc/gthr.h"), "x"),
            (format!("{top}/libstdc++-v3/testsuite/big.cc"), "x"),
            (format!("{top}/gcc/toplev.cc"), "x"),
            (format!("{top}/config.sub"), "x"),
            (format!("{top}/contrib/relpath.sh"), "x"),
            (format!("{top}/contrib/other.sh"), "x"),
            (format!("{top}/libbacktrace/elf.c"), "x"),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn only_what_is_needed_comes_out() {
        let t = tempfile::tempdir().unwrap();
        let source = GccSource::named(&tarball(t.path(), "gcc-12.2.0", "12.2.0\n")).unwrap();
        assert_eq!(source.version.as_deref(), Some("12.2.0"));
        let out = t.path().join("out");
        fs::create_dir(&out).unwrap();
        assert_eq!(source.unpack(&out, &mut |_| {}).unwrap(), "12.2.0");
        assert!(out.join("libgcc/gthr.h").is_file() && out.join("config.sub").is_file());
        assert!(out.join("contrib/relpath.sh").is_file() && out.join("libbacktrace/elf.c").is_file());
        assert!(!out.join("contrib/other.sh").exists());
        assert!(!out.join("libstdc++-v3").exists() && !out.join("gcc/toplev.cc").exists());
    }

    #[test]
    fn what_is_no_source_is_told_apart() {
        let t = tempfile::tempdir().unwrap();
        let other = tarball(t.path(), "musl-1.2.3", "1");
        assert!(GccSource::named(&other).unwrap_err().contains("musl-1.2.3"));
        let whole = fs::read(&other).unwrap();
        let cut = t.path().join("cut.tar.gz");
        fs::write(&cut, &whole[..whole.len() / 3]).unwrap();
        assert!(GccSource::named(&cut).is_err());
        fs::write(&cut, "text").unwrap();
        assert!(GccSource::named(&cut).is_err());
        assert!(GccSource::named(t.path()).unwrap_err().contains("BASE-VER"));
    }
}

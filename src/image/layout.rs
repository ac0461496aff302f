//! An image's blobs in the order of an OCI image layout, which `docker load` can read too.
//!
//! | path | what |
//! |---|---|
//! | `oci-layout`, `index.json` | OCI: the version, and which manifests there are |
//! | `blobs/sha256/…` | manifests, configurations, layers |
//! | `manifest.json` | docker: the same image by the paths of its blobs; in archives only |

use super::blob::Blob;
use super::config::json;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// Everything that is written: paths and their blobs, sorted.
pub(crate) struct OciLayout<'a> {
    files: BTreeMap<String, &'a Blob>,
    /// Time of all entries of an archive.
    time: u64,
}

/// The file that says that a directory is a layout.
pub(crate) const MARK: &str = "oci-layout";

const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// The documents at the top of a layout.
pub(crate) struct Top {
    /// `oci-layout`.
    mark: Blob,
    /// `index.json`.
    index: Blob,
    /// `manifest.json`.
    docker: Option<Blob>,
}

/// The image that docker takes out of an archive.
pub(crate) struct ForDocker<'a> {
    pub config: &'a Blob,
    pub layers: Vec<&'a Blob>,
    pub names: Vec<String>,
}

fn path_of(blob: &Blob) -> String {
    format!("blobs/sha256/{}", blob.sha.hex())
}

impl Top {
    /// Out of an index document.
    ///
    /// # Errors
    /// None that a document of ours can give.
    pub(crate) fn new(index: Vec<u8>, docker: Option<&ForDocker<'_>>) -> Result<Top, serde_json::Error> {
        let docker = docker.map(|d| {
            let layers: Vec<String> = d.layers.iter().map(|l| path_of(l)).collect();
            json(&serde_json::json!([{ "Config": path_of(d.config), "RepoTags": d.names, "Layers": layers }]))
        });
        Ok(Top { mark: Blob::of(VERSION.to_vec()), index: Blob::of(index), docker: docker.transpose()?.map(Blob::of) })
    }
}

impl<'a> OciLayout<'a> {
    /// The layout of these blobs.
    pub(crate) fn new(top: &'a Top, blobs: impl IntoIterator<Item = &'a Blob>, time: u64) -> OciLayout<'a> {
        let mut files: BTreeMap<String, &Blob> = blobs.into_iter().map(|b| (path_of(b), b)).collect();
        files.insert(MARK.into(), &top.mark);
        files.insert("index.json".into(), &top.index);
        if let Some(docker) = &top.docker {
            files.insert("manifest.json".into(), docker);
        }
        OciLayout { files, time }
    }

    /// Writes it as one archive.
    ///
    /// # Errors
    /// What can't be written.
    pub(crate) fn write_archive(&self, to: impl Write) -> io::Result<()> {
        let mut archive = Builder::new(to);
        let header = |kind, mode, len| {
            let mut header = Header::new_ustar();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(self.time);
            header.set_size(len);
            header
        };
        for directory in ["blobs/", "blobs/sha256/"] {
            archive.append_data(&mut header(EntryType::Directory, 0o755, 0), directory, io::empty())?;
        }
        for (path, blob) in &self.files {
            // ustar holds sizes up to 8 GiB, the GNU form any.
            let mut h = header(EntryType::Regular, 0o644, blob.len);
            if blob.len >= 1 << 33 {
                h = Header::new_gnu();
                h.set_mode(0o644);
                h.set_uid(0);
                h.set_gid(0);
                h.set_mtime(self.time);
                h.set_size(blob.len);
            }
            archive.append_data(&mut h, path, blob.open()?)?;
        }
        archive.into_inner()?.flush()
    }

    /// Writes it below a directory.
    ///
    /// # Errors
    /// What can't be written.
    pub(crate) fn write_directory(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory.join("blobs/sha256"))?;
        for (path, blob) in self.files.iter().filter(|(path, _)| *path != "manifest.json") {
            let mut file = File::create(directory.join(path))?;
            io::copy(&mut blob.open()?, &mut file)?;
        }
        Ok(())
    }
}

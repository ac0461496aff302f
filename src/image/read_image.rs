//! Images that are there → the programs in them that name their parts.

use super::blob::Sha;
use super::image_files::StoredImage;
use super::layer_programs::{LayerPrograms, UNPACKED};
use crate::parts::noted_program::NotedProgram;
use oci_spec::image::{Descriptor, ImageIndex, ImageManifest, MediaType};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// A program in an image.
#[derive(Debug)]
pub(crate) struct ProgramInImage {
    /// Of an image of several platforms: `linux/arm64`.
    pub platform: Option<String>,
    /// Its path there.
    pub path: String,
    pub noted: NotedProgram,
    pub sha256: Sha,
}

/// What `docker save` writes at the top.
#[derive(Deserialize)]
struct SavedImage {
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

/// An index may name indexes, but not for ever.
const DEPTH: usize = 4;
/// More images than any index names.
const IMAGES: usize = 1000;

fn bad(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// The programs of an image; none for what is no image.
///
/// # Errors
/// It is damaged, or an archive of something else.
pub(crate) fn programs(path: &Path) -> io::Result<Option<Vec<ProgramInImage>>> {
    let Some(files) = StoredImage::open(path)? else { return Ok(None) };
    let mut named = NamedImages::default();
    if files.has("index.json") {
        named.add(&files, index(&files, "index.json")?.manifests(), DEPTH)?;
    } else {
        let saved: Vec<SavedImage> = serde_json::from_slice(&files.document("manifest.json")?)
            .map_err(|e| bad(format!("`manifest.json`: {e}")))?;
        named.images.extend(saved.into_iter().map(|image| (None, image.layers)));
    }
    let mut images = named.images;
    // Two tags may name one image.
    let mut seen = BTreeSet::new();
    images.retain(|(_, layers): &(Option<String>, Vec<String>)| seen.insert(layers.clone()));
    let several = images.len() > 1;
    let (mut all, mut left) = (Vec::new(), UNPACKED);
    for (platform, layers) in images {
        let mut programs = LayerPrograms::new(left);
        for layer in layers.iter().rev() {
            let read = files.reader(layer).and_then(|reader| programs.add(reader));
            read.map_err(|e| io::Error::new(e.kind(), format!("the layer `{layer}`: {e}")))?;
        }
        let found;
        (found, left) = programs.finish();
        all.extend(found.into_iter().map(|(path, (noted, sha256))| ProgramInImage {
            platform: platform.clone().filter(|_| several),
            path: format!("/{}", String::from_utf8_lossy(&path)),
            noted,
            sha256,
        }));
    }
    Ok(Some(all))
}

/// Where a blob is: of a digest that is one.
fn place(descriptor: &Descriptor) -> io::Result<String> {
    let digest = descriptor.digest().to_string();
    let (algorithm, hex) = digest.split_once(':').ok_or_else(|| bad("a digest in it is none"))?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain(algorithm) || !plain(hex) {
        return Err(bad(format!("`{digest}` is no digest")));
    }
    Ok(format!("blobs/{algorithm}/{hex}"))
}

fn index(files: &StoredImage, name: &str) -> io::Result<ImageIndex> {
    serde_json::from_slice(&files.document(name)?).map_err(|e| bad(format!("`{name}`: {e}")))
}

/// The images that indexes name.
#[derive(Default)]
struct NamedImages {
    /// Platform, and where the layers are, from the lowest.
    images: Vec<(Option<String>, Vec<String>)>,
    /// What was looked at: an index may name another many times.
    seen: BTreeSet<String>,
}

impl NamedImages {
    /// Adds the images of an index. What is no image is passed by: documents that refer to one, attestations.
    fn add(&mut self, files: &StoredImage, manifests: &[Descriptor], depth: usize) -> io::Result<()> {
        for descriptor in manifests {
            let name = place(descriptor)?;
            if !self.seen.insert(name.clone()) {
                continue;
            }
            let kind = descriptor.media_type().to_string();
            if kind == MediaType::ImageIndex.to_string() || kind.ends_with("manifest.list.v2+json") {
                if depth == 0 {
                    return Err(bad("its indexes name each other too deep"));
                }
                self.add(files, index(files, &name)?.manifests(), depth - 1)?;
                continue;
            }
            let manifest: ImageManifest =
                serde_json::from_slice(&files.document(&name)?).map_err(|e| bad(format!("`{name}`: {e}")))?;
            let config = manifest.config().media_type().to_string();
            let ours = MediaType::ImageConfig.to_string();
            if config != ours && config != "application/vnd.docker.container.image.v1+json" {
                continue;
            }
            let is_layer = |layer: &&Descriptor| layer.media_type().to_string().contains("tar");
            let layers = manifest.layers().iter().filter(is_layer).map(place).collect::<io::Result<Vec<_>>>()?;
            if self.images.len() == IMAGES {
                return Err(bad("it names more than 1,000 images"));
            }
            self.images.push((platform(descriptor), layers));
        }
        Ok(())
    }
}

/// `linux/arm64/v8`.
fn platform(descriptor: &Descriptor) -> Option<String> {
    let platform = descriptor.platform().as_ref()?;
    Some(match platform.variant() {
        Some(variant) => format!("{}/{}/{variant}", platform.os(), platform.architecture()),
        None => format!("{}/{}", platform.os(), platform.architecture()),
    })
}

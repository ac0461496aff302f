//! Manifests that refer to an image's (OCI image specification 1.1, "Guidelines for Artifact Usage"), and the index by which
//! they are found where a registry does not list them itself (OCI distribution specification 1.1, "Referrers Tag Schema").

use super::blob::{Blob, Sha};
use super::config::{Undescribable, descriptor, json};
use oci_spec::image::{Descriptor, ImageIndex, ImageIndexBuilder, ImageManifestBuilder, MediaType};
use std::collections::HashMap;

/// The type of a CycloneDX document, and of the artifact that is one.
const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
/// The configuration of what has none: two bytes.
const EMPTY: (&str, &[u8]) = ("application/vnd.oci.empty.v1+json", b"{}");

/// A document beside an image.
pub(crate) struct Referrer {
    /// What [`Referrer::manifest`] names: the empty configuration, and the document.
    pub blobs: [Blob; 2],
    pub manifest: Blob,
    /// The digest of the manifest that it is about.
    pub subject: Sha,
    /// How an index names it.
    descriptor: Descriptor,
}

/// Why an index of referrers can't be added to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadIndex {
    /// It is none: somebody's image has the tag.
    #[error("what is there is no index: {0}")]
    Other(String),
    #[error(transparent)]
    Document(#[from] Undescribable),
}

impl Referrer {
    /// A CycloneDX document about the image of this manifest. `created` is in RFC 3339.
    ///
    /// # Errors
    /// None that a document of ours can give.
    pub(crate) fn cyclonedx(document: Vec<u8>, about: &Blob, created: &str) -> Result<Referrer, Undescribable> {
        let (empty, document) = (Blob::of(EMPTY.1.to_vec()), Blob::of(document));
        let config = descriptor(MediaType::from(EMPTY.0), &empty.sha, empty.len)?;
        let layer = descriptor(MediaType::from(CYCLONEDX), &document.sha, document.len)?;
        let annotations = HashMap::from([("org.opencontainers.image.created".to_owned(), created.to_owned())]);
        let manifest = ImageManifestBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageManifest)
            .artifact_type(MediaType::from(CYCLONEDX))
            .config(config)
            .layers(vec![layer])
            .subject(descriptor(MediaType::ImageManifest, &about.sha, about.len)?)
            .annotations(annotations.clone())
            .build()?;
        let manifest = Blob::of(json(&manifest)?);
        let mut own = descriptor(MediaType::ImageManifest, &manifest.sha, manifest.len)?;
        own.set_artifact_type(Some(MediaType::from(CYCLONEDX)));
        own.set_annotations(Some(annotations));
        Ok(Referrer { blobs: [empty, document], manifest, subject: about.sha, descriptor: own })
    }

    /// The tag of the index by which it is found in a registry that does not list referrers.
    pub(crate) fn tag(&self) -> String {
        format!("sha256-{}", self.subject.hex())
    }

    /// That index with this in it, from what is there; none if it is in there already.
    ///
    /// # Errors
    /// What is there is something else.
    pub(crate) fn added_to(&self, index: Option<&[u8]>) -> Result<Option<Vec<u8>>, BadIndex> {
        let mut there = match index {
            None => ImageIndexBuilder::default()
                .schema_version(2_u32)
                .media_type(MediaType::ImageIndex)
                .manifests(Vec::new())
                .build()
                .map_err(Undescribable::from)?,
            Some(bytes) => {
                let index: ImageIndex = serde_json::from_slice(bytes).map_err(|e| BadIndex::Other(e.to_string()))?;
                if index.media_type().as_ref().is_some_and(|kind| *kind != MediaType::ImageIndex) {
                    return Err(BadIndex::Other("its type is another".into()));
                }
                index
            }
        };
        let mut manifests = there.manifests().clone();
        if manifests.iter().any(|known| known.digest() == self.descriptor.digest()) {
            return Ok(None);
        }
        manifests.push(self.descriptor.clone());
        there.set_manifests(manifests);
        Ok(Some(json(&there).map_err(Undescribable::from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn an_artifact_about_an_image() {
        let image = Blob::of(b"manifest".to_vec());
        let made = |document: &[u8]| Referrer::cyclonedx(document.to_vec(), &image, "1970-01-01T00:00:00Z").unwrap();
        let referrer = made(b"{}");
        let mut text = String::new();
        referrer.manifest.open().unwrap().read_to_string(&mut text).unwrap();
        let manifest: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest["artifactType"], "application/vnd.cyclonedx+json");
        assert_eq!(manifest["subject"]["digest"], image.sha.to_string());
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
        // The digest that the specification gives for it.
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(manifest["config"]["digest"], empty);
        assert_eq!(referrer.tag(), format!("sha256-{}", image.sha.hex()));
        let first = referrer.added_to(None).unwrap().unwrap();
        let index: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(index["manifests"][0]["artifactType"], "application/vnd.cyclonedx+json");
        // Once, and beside others.
        assert_eq!(referrer.added_to(Some(&first)).unwrap(), None);
        let both: Value = serde_json::from_slice(&made(b"{ }").added_to(Some(&first)).unwrap().unwrap()).unwrap();
        assert_eq!(both["manifests"].as_array().unwrap().len(), 2);
        for bad in [&b"<html>"[..], b"", b"[]", text.as_bytes()] {
            assert!(
                matches!(referrer.added_to(Some(bad)), Err(BadIndex::Other(_))),
                "{}",
                String::from_utf8_lossy(bad)
            );
        }
    }
}

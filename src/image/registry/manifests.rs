//! Manifests and what registries say of them.

use super::client::{Answer, Client, Payload};
use super::push_error::PushError;
use crate::image::blob::Blob;
use ureq::http::Method;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Puts a manifest under a tag or its digest. Gives the answer.
pub(super) fn put_manifest(
    client: &mut Client,
    base: &str,
    blob: &Blob,
    kind: &str,
    tag: &str,
) -> Result<Answer, PushError> {
    let mut bytes = Vec::new();
    blob.open().and_then(|mut b| b.read_to_end(&mut bytes)).map_err(PushError::Blob)?;
    let place = client.own(&format!("{base}/manifests/{tag}"));
    let answer = client.request(&Method::PUT, &place, Payload::Bytes(&bytes, kind))?;
    if answer.status != 201 {
        return Err(refused(format!("the manifest `{tag}`"), &answer));
    }
    same(&answer, blob)?;
    Ok(answer)
}

/// Whether the registry stored what was sent, as far as it says.
pub(super) fn same(answer: &Answer, blob: &Blob) -> Result<(), PushError> {
    let sent = blob.sha.to_string();
    match answer.header("docker-content-digest") {
        Some(stored) if stored.starts_with("sha256:") && stored != sent => {
            Err(PushError::Different { stored: stored.to_owned(), sent })
        }
        _ => Ok(()),
    }
}

pub(super) fn refused(what: impl Into<String>, answer: &Answer) -> PushError {
    PushError::Refused {
        what: what.into(),
        why: answer.complaint(),
        login: answer.from.own && matches!(answer.status, 401 | 403),
    }
}

//! What refers to a manifest, where a registry finds it (OCI distribution specification 1.1, "Pushing Manifests with
//! Subject").

use super::client::{Client, Payload};
use super::manifests::{INDEX, MANIFEST, put_manifest, refused};
use super::push_error::PushError;
use crate::image::blob::Blob;
use crate::image::referrer::Referrer;
use ureq::http::Method;

/// Puts the manifest, whose blobs are there. A registry that does not say that it lists it gets it in the index whose tag is
/// the subject's digest.
pub(super) fn put(client: &mut Client, base: &str, referrer: &Referrer) -> Result<(), PushError> {
    let digest = referrer.manifest.sha.to_string();
    let answer = put_manifest(client, base, &referrer.manifest, MANIFEST, &digest)?;
    if answer.header("oci-subject").is_some() {
        return Ok(());
    }
    let tag = referrer.tag();
    let place = client.own(&format!("{base}/manifests/{tag}"));
    let there = client.request(&Method::GET, &place, Payload::Wanted(INDEX))?;
    let index = match there.status {
        200 => Some(there.body.as_slice()),
        404 => None,
        _ => return Err(refused(format!("a look at the tag `{tag}`"), &there)),
    };
    let added = referrer.added_to(index).map_err(|e| PushError::Referrers { tag: tag.clone(), why: e.to_string() })?;
    if let Some(index) = added {
        put_manifest(client, base, &Blob::of(index), INDEX, &tag)?;
    }
    Ok(())
}

//! The order of a push: blobs, then manifests, then what refers to them, then the name.

use super::client::{Client, Manner, Payload};
use super::manifests::{INDEX, MANIFEST, put_manifest, refused, same};
use super::push_error::PushError;
use super::refer;
use crate::image::ContainerImage;
use crate::image::blob::Blob;
use crate::image::reference::ImageReference;
use crate::image::referrer::Referrer;
use crate::message::transfer::Transfer;
use ureq::http::Method;

/// What a push did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pushed {
    pub sent: usize,
    pub skipped: usize,
}

/// Pushes an image under a name, and what refers to it.
///
/// # Errors
/// See [`PushError`]; the name leads to what it led to before.
pub(crate) fn push(
    (image, referrers): (&ContainerImage, &[Referrer]),
    to: &ImageReference,
    manner: &Manner,
    quiet: bool,
) -> Result<Pushed, PushError> {
    let host = to.host.as_deref().unwrap_or("docker.io");
    let name =
        if host == "docker.io" && !to.name.contains('/') { format!("library/{}", to.name) } else { to.name.clone() };
    let mut client = Client::new(host, &name, manner.clone())?;
    let base = format!("/v2/{name}");
    let mut blobs: Vec<&Blob> = Vec::new();
    for single in &image.singles {
        for blob in single.layers.iter().map(|l| &l.blob).chain([&single.config]) {
            if !blobs.iter().any(|b| b.sha == blob.sha) {
                blobs.push(blob);
            }
        }
    }
    let bar = Transfer::new(blobs.iter().map(|b| b.len).sum(), quiet);
    let mut pushed = Pushed::default();
    for blob in blobs {
        bar.about(&blob.sha.hex().chars().take(12).collect::<String>());
        if blob_is_there(&mut client, &base, blob)? {
            pushed.skipped += 1;
            bar.moved(i64::try_from(blob.len).unwrap_or(0));
        } else {
            upload(&mut client, &base, blob, &bar)?;
            pushed.sent += 1;
        }
    }
    for single in image.singles.iter().filter(|_| image.index.is_some()) {
        put_manifest(&mut client, &base, &single.manifest, MANIFEST, &single.manifest.sha.to_string())?;
    }
    // A registry takes what refers to a manifest before it has that.
    for referrer in referrers {
        for blob in &referrer.blobs {
            if !blob_is_there(&mut client, &base, blob)? {
                upload(&mut client, &base, blob, &bar)?;
            }
        }
        refer::put(&mut client, &base, referrer)?;
    }
    let (top, kind) = match (&image.index, image.singles.first()) {
        (Some(index), _) => (index, INDEX),
        (None, Some(single)) => (&single.manifest, MANIFEST),
        (None, None) => return Err(PushError::Empty),
    };
    put_manifest(&mut client, &base, top, kind, &to.tag)?;
    Ok(pushed)
}

fn blob_is_there(client: &mut Client, base: &str, blob: &Blob) -> Result<bool, PushError> {
    let place = client.own(&format!("{base}/blobs/{}", blob.sha));
    let answer = client.request(&Method::HEAD, &place, Payload::Nothing)?;
    match answer.status {
        200 => Ok(true),
        404 => Ok(false),
        _ => Err(refused("a look at a blob", &answer)),
    }
}

/// Sends a blob in one piece. What breaks off is begun anew: an upload that was left is the registry's to forget.
fn upload(client: &mut Client, base: &str, blob: &Blob, bar: &Transfer) -> Result<(), PushError> {
    let what = || format!("a blob of {} bytes", blob.len);
    let uploads = client.own(&format!("{base}/blobs/uploads/"));
    let mut begins = true;
    let answer = client.with_retries(|client| {
        let begun = client.request_once(&Method::POST, &uploads, Payload::Nothing)?;
        let location = begun.header("location").filter(|_| begun.status == 202);
        begins = location.is_none();
        let Some(location) = location else { return Ok(begun) };
        let mut place = client.led(&begun, location)?;
        place.address = place.address.with_query(&format!("digest={}", blob.sha.to_string().replace(':', "%3A")));
        client.request_once(&Method::PUT, &place, Payload::Blob(blob, bar))
    })?;
    if begins {
        return Err(refused("the begin of an upload", &answer));
    }
    if answer.status != 201 {
        return Err(refused(what(), &answer));
    }
    same(&answer, blob)
}

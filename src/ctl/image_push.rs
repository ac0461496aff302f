//! `staticctl image --push`.

use super::cli_args::ImageArgs;
#[cfg(feature = "push")]
use super::output::produce;
use super::output::{Reported, report_error};
use crate::image::ContainerImage;
use crate::image::package_records::PackageRecords;
use crate::image::reference::ImageReference;
#[cfg(feature = "push")]
use crate::image::referrer::Referrer;
#[cfg(feature = "push")]
use crate::message;
#[cfg(feature = "push")]
use crate::options::exit_codes::EXIT_YES;
use crate::settings::Settings;
use std::path::PathBuf;
#[cfg(feature = "push")]
use std::time::Duration;

/// Where to push to.
#[cfg(feature = "push")]
pub(super) fn push_target(args: &ImageArgs) -> Result<Option<ImageReference>, Reported> {
    args.push.as_deref().map(ImageReference::parse_with_host).transpose().map_err(|e| report_error(e, None))
}

/// Pushes an image, and with `--sbom` what its programs say of their parts.
#[cfg(feature = "push")]
pub(super) fn deliver(
    settings: &Settings,
    args: &ImageArgs,
    (image, records): (&ContainerImage, Option<&PackageRecords>),
    to: &ImageReference,
    bundles: Vec<PathBuf>,
) -> Result<(), Reported> {
    use crate::image::registry::{Manner, PushError, push};
    let manner = Manner {
        insecure: args.insecure,
        timeout: Duration::from_secs(args.timeout.clamp(1, 86_400)),
        retries: args.retries,
        bundles,
        docker_config: settings.docker_config.clone(),
    };
    let referrers = match records.filter(|_| args.sbom) {
        Some(records) => referrers(image, records, to)?,
        None => Vec::new(),
    };
    let pushed = push((image, &referrers), to, &manner, args.quiet).map_err(|e| {
        let host = to.host.as_deref().unwrap_or_default();
        let hint = match &e {
            PushError::Refused { login: true, .. } => Some(format!("`docker login {host}`")),
            PushError::Unreachable { why, .. } if why.contains("tls") || why.contains("Tls") => {
                Some("a registry of this machine without TLS is reached with `--insecure`".into())
            }
            _ => None,
        };
        report_error(format!("`{to}` was not pushed: {e}"), hint)
    })?;
    if !args.quiet {
        message::note(format!("{} blobs sent, {} already there", pushed.sent, pushed.skipped));
        for referrer in &referrers {
            message::note(format!("{} lists the parts of {}", referrer.manifest.sha, referrer.subject));
        }
    }
    let digest = image.digest().map(|d| d.to_string()).unwrap_or_default();
    let name = format!("{}/{}", to.host.as_deref().unwrap_or_default(), to.name);
    match produce(&format!("{name}@{digest}\n"), EXIT_YES) {
        EXIT_YES => Ok(()),
        status => Err(Reported(status)),
    }
}

/// A document about each platform's image.
#[cfg(feature = "push")]
fn referrers(image: &ContainerImage, records: &PackageRecords, to: &ImageReference) -> Result<Vec<Referrer>, Reported> {
    let name = format!("{}/{}", to.host.as_deref().unwrap_or_default(), to.name);
    let failed = |e: &dyn std::fmt::Display| report_error(format!("the parts can't be described: {e}"), None);
    let mut all = Vec::new();
    for single in &image.singles {
        let document = records.image_document(&single.platform, &name, &single.manifest.sha).map_err(|e| failed(&e))?;
        if let Some(document) = document {
            all.push(Referrer::cyclonedx(document, &single.manifest, records.created()).map_err(|e| failed(&e))?);
        }
    }
    Ok(all)
}

#[cfg(not(feature = "push"))]
pub(super) fn push_target(args: &ImageArgs) -> Result<Option<ImageReference>, Reported> {
    match &args.push {
        Some(_) => {
            Err(report_error("this staticctl was built without --push", Some("`cargo install --features push`".into())))
        }
        None => Ok(None),
    }
}

#[cfg(not(feature = "push"))]
pub(super) fn deliver(
    _: &Settings,
    _: &ImageArgs,
    _: (&ContainerImage, Option<&PackageRecords>),
    _: &ImageReference,
    _: Vec<PathBuf>,
) -> Result<(), Reported> {
    Ok(())
}

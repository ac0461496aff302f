//! How a container of the image runs: the options, their grammar, and the OCI documents that they end up in.

use super::blob::{Blob, Sha};
use super::layer::{Layer, Packing};
use super::parts;
use super::platform::Platform;
use oci_spec::image::{
    ConfigBuilder, Descriptor, DescriptorBuilder, Digest, HistoryBuilder, ImageConfigurationBuilder,
    ImageManifestBuilder, MediaType, PlatformBuilder, RootFsBuilder,
};
use serde::Serialize;
use std::collections::HashMap;
use std::str::FromStr;

/// Options of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ContainerConfig {
    /// The program with its fixed arguments; the first program if none is given.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments that `docker run IMAGE ARG…` replaces.
    pub cmd: Vec<String>,
    /// NAME=VALUE.
    pub env: Vec<String>,
    /// User and group.
    pub user: String,
    /// The directory to start in.
    pub workdir: Option<String>,
    pub labels: Vec<(String, String)>,
    /// PORT/tcp or PORT/udp.
    pub ports: Vec<String>,
    /// Directories that outlive a container.
    pub volumes: Vec<String>,
    /// Annotations of the manifest.
    pub annotations: Vec<(String, String)>,
}

/// An option outside its grammar.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{option} {value}`: {rule}")]
pub(crate) struct BadOption {
    pub option: &'static str,
    pub value: String,
    /// What it may be.
    pub rule: String,
}

fn bad(option: &'static str, value: &str, rule: impl Into<String>) -> BadOption {
    BadOption { option, value: value.into(), rule: rule.into() }
}

/// A command as a JSON list, or as words that are split as a shell would; no shell is involved later.
///
/// # Errors
/// Something that is neither.
pub(crate) fn words(option: &'static str, text: &str) -> Result<Vec<String>, BadOption> {
    let rule = "a JSON list of strings, or words quoted as for a shell";
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|e| bad(option, text, format!("{rule} ({e})")));
    }
    shlex::split(text).ok_or_else(|| bad(option, text, rule))
}

/// NAME=VALUE, with a name that is not empty.
///
/// # Errors
/// Anything else.
pub(crate) fn pair(option: &'static str, text: &str) -> Result<(String, String), BadOption> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !text.contains('\0') => Ok((name.into(), value.into())),
        _ => Err(bad(option, text, "NAME=VALUE")),
    }
}

/// USER or USER:GROUP, as numbers, or as names that `--etc` brings.
///
/// # Errors
/// A name that the image would not know: a container of it could not start.
pub(crate) fn user(text: &str, etc: bool) -> Result<String, BadOption> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let known = |file, name: &str| name.parse::<u32>().is_ok() || (etc && parts::knows(file, name));
    if known("/etc/passwd", user) && group.is_none_or(|g| known("/etc/group", g)) {
        return Ok(text.into());
    }
    let rule =
        "UID or UID:GID in numbers, or with `--etc` one of root, nonroot, nobody: the image knows no other names";
    Err(bad("--user", text, rule))
}

/// PORT, PORT/tcp, PORT/udp or PORT/sctp.
///
/// # Errors
/// Anything else.
pub(crate) fn port(text: &str) -> Result<String, BadOption> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let number = number.parse::<u16>().ok().filter(|n| *n > 0);
    match number {
        Some(number) if ["tcp", "udp", "sctp"].contains(&protocol) => Ok(format!("{number}/{protocol}")),
        _ => Err(bad("--expose", text, "PORT, PORT/tcp, PORT/udp or PORT/sctp, with a port from 1 to 65535")),
    }
}

/// An absolute path in the image.
///
/// # Errors
/// Anything else.
pub(crate) fn directory(option: &'static str, text: &str) -> Result<String, BadOption> {
    match crate::rootfs::tree::key(std::path::Path::new(text)) {
        Ok(key) => String::from_utf8(key).map(|k| format!("/{k}")).map_err(|_| bad(option, text, "a path in UTF-8")),
        Err(_) => Err(bad(option, text, "an absolute path without `..`")),
    }
}

/// Seconds since 1970 as RFC 3339 has it.
pub(crate) fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // The civil calendar from a count of days, eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hours, minutes, seconds) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

/// A document as bytes, with its members in alphabetical order: the maps that they come from are unordered.
///
/// # Errors
/// None that a document of ours can give.
pub(crate) fn json(document: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&serde_json::to_value(document)?)
}

/// What the documents of OCI can't hold; nothing that comes from here.
#[derive(Debug, thiserror::Error)]
#[error("the image can't be described: {0}")]
pub(crate) struct Undescribable(String);

impl From<oci_spec::OciSpecError> for Undescribable {
    fn from(e: oci_spec::OciSpecError) -> Undescribable {
        Undescribable(e.to_string())
    }
}

impl From<serde_json::Error> for Undescribable {
    fn from(e: serde_json::Error) -> Undescribable {
        Undescribable(e.to_string())
    }
}

/// A descriptor of a blob.
///
/// # Errors
/// See [`Undescribable`].
pub(crate) fn descriptor(kind: MediaType, sha: &Sha, len: u64) -> Result<Descriptor, Undescribable> {
    let digest = Digest::from_str(&sha.to_string())?;
    Ok(DescriptorBuilder::default().media_type(kind).digest(digest).size(len).build()?)
}

/// The platform as a member of a descriptor.
///
/// # Errors
/// See [`Undescribable`].
pub(crate) fn described(platform: &Platform) -> Result<oci_spec::image::Platform, Undescribable> {
    let builder = PlatformBuilder::default().architecture(platform.architecture.as_str()).os("linux");
    let builder = match &platform.variant {
        Some(variant) => builder.variant(variant.as_str()),
        None => builder,
    };
    Ok(builder.build()?)
}

/// The configuration of one image.
///
/// # Errors
/// See [`Undescribable`].
pub(crate) fn configuration(
    run: &ContainerConfig,
    platform: &Platform,
    layers: &[Layer],
    created: &str,
) -> Result<Blob, Undescribable> {
    let mut config = ConfigBuilder::default().user(run.user.as_str());
    if let Some(entrypoint) = &run.entrypoint {
        config = config.entrypoint(entrypoint.clone());
    }
    if !run.cmd.is_empty() {
        config = config.cmd(run.cmd.clone());
    }
    if !run.env.is_empty() {
        config = config.env(run.env.clone());
    }
    if let Some(workdir) = &run.workdir {
        config = config.working_dir(workdir.as_str());
    }
    if !run.labels.is_empty() {
        config = config.labels(run.labels.iter().cloned().collect::<HashMap<_, _>>());
    }
    if !run.ports.is_empty() {
        config = config.exposed_ports(run.ports.clone());
    }
    if !run.volumes.is_empty() {
        config = config.volumes(run.volumes.clone());
    }
    let entry = || HistoryBuilder::default().created(created).created_by("staticctl image").build();
    let history = layers.iter().map(|_| entry()).collect::<Result<Vec<_>, _>>()?;
    let diff_ids: Vec<String> = layers.iter().map(|l| l.diff_id.to_string()).collect();
    let mut image = ImageConfigurationBuilder::default()
        .created(created)
        .architecture(platform.architecture.as_str())
        .os("linux")
        .config(config.build()?)
        .rootfs(RootFsBuilder::default().typ("layers").diff_ids(diff_ids).build()?)
        .history(history);
    if let Some(variant) = &platform.variant {
        image = image.variant(variant.as_str());
    }
    Ok(Blob::of(json(&image.build()?)?))
}

/// The manifest of one image.
///
/// # Errors
/// See [`Undescribable`].
pub(crate) fn manifest(
    config: &Blob,
    layers: &[Layer],
    annotations: &[(String, String)],
) -> Result<Blob, Undescribable> {
    let kind = |packing| match packing {
        Packing::Gzip(_) => MediaType::ImageLayerGzip,
        Packing::Zstd(_) | Packing::ZstdLong(_) => MediaType::ImageLayerZstd,
        Packing::None => MediaType::ImageLayer,
    };
    let layers = layers.iter().map(|l| descriptor(kind(l.packing), &l.blob.sha, l.blob.len));
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(descriptor(MediaType::ImageConfig, &config.sha, config.len)?)
        .layers(layers.collect::<Result<Vec<_>, _>>()?)
        .annotations(annotations.iter().cloned().collect::<HashMap<_, _>>())
        .build()?;
    Ok(Blob::of(json(&manifest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_lists_or_words() {
        let of = |text| words("--cmd", text);
        assert_eq!(of(r#"["/a b", "-x"]"#).unwrap(), ["/a b", "-x"]);
        assert_eq!(of("/a 'b c' -d").unwrap(), ["/a", "b c", "-d"]);
        assert!(of("").unwrap().is_empty());
        for bad in ["[1]", "[\"a\"", "'a"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn options_have_a_grammar() {
        assert_eq!(port("80").unwrap(), "80/tcp");
        assert_eq!(port("53/udp").unwrap(), "53/udp");
        for bad in ["", "0", "65536", "80/ip", "http"] {
            assert!(port(bad).is_err(), "{bad}");
        }
        assert_eq!(user("0", false).unwrap(), "0");
        assert_eq!(user("1000:1000", false).unwrap(), "1000:1000");
        assert_eq!(user("nonroot:nobody", true).unwrap(), "nonroot:nobody");
        for (bad, etc) in [("nonroot", false), ("bob", true), ("", true), ("1:", false), ("-1", false)] {
            assert!(user(bad, etc).is_err(), "{bad}");
        }
        assert_eq!(directory("--workdir", "/a//b/").unwrap(), "/a/b");
        assert!(directory("--workdir", "a").is_err());
        assert_eq!(pair("--env", "A=b=c").unwrap(), ("A".into(), "b=c".into()));
        assert!(pair("--env", "A").is_err() && pair("--env", "=b").is_err());
    }

    #[test]
    fn times_are_those_of_date() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }
}

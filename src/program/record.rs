//! What is in a converted program, as one JSON document: enough to derive a bill of materials, and to tell later
//! whether a security update of a part calls for another conversion.

use super::advice::ProgramHint;
use super::sources::WhyConverted;
use crate::check::{Finding, Image};
use crate::libs::Provider;
use crate::model::StaticKind;
use crate::packages::Package;
use crate::report::Times;
use serde::Serialize;
use std::path::PathBuf;

/// The version of the document's shape.
pub(crate) const SCHEMA: u32 = 1;

/// A file that was linked in.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProgramPart {
    /// The name by which it was needed.
    pub name: String,
    /// `program`, `converted`, `archive`, `toolchain` or `plugin`.
    pub from: PartOrigin,
    /// The file whose code it is.
    pub path: PathBuf,
    /// The shared object that it stands for, where that is another file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<PathBuf>,
    /// Why it is not from an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyConverted>,
    pub bytes: u64,
    /// Build-id of the program or shared object.
    pub build_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<String>,
    /// The package that the file is from.
    pub package: Option<Package>,
    pub purl: Option<String>,
}

/// What a part is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartOrigin {
    Program,
    Converted,
    /// An archive of the same version.
    Archive,
    /// The toolchain's own archive.
    Toolchain,
    /// A shared object for dlopen.
    Plugin,
}

impl PartOrigin {
    /// As tables have it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            PartOrigin::Program => "program",
            PartOrigin::Converted => "converted",
            PartOrigin::Archive => "archive",
            PartOrigin::Toolchain => "toolchain",
            PartOrigin::Plugin => "plugin",
        }
    }
}

impl std::convert::From<Provider> for PartOrigin {
    fn from(provider: Provider) -> PartOrigin {
        match provider {
            Provider::Archive => PartOrigin::Archive,
            Provider::Plugin => PartOrigin::Plugin,
            Provider::FatShared | Provider::Converted => PartOrigin::Converted,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ConversionRecord<'a> {
    pub schema: u32,
    pub program: PathBuf,
    pub output: PathBuf,
    /// Its size; that of the original with its shared objects.
    pub bytes: u64,
    /// See `bytes`.
    pub bytes_before: u64,
    pub kind: StaticKind,
    pub toolchain: &'a str,
    /// The program and all that was linked in.
    pub parts: &'a [ProgramPart],
    /// What the check found.
    pub findings: &'a [Finding],
    pub hints: &'a [ProgramHint],
    /// Whether result and original did the same; none if they were not compared.
    pub compared: Option<bool>,
    /// The arguments with which result and original printed the same before it was written.
    pub answers: &'a [&'static str],
    /// Facts of the result.
    pub image: Option<&'a Image>,
    pub times: Times,
}

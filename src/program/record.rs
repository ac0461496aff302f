//! What is in a converted program, as one JSON document: enough to make a list of its parts from, and to tell later
//! whether a security update of one of them asks for another conversion.

use super::advice::Hint;
use super::sources::Why;
use crate::check::{Finding, Image};
use crate::libs::Provider;
use crate::model::StaticKind;
use crate::packages::Package;
use crate::report::Times;
use serde::Serialize;
use std::path::PathBuf;

/// The version of the document's shape.
pub const SCHEMA: u32 = 1;

/// A file that went in.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// The name by which it was needed.
    pub name: String,
    /// `program`, `converted`, `archive`, `toolchain` or `plugin`.
    pub from: From,
    /// The file whose code it is.
    pub path: PathBuf,
    /// The shared object that it stands for, where that is another file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<PathBuf>,
    /// Why it is not from an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Size of the file.
    pub bytes: u64,
    /// Build-id of the program or shared object.
    pub build_id: Option<String>,
    /// Who needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<String>,
    /// The package that the file is from.
    pub package: Option<Package>,
    /// Its package URL.
    pub purl: Option<String>,
}

/// What a part is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// The program itself.
    Program,
    /// A converted shared object.
    Converted,
    /// An archive of the same version.
    Archive,
    /// The toolchain's own archive.
    Toolchain,
    /// A shared object for dlopen.
    Plugin,
}

impl From {
    /// As tables have it.
    pub fn word(self) -> &'static str {
        match self {
            From::Program => "program",
            From::Converted => "converted",
            From::Archive => "archive",
            From::Toolchain => "toolchain",
            From::Plugin => "plugin",
        }
    }
}

impl std::convert::From<Provider> for From {
    fn from(provider: Provider) -> From {
        match provider {
            Provider::Archive => From::Archive,
            Provider::Plugin => From::Plugin,
            Provider::FatShared | Provider::Converted => From::Converted,
        }
    }
}

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct Record<'a> {
    /// Version of this shape.
    pub schema: u32,
    /// The original.
    pub program: PathBuf,
    /// The result.
    pub output: PathBuf,
    /// Its size; that of the original with its shared objects.
    pub bytes: u64,
    /// See `bytes`.
    pub bytes_before: u64,
    /// Its shape.
    pub kind: StaticKind,
    /// The toolchain's name.
    pub toolchain: &'a str,
    /// The program and all that went in.
    pub parts: &'a [Part],
    /// What the check found.
    pub findings: &'a [Finding],
    /// What to know.
    pub hints: &'a [Hint],
    /// Whether result and original did the same; none if they were not compared.
    pub compared: Option<bool>,
    /// Facts of the result.
    pub image: Option<&'a Image>,
    /// How long the steps took.
    pub times: Times,
}

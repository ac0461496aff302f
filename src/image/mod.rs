//! Programs and a few files → a container image, without a daemon and without any other program.
//!
//! | file | what |
//! |---|---|
//! | [`static_program`], [`platform`] | which files may be programs, and where they run |
//! | [`crate::rootfs::tree`], [`parts`], [`from_trace`] | what is at which path; what most images need; what a run missed |
//! | [`package_records`], [`referrer`] | what scanners read of the parts that programs name: in the image, and beside it |
//! | [`layer`], [`blob`] | a tree as a compressed archive, with its digest |
//! | [`config`], [`mod@reference`] | options, names, and the OCI documents |
//! | [`layout`], [`archive_writer`] | all blobs in one archive or directory, complete or not at all |
//! | [`registry`] | the same blobs, pushed |
//! | [`read_image`], `image_files`, `layer_programs`, `tar_entries` | an image that is there, for `staticctl audit` |
//!
//! An image is reproducible: when, where and by whom it was built does not go into it.

pub(crate) mod archive_writer;
pub(crate) mod blob;
pub(crate) mod config;
pub(crate) mod from_trace;
mod image_files;
pub(crate) mod layer;
mod layer_programs;
pub(crate) mod layout;
pub(crate) mod package_records;
pub(crate) mod parts;
pub(crate) mod platform;
pub(crate) mod read_image;
pub(crate) mod reference;
#[cfg(feature = "push")]
pub(crate) mod referrer;
#[cfg(feature = "push")]
pub(crate) mod registry;
pub(crate) mod static_program;
mod tar_entries;

use crate::rootfs::tree::{self, FileContent, FileTree, Node, TreeError};
use blob::{Blob, Sha};
use config::{ContainerConfig, Undescribable};
use layer::{Layer, LayerError, LayerSettings};
use layout::{ForDocker, Top};
use oci_spec::image::{Descriptor, ImageIndexBuilder, MediaType};
use package_records::PackageRecords;
use parts::{ImagePart, PartError, PartSources};
use platform::Platform;
use reference::ImageReference;
use static_program::ImageProgram;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub(crate) struct ImageSpec {
    /// At least one.
    pub programs: Vec<ImageProgram>,
    /// Files and directories of this machine, and their places.
    pub adds: Vec<(PathBuf, PathBuf)>,
    pub parts: Vec<ImagePart>,
    pub run: ContainerConfig,
    pub names: Vec<ImageReference>,
    /// What the programs say of their parts; none if nobody is to read it.
    pub records: Option<PackageRecords>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// Files that do not go together.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Parts that this machine does not have.
    #[error(transparent)]
    Part(#[from] PartError),
    #[error(transparent)]
    Layer(#[from] LayerError),
    #[error(transparent)]
    Document(#[from] Undescribable),
}

/// The files of the image for one platform.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImageFiles {
    /// What was named: programs, `--add`, directories of options.
    pub own: FileTree,
    /// What parts add to it.
    pub parts: FileTree,
}

impl ImageSpec {
    /// The platforms of the programs, sorted.
    pub(crate) fn platforms(&self) -> Vec<Platform> {
        let mut all: Vec<Platform> = self.programs.iter().map(|p| p.platform.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The files for a platform.
    ///
    /// # Errors
    /// Two things for one path; what can't be read.
    pub(crate) fn files(&self, platform: &Platform, sources: &PartSources) -> Result<ImageFiles, ImageError> {
        let mut own = FileTree::default();
        for program in self.programs.iter().filter(|p| p.platform == *platform) {
            let content = FileContent::File(program.file.clone(), program.bytes);
            let node = Node::File { content, executable: true };
            own.put(&program.place, node, &format!("`{}`", program.file.display()))?;
        }
        for (source, destination) in &self.adds {
            own.add(source, destination)?;
        }
        if let Some((path, _)) = own.iter().find(|(path, _)| deletes(path)) {
            return Err(tree::TreeError::Reserved(path.to_string_lossy().into_owned()).into());
        }
        // A volume belongs to the user that runs the program, who writes to it.
        let user = self.run.user.split(':').next().unwrap_or_default();
        let owner = parts::uid(user).unwrap_or(crate::sandbox::NONROOT);
        for volume in &self.run.volumes {
            own.put(Path::new(volume), Node::Directory { mode: 0o755, owner }, "`--volume`")?;
        }
        if let Some(workdir) = &self.run.workdir {
            own.put(Path::new(workdir), tree::DIRECTORY, "`--workdir`")?;
        }
        let mut parts = FileTree::default();
        for part in &self.parts {
            sources.put(part, &mut parts)?;
        }
        let parts = parts.missing_in(&own)?;
        if let Some(records) = &self.records {
            let mut all = own.clone();
            all.add_missing(&parts)?;
            own.add_missing(&records.tree(platform, &all)?)?;
        }
        Ok(ImageFiles { own, parts })
    }

    /// The command of a platform's containers.
    pub(crate) fn entrypoint(&self, platform: &Platform) -> Vec<String> {
        let first = self.programs.iter().find(|p| p.platform == *platform);
        let own = || first.map(|p| p.place.to_string_lossy().into_owned()).into_iter().collect();
        self.run.entrypoint.clone().unwrap_or_else(own)
    }
}

/// The image of one platform.
pub(crate) struct PlatformImage {
    pub platform: Platform,
    /// Its layers: the parts, which many images share, below; the programs above.
    pub layers: Vec<Layer>,
    pub config: Blob,
    pub manifest: Blob,
    /// Bytes of all its files.
    pub bytes: u64,
}

pub(crate) struct ContainerImage {
    /// One or more platforms.
    pub singles: Vec<PlatformImage>,
    /// What names them all, if they are more than one.
    pub index: Option<Blob>,
    names: Vec<ImageReference>,
    time: u64,
}

/// Whether a name in a path means the deletion of another file.
fn deletes(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(b".wh."))
}

/// Makes an image.
///
/// # Errors
/// See [`ImageError`].
pub(crate) fn build_image(
    spec: &ImageSpec,
    sources: &PartSources,
    making: &LayerSettings<'_>,
) -> Result<ContainerImage, ImageError> {
    let created = config::time(making.time);
    let mut singles = Vec::new();
    for platform in spec.platforms() {
        let files = spec.files(&platform, sources)?;
        let bytes = files.own.bytes() + files.parts.bytes();
        let trees = [&files.parts, &files.own].into_iter().filter(|t| !t.is_empty());
        let layers = trees.map(|t| layer::make(t, making)).collect::<Result<Vec<_>, _>>()?;
        let run = ContainerConfig { entrypoint: Some(spec.entrypoint(&platform)), ..spec.run.clone() };
        let config = config::configuration(&run, &platform, &layers, &created)?;
        let mut annotations = vec![("org.opencontainers.image.created".to_owned(), created.clone())];
        annotations.extend(spec.run.annotations.iter().cloned());
        let manifest = config::manifest(&config, &layers, &annotations)?;
        singles.push(PlatformImage { platform, layers, config, manifest, bytes });
    }
    let index = if singles.len() > 1 {
        let manifests = singles.iter().map(PlatformImage::descriptor).collect::<Result<Vec<_>, _>>()?;
        let annotations = spec.run.annotations.iter().cloned().collect::<HashMap<_, _>>();
        Some(Blob::of(index(manifests, annotations)?))
    } else {
        None
    };
    Ok(ContainerImage { singles, index, names: spec.names.clone(), time: making.time })
}

fn index(manifests: Vec<Descriptor>, annotations: HashMap<String, String>) -> Result<Vec<u8>, Undescribable> {
    let mut builder =
        ImageIndexBuilder::default().schema_version(2_u32).media_type(MediaType::ImageIndex).manifests(manifests);
    if !annotations.is_empty() {
        builder = builder.annotations(annotations);
    }
    Ok(config::json(&builder.build().map_err(Undescribable::from)?)?)
}

impl PlatformImage {
    fn descriptor(&self) -> Result<Descriptor, Undescribable> {
        let mut descriptor = config::descriptor(MediaType::ImageManifest, &self.manifest.sha, self.manifest.len)?;
        descriptor.set_platform(Some(config::described(&self.platform)?));
        Ok(descriptor)
    }
}

impl ContainerImage {
    /// What a registry would call it by.
    pub(crate) fn digest(&self) -> Option<Sha> {
        self.index.as_ref().or(self.singles.first().map(|s| &s.manifest)).map(|b| b.sha)
    }

    /// All blobs, without duplicates.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.singles
            .iter()
            .flat_map(|s| s.layers.iter().map(|l| &l.blob).chain([&s.config, &s.manifest]))
            .chain(&self.index)
    }

    /// The documents at the top of a layout.
    ///
    /// # Errors
    /// See [`Undescribable`].
    pub(crate) fn top(&self) -> Result<Top, Undescribable> {
        let descriptor = match (&self.index, self.singles.first()) {
            (Some(index), _) => Some(config::descriptor(MediaType::ImageIndex, &index.sha, index.len)?),
            (None, Some(single)) => Some(single.descriptor()?),
            (None, None) => None,
        };
        let named = |name: &ImageReference| {
            descriptor.clone().map(|mut d| {
                d.set_annotations(Some(HashMap::from([
                    ("io.containerd.image.name".to_owned(), name.full()),
                    ("org.opencontainers.image.ref.name".to_owned(), name.tag.clone()),
                ])));
                d
            })
        };
        let manifests = match self.names.as_slice() {
            [] => descriptor.clone().into_iter().collect(),
            names => names.iter().filter_map(named).collect(),
        };
        let own = self.singles.iter().find(|s| s.platform.architecture == own_architecture());
        let docker = own.or(self.singles.first()).map(|single| ForDocker {
            config: &single.config,
            layers: single.layers.iter().map(|l| &l.blob).collect(),
            names: self.names.iter().map(ToString::to_string).collect(),
        });
        Ok(Top::new(index(manifests, HashMap::new())?, docker.as_ref())?)
    }
}

/// This machine in the words of images: what docker, which knows one platform an archive, is given of several.
fn own_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        other => other,
    }
}

//! A bundle as a container image.

use super::cli_args::BundleArgs;
use super::image::image_records;
use super::output::{Reported, report_error};
use crate::bundle::touched::BundleFiles;
use crate::image::archive_writer::ImageOutput;
use crate::image::config::ContainerConfig;
use crate::image::layer::{LayerSettings, Packing};
use crate::image::parts::{ImagePart, PartSources};
use crate::image::reference::ImageReference;
use crate::image::{ImageSpec, build_image, static_program};
use crate::run::{self, Guard};
use crate::sandbox::NONROOT;
use crate::settings::Settings;
use std::ffi::OsString;
use std::path::Path;

/// Writes the image: it runs the first run's command, where that was run, as nobody.
pub(super) fn write(
    settings: &Settings,
    args: &BundleArgs,
    (output, root): (&Path, &Path),
    files: &BundleFiles,
    words: &[OsString],
    guard: &Guard,
) -> Result<(), Reported> {
    let mut programs = Vec::new();
    for place in &files.programs {
        let file = root.join(place.strip_prefix("/").unwrap_or(place));
        let mut program = static_program::inspect(&file).map_err(|e| {
            let hint = e.hint();
            report_error(e, hint)
        })?;
        program.place = place.clone();
        programs.push(program);
    }
    let names = args.tag.iter().map(|t| ImageReference::parse(t)).collect::<Result<Vec<_>, _>>();
    let names = names.map_err(|e| report_error(e, None))?;
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    let here = std::env::current_dir().ok().filter(|dir| files.tree.get(dir).is_some());
    let run = ContainerConfig {
        entrypoint: words.first().map(|program| vec![text(program)]),
        cmd: words.iter().skip(1).map(text).collect(),
        user: format!("{NONROOT}:{NONROOT}"),
        workdir: here.map(|dir| dir.to_string_lossy().into_owned()),
        volumes: files.written.iter().filter(|dir| *dir != Path::new("/tmp")).map(|d| text(&d.into())).collect(),
        ..ContainerConfig::default()
    };
    let adds = vec![(root.to_owned(), "/".into())];
    let records = image_records(&programs, 0, args.no_sbom);
    let spec = ImageSpec { programs, adds, parts: vec![ImagePart::Tmp], run, names, records };
    let image_output = ImageOutput::Archive(output.to_owned());
    let directory = image_output.directory();
    let interrupted = || guard.caught().is_some();
    let making =
        LayerSettings { packing: Packing::default(), time: 0, directory: &directory, interrupted: &interrupted };
    let sources = PartSources::usual(settings.ca_bundle.as_deref());
    let stopped = || guard.caught().map(|signal| run::die_like(signal));
    let image = build_image(&spec, &sources, &making).map_err(|e| {
        stopped();
        report_error(e, None)
    })?;
    image_output.write(&image, &interrupted).map_err(|e| {
        stopped();
        report_error(e, None)
    })?;
    Ok(())
}

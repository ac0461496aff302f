//! `staticctl image`.

use super::cli_args::ImageArgs;
use super::image_push::{deliver, push_target};
use super::output::{Reported, keep_inputs, produce, report_error};
use super::trial::{is_here, line};
use crate::check::Finding;
use crate::image::archive_writer::{ImageOutput, OutputError};
use crate::image::config::{self, BadOption, ContainerConfig};
use crate::image::from_trace::{self, Remedy};
use crate::image::layer::LayerSettings;
use crate::image::package_records::PackageRecords;
use crate::image::parts::{ImagePart, PartSources};
use crate::image::platform::Platform;
use crate::image::reference::ImageReference;
use crate::image::static_program::{self, ImageProgram};
use crate::image::{ContainerImage, ImageSpec, build_image};
use crate::message;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::rootfs::tree::FileTree;
use crate::run::{self, Ended, Guard};
use crate::sandbox::root::Root;
use crate::sandbox::{self, JailOutcome, Trial, allowed};
use crate::settings::Settings;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the variable of a shell without a profile holds; container runtimes set the same.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Makes an image, writes it and pushes it.
pub(crate) fn run(settings: &Settings, args: &ImageArgs) -> u8 {
    match make(settings, args) {
        Ok(()) => EXIT_YES,
        Err(Reported(status)) => status,
    }
}

fn make(settings: &Settings, args: &ImageArgs) -> Result<(), Reported> {
    if args.output.is_none() && args.push.is_none() {
        let hint = "`-o FILE.tar`, `-o DIR/`, `-o -` or `--push HOST/NAME:TAG`";
        return Err(report_error("no destination for the image", Some(hint.into())));
    }
    let output = args.output.as_deref().map(ImageOutput::parse);
    if output == Some(ImageOutput::Stdout) && message::product_is_shown() {
        return Err(report_error("refusing to write an image to a terminal", Some("`-o - | docker load`".into())));
    }
    let time = time(settings)?;
    let push = push_target(args)?;
    let sources = PartSources::usual(settings.ca_bundle.as_deref());
    let mut spec = specification(args, time)?;
    if let Some(ImageOutput::Archive(path)) = &output {
        let added = spec.adds.iter().map(|(source, _)| source);
        keep_inputs(path, spec.programs.iter().map(|p| &p.file).chain(added).map(PathBuf::as_path))?;
    }
    if args.auto {
        add_what_is_needed(&mut spec, &sources, Duration::from_secs(args.auto_seconds.max(1)))?;
    }
    let directory = output.as_ref().map_or_else(std::env::temp_dir, ImageOutput::directory);
    let guard = Guard::install();
    let interrupted = || guard.caught().is_some();
    let making = LayerSettings { packing: args.compress, time, directory: &directory, interrupted: &interrupted };
    let made = build_image(&spec, &sources, &making).map_err(|e| {
        if let Some(signal) = guard.caught() {
            run::die_like(signal)
        }
        report_error(e, None)
    });
    let image = made?;
    if let Some(output) = &output {
        let written = output.write(&image, &interrupted).map_err(|e| {
            if let Some(signal) = guard.caught() {
                run::die_like(signal)
            }
            let hint = matches!(e, OutputError::Occupied(_)).then(|| "name a new or an empty directory".into());
            report_error(e, hint)
        });
        report_written(args, output, &image, written?)?;
    }
    guard.release();
    match push {
        Some(reference) => deliver(settings, args, (&image, spec.records.as_ref()), &reference, sources.ca_bundles),
        None => Ok(()),
    }
}

fn time(settings: &Settings) -> Result<u64, Reported> {
    let Some(text) = &settings.source_date_epoch else { return Ok(0) };
    // The latest time that the ustar header of an archive holds; the year 2242.
    text.parse()
        .ok()
        .filter(|t| *t < 1 << 33)
        .ok_or_else(|| report_error(format!("`SOURCE_DATE_EPOCH={text}` is not a number of seconds since 1970"), None))
}

fn report_written(args: &ImageArgs, output: &ImageOutput, image: &ContainerImage, bytes: u64) -> Result<(), Reported> {
    let platforms: Vec<String> = image.singles.iter().map(|s| s.platform.to_string()).collect();
    let files: u64 = image.singles.iter().map(|s| s.bytes).sum();
    let digest = image.digest().map(|d| d.to_string()).unwrap_or_default();
    let sizes = format!("{files} bytes of files in {bytes} bytes");
    let line = |name: String| format!("{name}: {}, {sizes}, {digest}", platforms.join(" "));
    match output {
        ImageOutput::Stdout if args.quiet => Ok(()),
        ImageOutput::Stdout => {
            message::note(line("stdout".into()));
            Ok(())
        }
        ImageOutput::Archive(path) | ImageOutput::Directory(path) => {
            match produce(&(line(path.display().to_string()) + "\n"), EXIT_YES) {
                EXIT_YES => Ok(()),
                status => Err(Reported(status)),
            }
        }
    }
}

fn refused(e: BadOption) -> Reported {
    report_error(e, None)
}

fn specification(args: &ImageArgs, time: u64) -> Result<ImageSpec, Reported> {
    let mut refused_any = None;
    let mut programs = Vec::new();
    for path in &args.programs {
        match static_program::inspect(path) {
            Ok(program) => programs.push(program),
            Err(e) => {
                let hint = e.hint();
                let code = if matches!(e, static_program::BadProgram::Io(..)) { EXIT_ERROR } else { EXIT_NO };
                report_error(e, hint);
                refused_any = refused_any.max(Some(code));
            }
        }
    }
    if let Some(code) = refused_any {
        return Err(Reported(code));
    }
    let names = args.tag.iter().map(|t| ImageReference::parse(t)).collect::<Result<Vec<_>, _>>();
    let names = names.map_err(|e| report_error(e, None))?;
    let adds = args.add.iter().map(|a| split_add(a)).collect::<Result<Vec<_>, _>>()?;
    let run = container(args)?;
    let records = image_records(&programs, time, args.no_sbom);
    if args.sbom && records.as_ref().is_none_or(PackageRecords::is_empty) {
        let hint = "`staticctl parts PROGRAM` tells which do; or leave `--sbom` out";
        return Err(report_error("`--sbom`: no program names its parts", Some(hint.into())));
    }
    Ok(ImageSpec { programs, adds, parts: parts(args), run, names, records })
}

/// What programs say of their parts, for an image that is made at a time; damaged lists are warned of.
pub(super) fn image_records(programs: &[ImageProgram], time: u64, none: bool) -> Option<PackageRecords> {
    if none {
        return None;
    }
    let (records, failures) = PackageRecords::of(programs, config::time(time));
    for failure in failures {
        message::warning(format!("{failure}; the image does not list them"));
    }
    Some(records)
}

fn container(args: &ImageArgs) -> Result<ContainerConfig, Reported> {
    let all = |option, texts: &[String]| -> Result<Vec<(String, String)>, Reported> {
        texts.iter().map(|t| config::pair(option, t)).collect::<Result<_, _>>().map_err(refused)
    };
    let labels = all("--label", &args.label)?;
    let own = |(name, _): &&(String, String)| name.starts_with("org.opencontainers.image.");
    let mut annotations: Vec<_> = labels.iter().filter(own).cloned().collect();
    annotations.extend(all("--annotation", &args.annotation)?);
    let words =
        |option, text: &Option<String>| text.as_deref().map(|t| config::words(option, t)).transpose().map_err(refused);
    let directories = |texts: &[String]| -> Result<Vec<String>, Reported> {
        texts.iter().map(|t| config::directory("--volume", t)).collect::<Result<_, _>>().map_err(refused)
    };
    let workdir = args.workdir.as_deref().map(|t| config::directory("--workdir", t)).transpose().map_err(refused)?;
    Ok(ContainerConfig {
        entrypoint: words("--entrypoint", &args.entrypoint)?,
        cmd: words("--cmd", &args.cmd)?.unwrap_or_default(),
        env: all("--env", &args.env)?.into_iter().map(|(name, value)| format!("{name}={value}")).collect(),
        user: config::user(&args.user, args.etc).map_err(refused)?,
        workdir,
        labels,
        ports: args.expose.iter().map(|t| config::port(t)).collect::<Result<_, _>>().map_err(refused)?,
        volumes: directories(&args.volume)?,
        annotations,
    })
}

fn parts(args: &ImageArgs) -> Vec<ImagePart> {
    let mut parts = Vec::new();
    let mut when = |wanted: bool, part: ImagePart| {
        if wanted {
            parts.push(part);
        }
    };
    when(args.etc, ImagePart::Etc);
    when(args.ca_certs, ImagePart::CaCerts);
    when(args.tmp, ImagePart::Tmp);
    when(args.tzdata.is_some(), ImagePart::Tzdata(args.tzdata.clone().filter(|z| !z.is_empty())));
    for name in &args.terminfo {
        when(true, ImagePart::Terminfo(name.clone()));
    }
    parts
}

fn split_add(text: &OsStr) -> Result<(PathBuf, PathBuf), Reported> {
    source_and_destination(text).ok_or_else(|| {
        let rule = "SRC:DST, with a file or directory of this machine and an absolute path in the image";
        report_error(format!("`--add {}`: {rule}", text.display()), None)
    })
}

/// SRC:DST, where DST begins with a slash: a colon may be part of both. None for anything else.
pub(super) fn source_and_destination(text: &OsStr) -> Option<(PathBuf, PathBuf)> {
    let bytes = text.as_bytes();
    let at = bytes.windows(2).rposition(|w| w == b":/").filter(|at| *at > 0)?;
    let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
    Some((path(bytes.get(..at)?), path(bytes.get(at + 1..)?)))
}

/// `--auto`: adds what the findings call for, then what is missing in one run after another until nothing is.
fn add_what_is_needed(spec: &mut ImageSpec, sources: &PartSources, limit: Duration) -> Result<(), Reported> {
    for (part, why) in from_findings(&spec.programs) {
        add_part(spec, sources, part, &why);
    }
    let Some(platform) = spec.platforms().into_iter().find(runs_here) else {
        message::warning("--auto can't run a program for another machine: only its findings count");
        return Ok(());
    };
    let outcome = loop {
        let files = spec.files(&platform, sources).map_err(|e| report_error(e, None))?;
        let mut tree = files.own;
        tree.add_missing(&files.parts).map_err(|e| report_error(e, None))?;
        let outcome = watch(spec, &platform, &tree, limit)?;
        let wanted = from_trace::parts(&outcome.attempts, is_here);
        let mut any = false;
        for part in wanted {
            let missed = outcome.attempts.iter().find(|a| from_trace::remedy(a, is_here) == Remedy::Part(part.clone()));
            let why = missed.map(|a| format!("`{}` was missed", a.path)).unwrap_or_default();
            any |= add_part(spec, sources, part, &why);
        }
        if !any {
            break outcome;
        }
    };
    report_run_end(&spec.entrypoint(&platform), &outcome, limit);
    for attempt in &outcome.attempts {
        if matches!(from_trace::remedy(attempt, is_here), Remedy::Add | Remedy::Program | Remedy::Writable) {
            message::note(line(attempt));
        }
    }
    Ok(())
}

fn runs_here(platform: &Platform) -> bool {
    let own = match std::env::consts::ARCH {
        "x86_64" => ["amd64", "386"],
        "aarch64" => ["arm64", "arm64"],
        "powerpc64" => ["ppc64le", "ppc64le"],
        other => [other, other],
    };
    own.contains(&platform.architecture.as_str())
}

fn from_findings(programs: &[ImageProgram]) -> Vec<(ImagePart, String)> {
    let mut parts = Vec::new();
    for program in programs {
        let name = program.place.display();
        if program.findings.iter().any(|f| matches!(f, Finding::NeedsNameServices { .. })) {
            parts.push((ImagePart::Etc, format!("`{name}` asks name services")));
        }
        if program.names_certificates {
            parts.push((ImagePart::CaCerts, format!("`{name}` knows a place of certificate authorities")));
        }
    }
    parts
}

/// Adds a part that is not there yet and that this machine has. Gives whether it did.
fn add_part(spec: &mut ImageSpec, sources: &PartSources, part: ImagePart, why: &str) -> bool {
    let covered = spec.parts.contains(&part)
        || (matches!(part, ImagePart::Tzdata(_)) && spec.parts.contains(&ImagePart::Tzdata(None)));
    if covered {
        return false;
    }
    if let Err(e) = sources.put(&part, &mut FileTree::default()) {
        message::warning(e);
        return false;
    }
    message::note(format!("`{}` is added: {why}", part.option()));
    spec.parts.push(part);
    true
}

fn watch(spec: &ImageSpec, platform: &Platform, tree: &FileTree, limit: Duration) -> Result<JailOutcome, Reported> {
    let command: Vec<OsString> =
        spec.entrypoint(platform).into_iter().chain(spec.run.cmd.iter().cloned()).map(OsString::from).collect();
    let Some(first) = command.first() else {
        return Err(report_error("--auto has nothing to run: the entrypoint is empty", None));
    };
    let mut environment: Vec<(OsString, OsString)> = vec![("PATH".into(), PATH.into()), ("HOME".into(), "/".into())];
    for variable in &spec.run.env {
        if let Some((name, value)) = variable.split_once('=') {
            environment.retain(|(n, _)| *n != *name);
            environment.push((name.into(), value.into()));
        }
    }
    let place = Path::new(first);
    if tree.get(place).is_none() {
        let hint = "`--entrypoint` names a path in the image, `/NAME` for a program";
        return Err(report_error(
            format!("the entrypoint `{}` is not in the image", place.display()),
            Some(hint.into()),
        ));
    }
    let root = Root { tree: Some(tree), dev: true, proc: false, terminals: true, ..Root::default() };
    let outcome = sandbox::run_trial(&Trial {
        root,
        program: first.as_bytes(),
        argv: &command,
        environment: &environment,
        host_network: false,
        trace: true,
        watch: Some(limit),
        output: None,
        directory: None,
    });
    outcome.map_err(|error| {
        let hint = allowed::hint(&error).or_else(|| Some("leave --auto out and name what is needed".into()));
        report_error(format!("--auto can't run `{}`: {error}", place.display()), hint)
    })
}

fn report_run_end(command: &[String], outcome: &JailOutcome, limit: Duration) {
    let name = command.first().map_or("", String::as_str);
    match outcome.ended {
        _ if outcome.timed_out => message::note(format!(
            "`{name}` was watched for {} s; what it needs later is unknown: `--auto-seconds` gives it more time",
            limit.as_secs()
        )),
        Ended::Exited(0) => {}
        Ended::Exited(code) => message::warning(format!("`{name}` ended with status {code} in the empty root")),
        Ended::Killed(signal) => message::warning(format!("`{name}` was killed by signal {signal} in the empty root")),
    }
}

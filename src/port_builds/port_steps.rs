//! Adding and removing libraries, in order.

use super::apt_sources::{AptSources, interrupted};
use super::port_build::PortBuild;
use super::port_error::{PortError, at};
use super::port_stage::recover;
use super::port_target::PortTarget;
use super::port_tools;
use crate::install::place;
use crate::message::{self, progress::Progress};
use crate::ports::port_order::{needed, ordered};
use crate::ports::port_record::{hashes_of, version_of};
use crate::ports::{KnownPorts, PortRecipe, PortRecord};
use crate::run::Guard;
use crate::session::own_programs;
use crate::settings::{Settings, own_file};
use nix::fcntl::{FcntlArg, FdFlag, Flock, FlockArg, fcntl};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Seconds that a library usually takes, for the bar.
const USUAL: u64 = 60;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct PortRequest {
    /// The toolchain's name.
    pub toolchain: OsString,
    pub names: Vec<String>,
    /// Versions that were named, by library.
    pub versions: BTreeMap<String, String>,
    pub jobs: usize,
    /// Build also what is there already.
    pub force: bool,
    pub quiet: bool,
}

/// A library that is to be built, from a source package with this description.
struct Due<'a> {
    port: &'a PortRecipe,
    /// The source package as apt takes it.
    source: String,
    description: String,
    /// Source packages beside it, with their descriptions.
    beside: Vec<(String, String)>,
    pinned: bool,
}

/// Adds libraries and what they need; gives the records of all of them, and how many of these were built now.
///
/// # Errors
/// Why one was not added. Those before it were, and what it was before is as it was.
pub(crate) fn add(settings: &Settings, request: &PortRequest) -> Result<(Vec<PortRecord>, usize), PortError> {
    let known = KnownPorts::all(settings.config_dir.as_deref()).map_err(PortError::Recipe)?;
    let ports = ordered(&known, &request.names)?;
    let target = PortTarget::find(settings, &request.toolchain)?;
    let guard = Guard::install();
    let _alone = target.lock(|| message::note("another `staticctl toolchain add` is at work: waiting for it"))?;
    for name in recover(&target.prefix)? {
        message::note(format!("`{name}` had been added by half and was removed"));
    }
    // What was added tells its version without apt.
    let added = |port: &PortRecipe| Some(PortRecord::load(&target.prefix, &port.name)?.version().to_owned());
    let unsettled = unsettled(&needed(&ports, &request.names, added), &target, request.force);
    port_tools::require(&unsettled, settings.path.as_deref())?;
    let work = work_dir(settings)?;
    let _work = alone_in(&work)?;
    let apt = AptSources::new(&work.join("apt"));
    let due = match apt.refresh().and_then(|()| due(&ports, &target, &apt, request)) {
        Ok(due) => due,
        // What is there stays in use where nobody can tell whether there is something newer.
        Err(PortError::NoLists(why)) if unsettled.is_empty() => {
            message::warning(format!("whether the distribution has newer ones is not known: {why}"));
            Vec::new()
        }
        Err(error) => return Err(interrupted().err().unwrap_or(error)),
    };
    let progress = Progress::new(vec![USUAL; due.len()], request.quiet);
    for (number, due) in due.iter().enumerate() {
        interrupted()?;
        let version = due.description.trim_end_matches(".dsc").replacen('_', " ", 1);
        progress.step(number, &format!("{} from {version}", due.port.name));
        build_one(settings, due, &target, &apt, (&work, request.jobs, &guard))?;
    }
    let records = ports.iter().filter_map(|port| PortRecord::load(&target.prefix, &port.name));
    Ok((records.collect(), due.len()))
}

/// Where libraries are built, below the cache directory.
fn work_dir(settings: &Settings) -> Result<PathBuf, PortError> {
    let cache = settings.cache_dir.as_deref();
    place::work_dir(cache, "libraries").map_err(at(cache.unwrap_or(Path::new("/tmp"))))
}

/// Waits until nothing is built there. The builds' processes have the lock too: where this program was killed, they go on for
/// a while, and would write into what the next one builds at the same place.
fn alone_in(work: &Path) -> Result<Flock<File>, PortError> {
    let lock = File::create(work.join(".lock")).map_err(at(work))?;
    fcntl(&lock, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|errno| at(work)(errno.into()))?;
    Flock::lock(lock, FlockArg::LockExclusiveNonblock).or_else(|(lock, _)| {
        message::note("a build of libraries is still at work: waiting for it");
        Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| at(work)(errno.into()))
    })
}

/// Those that would be built whatever the distribution has.
fn unsettled<'a>(ports: &[&'a PortRecipe], target: &PortTarget, force: bool) -> Vec<&'a PortRecipe> {
    let all = PortRecord::all(&target.prefix);
    let settled = |port: &PortRecipe| {
        all.iter().any(|r| r.name == port.name && r.older(Some(port), &target.identity, None, &all).is_none())
    };
    ports.iter().copied().filter(|port| force || !settled(port)).collect()
}

/// Those that are to be built: not there, older than what would be built, or built with what is built anew.
fn due<'a>(
    ports: &[&'a PortRecipe],
    target: &PortTarget,
    apt: &AptSources,
    request: &PortRequest,
) -> Result<Vec<Due<'a>>, PortError> {
    let all = PortRecord::all(&target.prefix);
    let mut due: Vec<Due<'_>> = Vec::new();
    let mut offered = offered(ports, apt, request)?;
    let version = |port: &PortRecipe| offered.get(&port.name).map(|(_, found)| version_of(found).to_owned());
    for port in needed(ports, &request.names, version) {
        interrupted()?;
        let version = request.versions.get(&port.name);
        let Some((source, description)) = offered.remove(&port.name) else {
            let (names, version) = (port.sources.clone(), version.cloned());
            return Err(PortError::NoSource { port: port.name.clone(), names, version });
        };
        let beside = beside(port, apt)?;
        let record = all.iter().find(|r| r.name == port.name);
        let why = match record {
            Some(record) if version.is_some() && record.source != description => {
                Some("another version is asked for".into())
            }
            Some(record) => record
                .older(Some(port), &target.identity, Some(&description), &all)
                .or_else(|| record.older_beside(&beside)),
            None => Some("it is not there".into()),
        };
        let anew = port.needs_of(version_of(&description)).any(|need| due.iter().any(|d| d.port.name == *need));
        if let (Some(why), Some(_)) = (&why, record) {
            message::note(format!("`{}` is built anew: {why}", port.name));
        }
        if why.is_some() || anew || request.force && request.names.contains(&port.name) {
            due.push(Due { port, source, description, beside, pinned: version.is_some() });
        }
    }
    Ok(due)
}

/// The source package of each as apt takes it, and its description. Those that apt does not know may not be needed.
fn offered(
    ports: &[&PortRecipe],
    apt: &AptSources,
    request: &PortRequest,
) -> Result<BTreeMap<String, (String, String)>, PortError> {
    let mut all = BTreeMap::new();
    for port in ports {
        interrupted()?;
        let version = request.versions.get(&port.name).map(String::as_str);
        all.extend(apt.offered(&port.sources, version)?.map(|found| (port.name.clone(), found)));
    }
    Ok(all)
}

/// The source packages that a build reads besides its own, with their descriptions.
fn beside(port: &PortRecipe, apt: &AptSources) -> Result<Vec<(String, String)>, PortError> {
    let one = |name: &String| {
        let none = || PortError::NoSource { port: port.name.clone(), names: vec![name.clone()], version: None };
        apt.offered(std::slice::from_ref(name), None)?.ok_or_else(none)
    };
    port.beside.iter().map(one).collect()
}

fn build_one(
    settings: &Settings,
    due: &Due<'_>,
    target: &PortTarget,
    apt: &AptSources,
    (work, jobs, guard): (&Path, usize, &Guard),
) -> Result<(), PortError> {
    let port = due.port;
    let log = work.join(format!("{}.log", port.name));
    File::create(&log).map_err(at(&log))?;
    // Whatever an interrupted build has left.
    let own = work.join("work");
    let _ = fs::remove_dir_all(&own);
    let drivers = own.join("bin");
    fs::create_dir_all(&drivers).map_err(at(&drivers))?;
    for name in ["staticcc", "staticcxx"] {
        let program = own_programs::own_program(settings, name)
            .ok_or_else(|| PortError::NotRun { program: name.into(), error: std::io::ErrorKind::NotFound.into() })?;
        std::os::unix::fs::symlink(program, drivers.join(name)).map_err(at(&drivers))?;
    }
    let build = PortBuild { port, target, work: &own, drivers: &drivers, log: &log, jobs, guard };
    let fetched = build.fetch(apt, (&due.source, &due.description), &due.beside);
    let done = fetched.and_then(|()| build.run()).and_then(|()| put_to_use(settings, &build, due));
    let _ = fs::remove_dir_all(&own);
    if done.is_ok() {
        let _ = fs::remove_file(&log);
    }
    done.map_err(|error| interrupted().err().unwrap_or(error))
}

/// Tries what was built, and puts it into the prefix.
fn put_to_use(settings: &Settings, build: &PortBuild<'_>, due: &Due<'_>) -> Result<(), PortError> {
    let files = build.files()?;
    build.strip(&files)?;
    build.try_it(&own_file(settings.path.as_deref()))?;
    let (port, target) = (build.port, build.target);
    let source = |name: &String| PortRecord::load(&target.prefix, name).map(|r| (name.clone(), r.source));
    build.place(&PortRecord {
        name: port.name.clone(),
        source: due.description.clone(),
        beside: due.beside.iter().map(|(_, description)| description.clone()).collect(),
        data: hashes_of(&port.data),
        pinned: due.pinned,
        recipe: port.hash.clone(),
        toolchain: target.identity.clone(),
        needs: port.needs_of(version_of(&due.description)).filter_map(source).collect(),
        files,
        finished: true,
    })
}

/// Removes libraries that nothing else needs.
///
/// # Errors
/// One that is not there or that another one needs: nothing is removed then. A file that can't be removed.
pub(crate) fn drop_ports(settings: &Settings, request: &PortRequest) -> Result<(), PortError> {
    let target = PortTarget::find(settings, &request.toolchain)?;
    let all = PortRecord::all(&target.prefix);
    let Some(unknown) = request.names.iter().find(|name| all.iter().all(|r| r.name != **name)) else {
        let _alone = target.lock(|| message::note("another `staticctl toolchain add` is at work: waiting for it"))?;
        recover(&target.prefix)?;
        return drop_all(&target, &request.names);
    };
    Err(PortError::NotThere(unknown.clone()))
}

fn drop_all(target: &PortTarget, names: &[String]) -> Result<(), PortError> {
    let all = PortRecord::all(&target.prefix);
    for name in names {
        let needs = |r: &&PortRecord| r.needs.contains_key(name) && !names.contains(&r.name);
        let by: Vec<String> = all.iter().filter(needs).map(|r| r.name.clone()).collect();
        if !by.is_empty() {
            return Err(PortError::Needed { name: name.clone(), by });
        }
    }
    for record in all.iter().filter(|r| names.contains(&r.name)) {
        record.remove(&target.prefix).map_err(at(&target.prefix))?;
    }
    Ok(())
}

/// What apt has now for a library.
pub(crate) struct KnownSource {
    /// The description of its source package.
    pub description: String,
    /// The source packages beside it, with their descriptions.
    pub beside: Vec<(String, String)>,
}

/// What apt has for each library, by the lists that are there.
pub(crate) fn known_sources(settings: &Settings, ports: &[&PortRecipe]) -> Vec<Option<KnownSource>> {
    let apt = work_dir(settings).ok().map(|work| AptSources::new(&work.join("apt"))).filter(AptSources::has_lists);
    let offered = |port: &&PortRecipe| {
        let apt = apt.as_ref()?;
        let (_, description) = apt.offered(&port.sources, None).ok()??;
        Some(KnownSource { description, beside: beside(port, apt).unwrap_or_default() })
    };
    ports.iter().map(offered).collect()
}

//! Makes and tries the repairs of a toolchain.

use super::libc_archive::LibcArchive;
use super::nss;
use super::workshop::{MadeRepair, Work};
use crate::model::Libc;
use crate::parallel::in_parallel;
use crate::plan::pthread;
use crate::settings::Settings;
use crate::toolchain::probe::CompilerQuery;
use crate::toolchain::transient::settled;
use crate::toolchain::{self, CallNeed, Facts, Invocation, Mechanism, MechanismsOff, Repairs, SelectError, Selected};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Chooses a toolchain as [`toolchain::select()`] does, with its repairs.
///
/// # Errors
/// No compiler, no toolchain of the requested name, or an incomplete one.
pub(crate) fn select(
    settings: &Settings,
    invocation: &Invocation,
    need: CallNeed,
    abi: &[OsString],
) -> Result<Selected, SelectError> {
    toolchain::select(settings, invocation, need, abi, make)
}

/// Builds and tests the repairs for a glibc toolchain; the archives are written to `keep`. Returns those that work, none
/// for another libc, and why others don't.
pub(crate) fn make(asked: &CompilerQuery<'_>, facts: &Facts, keep: &Path) -> (Option<Repairs>, MechanismsOff) {
    if facts.libc != Libc::Glibc || !facts.complete() {
        return (None, MechanismsOff::new());
    }
    let read = LibcArchive::of(asked).map_err(|error| format!("the compiler's libc.a can't be read: {error}"));
    let (libc, found) = match read {
        Ok(found) => found,
        Err(why) => return (None, MADE.iter().map(|(mechanism, _)| (*mechanism, why.clone())).collect()),
    };
    let (mut archives, mut left_out, mut off) = (BTreeMap::new(), Vec::new(), MechanismsOff::new());
    for (mechanism, result) in all(asked, facts, keep, &found) {
        match result {
            Ok(made) => {
                archives.insert(mechanism, made.path);
                left_out.extend(made.left_out);
            }
            Err(why) => {
                log::info!("no repair of {mechanism}: {why}");
                off.insert(mechanism, why.to_string());
            }
        }
    }
    // Converters and what plugins need are converted libraries themselves.
    for needs_it in [Mechanism::Dlopen, Mechanism::Converters] {
        if let Some(why) = off.get(&Mechanism::StartCode).cloned()
            && archives.remove(&needs_it).is_some()
        {
            off.insert(needs_it, why);
        }
    }
    let work = Work { asked, facts, keep };
    let mut or_left_out = |what: &str, made: io::Result<Option<PathBuf>>| {
        made.unwrap_or_else(|why| {
            left_out.push(format!("{what}: {why}"));
            None
        })
    };
    let relocator = or_left_out("start code without the GOT's header", work.relocator(&found));
    let erratum_space = or_left_out("room for moved instructions", work.erratum_space());
    let mut take = |mechanism| archives.remove(&mechanism);
    let repairs = Repairs {
        libc,
        locale: take(Mechanism::Locales),
        name_services: take(Mechanism::NameServices),
        converted: take(Mechanism::StartCode),
        plugins: take(Mechanism::Dlopen),
        iconv: take(Mechanism::Converters),
        early_tls: take(Mechanism::EarlyThreadPointer),
        one_thread: take(Mechanism::OneThread),
        tls_get_addr: take(Mechanism::TlsGetAddr),
        thread_parts: found.thread_parts,
        functions: found.functions,
        warned: found.warned,
        detectors: take(Mechanism::CallDetection),
        relocator,
        erratum_space,
        left_out: (!left_out.is_empty()).then(|| left_out.join("; ")),
    };
    (Some(repairs), off)
}

/// Makes one repair.
type MakeRepair = for<'a> fn(&Work<'a>, &LibcArchive) -> io::Result<MadeRepair>;

/// What is made, in the order of what takes longest.
const MADE: [(Mechanism, MakeRepair); 9] = [
    (Mechanism::Converters, |work, found| work.iconv(found)),
    (Mechanism::Dlopen, |work, _| work.plugins().map(MadeRepair::whole)),
    (Mechanism::StartCode, |work, _| work.converted()),
    (Mechanism::Locales, |work, found| work.locale(found).map(MadeRepair::whole)),
    (Mechanism::CallDetection, |work, found| work.detectors(found).map(MadeRepair::whole)),
    (Mechanism::NameServices, |work, found| work.name_services(found).map(MadeRepair::whole)),
    (Mechanism::EarlyThreadPointer, |work, _| work.early_tls().map(MadeRepair::whole)),
    (Mechanism::OneThread, |work, _| work.one_thread().map(MadeRepair::whole)),
    (Mechanism::TlsGetAddr, |work, _| work.tls_get_addr().map(MadeRepair::whole)),
];

/// Makes all repairs that the libc needs.
fn all(
    asked: &CompilerQuery<'_>,
    facts: &Facts,
    keep: &Path,
    found: &LibcArchive,
) -> Vec<(Mechanism, io::Result<MadeRepair>)> {
    let one =
        |(mechanism, make): &(Mechanism, MakeRepair)| (*mechanism, settled(|| made(asked, facts, keep, found, *make)));
    // The code is written for these.
    let is_known = ["x86_64", "aarch64"].contains(&facts.arch());
    let is_wanted = |mechanism: Mechanism| match mechanism {
        Mechanism::OneThread => pthread::is_apart(facts),
        Mechanism::TlsGetAddr | Mechanism::EarlyThreadPointer => is_known,
        _ => true,
    };
    let wanted: Vec<_> = MADE.into_iter().filter(|(m, _)| is_wanted(*m)).collect();
    // Name services that are shared objects are converted with what was made for iconv.
    let (later, first): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(m, _)| *m == Mechanism::NameServices && nss::own_are_shared(facts));
    in_parallel(&first, one).into_iter().chain(later.iter().map(one)).collect()
}

/// Makes a repair in a directory of its own.
fn made(
    asked: &CompilerQuery<'_>,
    facts: &Facts,
    keep: &Path,
    found: &LibcArchive,
    make: MakeRepair,
) -> io::Result<MadeRepair> {
    let dir = tempfile::Builder::new().prefix("repair").tempdir_in(asked.dir)?;
    let asked = CompilerQuery { dir: dir.path(), ..*asked };
    make(&Work { asked: &asked, facts, keep }, found)
}

/// The start-up code of converted libraries for one link, where it can't be cached: its temporary directory and the
/// archive in it. It is tested like a cached one.
///
/// # Errors
/// No temporary directory, or code that does not work.
pub(crate) fn start_code(selected: &Selected, abi: &[OsString], facts: &Facts) -> io::Result<(TempDir, PathBuf)> {
    let dir = tempfile::Builder::new().prefix("staticcxx-probe").tempdir()?;
    let (command, env, descriptor) = (&selected.compiler, &selected.env, &selected.descriptor);
    let keep = dir.path().join("kept");
    let archive = {
        let asked = CompilerQuery { command, abi, env, descriptor, dir: dir.path() };
        Work { asked: &asked, facts, keep: &keep }.converted()?.path
    };
    Ok((dir, archive))
}

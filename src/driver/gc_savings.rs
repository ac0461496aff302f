//! What leaving out unused parts saved: the link is made a second time, with all of them.

use super::compile::as_it_is;
use super::direct;
use super::ld_shim::LdShim;
use super::link_job::LinkJob;
use crate::linker::WhyNot;
use crate::plan::policy::is_probe;
use crate::run::{Ended, Guard};
use crate::settings::Settings;
use std::fs;
use std::path::Path;

/// The bytes by which the output is smaller than with everything in it. None where nobody asked for small programs or
/// for a report, or it can't be told: a link that is nobody's business costs nobody's time.
pub(super) fn saved(settings: &Settings, job: &mut LinkJob, guard: &Guard) -> Option<u64> {
    let output = job.request.output_path();
    if !settings.small || settings.report.is_none() || is_probe(output) {
        return None;
    }
    let bytes = fs::metadata(output).ok()?.len();
    let dir = tempfile::Builder::new().prefix("staticcxx-whole").tempdir().ok()?;
    let whole = dir.path().join("whole");
    let planned = job.plan.argv.len();
    job.plan.argv.extend(["-Wl,--no-gc-sections".into(), "-o".into(), whole.clone().into_os_string()]);
    let made = again(settings, job, guard, &whole);
    job.plan.argv.truncate(planned);
    made.then(|| fs::metadata(&whole).ok())?.map(|m| m.len().saturating_sub(bytes))
}

fn again(settings: &Settings, job: &LinkJob, guard: &Guard, whole: &Path) -> bool {
    let ran = direct::attempt(settings, job, guard, whole).or_else(|why| {
        let ld_shim = matches!(why, WhyNot::Compiles(_)).then(|| LdShim::of(settings, job)).flatten();
        let command = ld_shim.iter().fold(as_it_is(&job.selected, &job.plan.argv), |c, s| s.on(c));
        // What there is to say was said the first time.
        guard.run_heard(&command, |_| ())
    });
    ran.is_ok_and(|ran| ran.ended == Ended::Exited(0))
}

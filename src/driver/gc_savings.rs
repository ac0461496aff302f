//! What `--gc-sections` saved: the link is repeated without it.

use super::compile::as_it_is;
use super::direct;
use super::link_job::LinkJob;
use crate::plan::policy::is_probe;
use crate::run::{Ended, Guard};
use crate::settings::Settings;
use std::fs;
use std::path::Path;

/// By how many bytes the output is smaller than with all sections. None without `STATICCXX_SMALL` and a report, or if
/// the second link fails.
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
    // All messages were printed the first time.
    let ran = direct::attempt(settings, job, guard, direct::Outputs { program: whole, layout: None })
        .or_else(|_| guard.run_all_heard(&as_it_is(&job.selected, &job.plan.argv), |_, _| ()));
    ran.is_ok_and(|ran| ran.ended == Ended::Exited(0))
}

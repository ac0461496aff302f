//! `staticctl cache`.

use super::cli_own_args::{CacheArgs, CacheCommand};
use super::output::{fail, produce};
use crate::message;
use crate::message::size::size;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::own::kept_cache::{self, KeptKind, Removal, Removed};
use crate::report::SCHEMA;
use crate::settings::{CACHE_HOME, Settings};
use serde_json::json;
use std::io;
use std::path::Path;
use std::time::Duration;

const DAY: u64 = 24 * 3600;

/// What `gc` takes for long if it is not told, in days.
const LONG: u32 = 30;

/// Shows what is kept, or removes of it.
pub(crate) fn run(settings: &Settings, args: &CacheArgs) -> u8 {
    let Some(cache) = settings.cache_dir.as_deref() else {
        let why = settings.distrusted_cache().unwrap_or_else(|| "there is no cache: there is no home directory".into());
        return fail(why, Some(format!("{CACHE_HOME}=DIR staticctl cache")));
    };
    let done = match &args.command {
        None => table(cache, args.json),
        Some(CacheCommand::Clear { kind, dry_run, json }) => match unknown(kind.as_deref()) {
            Some(hint) => {
                let kind = kind.as_deref().unwrap_or_default();
                return fail(format!("a cache has no kind `{kind}`"), Some(hint));
            }
            None => remove(cache, Removal::All(kind.as_deref()), (*dry_run, *json)),
        },
        Some(CacheCommand::Gc { older_than, max_size, dry_run, json }) => {
            let days = older_than.or_else(|| max_size.is_none().then_some(LONG));
            let older_than = days.map(|days| Duration::from_secs(u64::from(days) * DAY));
            remove(cache, Removal::Unused { older_than, max_size: *max_size }, (*dry_run, *json))
        }
    };
    done.unwrap_or_else(|error| {
        let other = format!("{CACHE_HOME}=DIR names another one");
        fail(format!("the cache can't be read: {error}"), Some(other))
    })
}

/// What to type instead, if there can be no such kind.
fn unknown(kind: Option<&str>) -> Option<String> {
    let is_known = |kind| kept_cache::kind_names().any(|name| name == kind);
    let names = || kept_cache::kind_names().collect::<Vec<_>>().join("|");
    kind.filter(|kind| !is_known(*kind)).map(|_| format!("staticctl cache clear {}", names()))
}

fn table(cache: &Path, as_json: bool) -> io::Result<u8> {
    let rows = kept_cache::kinds(&kept_cache::entries(cache)?);
    let (files, bytes) = rows.iter().fold((0, 0), |(files, bytes), row| (files + row.files, bytes + row.bytes));
    if as_json {
        let value = json!({ "schema": SCHEMA, "cache": cache.to_string_lossy(), "files": files, "bytes": bytes, "kinds": rows });
        return Ok(produce(&format!("{value:#}\n"), EXIT_YES));
    }
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Right, Align::Right, Align::Left], 0);
    table.row(["kind", "files", "size", "used", "what"]);
    for KeptKind { kind, what, files, bytes, oldest, newest } in &rows {
        table.row([kind.clone(), files.to_string(), size(*bytes), ages(*newest, *oldest), (*what).to_owned()]);
    }
    table.row(["all", &files.to_string(), &size(bytes), "", &cache.display().to_string()]);
    Ok(produce(&table.render(stdout_width()), EXIT_YES))
}

/// The days since the last and the first use: `today`, `3 to 40 days ago`.
fn ages(newest: u64, oldest: u64) -> String {
    match (newest / DAY, oldest / DAY) {
        (0, 0) => "today".to_owned(),
        (1, 1) => "1 day ago".to_owned(),
        (from, to) if from == to => format!("{to} days ago"),
        (from, to) => format!("{from} to {to} days ago"),
    }
}

fn remove(cache: &Path, removal: Removal<'_>, (dry_run, as_json): (bool, bool)) -> io::Result<u8> {
    let removed = kept_cache::remove(cache, removal, dry_run)?;
    for (path, why) in &removed.failed {
        message::error(format!("`{}` can't be removed: {why}", path.display()));
    }
    if removed.in_use > 0 {
        message::note(format!(
            "{} used since yesterday stay: links or a `staticctl run` may be using them now",
            files(removed.in_use)
        ));
        message::hint("the same command when nothing is being built removes them too");
    }
    let code = if removed.failed.is_empty() { EXIT_YES } else { EXIT_NO };
    if as_json {
        let mut value = serde_json::to_value(&removed).unwrap_or_default();
        value["schema"] = SCHEMA.into();
        value["dry_run"] = dry_run.into();
        return Ok(produce(&format!("{value:#}\n"), code));
    }
    let Removed { files: count, bytes, .. } = removed;
    let would = if dry_run { "would remove" } else { "removed" };
    Ok(produce(&format!("{would} {}, {}\n", files(count), size(bytes)), code))
}

fn files(count: u64) -> String {
    match count {
        1 => "1 file".to_owned(),
        _ => format!("{count} files"),
    }
}

//! `STATICCXX_LOG`.

/// Starts the log, if one is asked for.
pub(super) fn start_log(filter: Option<&str>) {
    if let Some(filter) = filter {
        // A second start, or a filter that can't be read, leaves the log as it is.
        let _ = env_logger::Builder::new().parse_filters(filter).try_init();
    }
}

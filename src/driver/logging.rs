//! `STATICCXX_LOG`.

/// Starts the log, if one is requested.
pub(super) fn start_log(filter: Option<&str>) {
    if let Some(filter) = filter {
        // A second start or an invalid filter changes nothing.
        let _ = env_logger::Builder::new().parse_filters(filter).try_init();
    }
}

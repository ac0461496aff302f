//! The filter of the log.

/// Levels of `env_logger`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Parses a filter: directives separated by commas, each a level, one of our module paths (`staticcxx::libs`), or
/// `PATH=LEVEL`. Any other word would silently be taken for the name of a crate.
pub(crate) fn read(value: &str) -> Option<String> {
    let level = |word: &str| LEVELS.iter().any(|l| word.eq_ignore_ascii_case(l));
    let directive = |word: &str| match word.split_once('=') {
        Some((path, of)) => !path.is_empty() && level(of),
        None => level(word) || word == "staticcxx" || word.starts_with("staticcxx::"),
    };
    let directives = value.split('/').next().unwrap_or_default();
    directives.split(',').map(str::trim).all(directive).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_no_filter() {
        for good in ["info", "DEBUG", "staticcxx::convert=info", "staticcxx=debug,libwild=off", "staticcxx", "info/ms"]
        {
            assert_eq!(read(good).as_deref(), Some(good));
        }
        for bad in ["yes", "1", "verbose", "staticcxx=loud", "=info", "info,x"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

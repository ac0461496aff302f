//! The filter of the log.

/// Levels, as `env_logger` knows them.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads a filter: directives with commas between, each a level, a path of ours (`staticcxx::libs`), or
/// `PATH=LEVEL`. Any other word would be taken for the name of a crate, and nothing be said.
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

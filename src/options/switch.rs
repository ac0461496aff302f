//! On/off values.

/// Spellings of `on`.
pub(crate) const ON: [&str; 4] = ["on", "1", "yes", "true"];
/// Spellings of `off`.
pub(crate) const OFF: [&str; 5] = ["off", "0", "no", "false", "none"];

/// Whether a value is a spelling of `on`, in any case.
pub(crate) fn is_on(value: &str) -> bool {
    ON.iter().any(|w| value.eq_ignore_ascii_case(w))
}

/// Whether a value is a spelling of `off`, in any case.
pub(crate) fn is_off(value: &str) -> bool {
    OFF.iter().any(|w| value.eq_ignore_ascii_case(w))
}

/// Parses a switch; none if it is invalid.
pub(crate) fn read(value: &str) -> Option<bool> {
    match (is_on(value), is_off(value)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_read() {
        for on in ["on", "1", "yes", "true", "True", "ON"] {
            assert_eq!(read(on), Some(true), "{on}");
        }
        for off in ["off", "0", "no", "false", "none", "No"] {
            assert_eq!(read(off), Some(false), "{off}");
        }
        for neither in ["", "2", "maybe", "onn", " on"] {
            assert_eq!(read(neither), None, "{neither}");
        }
    }
}

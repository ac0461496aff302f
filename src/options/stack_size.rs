//! The stack size of threads in musl programs.

/// The default in bytes: the most that musl gives by itself, and glibc's usual size.
pub(crate) const DEFAULT: u64 = 8 << 20;

/// Parses a number of bytes.
pub(crate) fn read(value: &str) -> Option<u64> {
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::table::STACK_SIZE;
    use super::*;

    #[test]
    fn the_documented_default_is_the_default() {
        assert_eq!(read(STACK_SIZE.default), Some(DEFAULT));
        assert_eq!((read("0"), read("8M"), read("-1")), (Some(0), None, None));
    }
}

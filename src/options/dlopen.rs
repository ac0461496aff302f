//! Whose dlopen glibc programs have.

/// Whose dlopen, dlsym and the like glibc programs have, `STATICCXX_DLOPEN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DlopenChoice {
    /// Ours, which find what is in the program (the default).
    #[default]
    Ours,
    /// glibc's own, which load files.
    System,
}

impl DlopenChoice {
    /// Parses the value; none if it is invalid.
    pub(crate) fn read(value: &str) -> Option<DlopenChoice> {
        match value {
            "ours" => Some(DlopenChoice::Ours),
            "system" => Some(DlopenChoice::System),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two() {
        let read = DlopenChoice::read;
        assert_eq!((read("ours"), read("system")), (Some(DlopenChoice::Ours), Some(DlopenChoice::System)));
        assert_eq!((read("glibc"), DlopenChoice::default()), (None, DlopenChoice::Ours));
    }
}

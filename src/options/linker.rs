//! Which linker links executables.

/// The linker of executables, `STATICCXX_LINKER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LinkerChoice {
    /// The built-in linker if its output is as good as that of the compiler's linker, else that one.
    #[default]
    Auto,
    /// The built-in linker, with a note if it can't link.
    Wild,
    /// Another linker, by `-fuse-ld=`.
    Named(&'static str),
}

/// The linkers that GCC and Clang accept by name.
const NAMED: [&str; 4] = ["bfd", "gold", "lld", "mold"];

impl LinkerChoice {
    /// Parses the value; none if it is invalid.
    pub(crate) fn read(value: &str) -> Option<LinkerChoice> {
        match value {
            "auto" => Some(LinkerChoice::Auto),
            "wild" => Some(LinkerChoice::Wild),
            other => NAMED.iter().find(|n| **n == other).map(|n| LinkerChoice::Named(n)),
        }
    }

    /// The value for `-fuse-ld=`, if any.
    pub(crate) fn named(self) -> Option<&'static str> {
        match self {
            LinkerChoice::Named(name) => Some(name),
            LinkerChoice::Auto | LinkerChoice::Wild => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linkers_are_the_documented_six() {
        let read = |text: &str| LinkerChoice::read(text);
        assert_eq!((read("auto"), read("wild")), (Some(LinkerChoice::Auto), Some(LinkerChoice::Wild)));
        for name in ["bfd", "gold", "lld", "mold"] {
            assert_eq!(read(name).and_then(LinkerChoice::named), Some(name));
        }
        for name in ["", "ld", "Mold", "wild "] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}

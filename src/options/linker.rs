//! Which linker makes executables.

/// What `STATICCXX_LINKER` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LinkerChoice {
    /// The built-in one where its output is as good as that of the compiler's own, else that.
    #[default]
    Auto,
    /// The built-in one, and a note where it can't be had.
    Wild,
    /// One that the compiler is told to use with `-fuse-ld=`.
    Named(&'static str),
}

/// The linkers that GCC and Clang know by name.
const NAMED: [&str; 4] = ["bfd", "gold", "lld", "mold"];

impl LinkerChoice {
    /// Reads the variable's value; none for a value that is no linker.
    pub(crate) fn read(value: &str) -> Option<LinkerChoice> {
        match value {
            "auto" => Some(LinkerChoice::Auto),
            "wild" => Some(LinkerChoice::Wild),
            other => NAMED.iter().find(|n| **n == other).map(|n| LinkerChoice::Named(n)),
        }
    }

    /// The linker for the compiler's `-fuse-ld=`.
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

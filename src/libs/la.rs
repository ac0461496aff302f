//! libtool's `.la` files: shell assignments.

/// The fields of a `.la` file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct La {
    /// `old_library`: the archive; empty if there is none.
    pub(crate) old_library: String,
    /// `library_names`: the shared object's names, the real one first.
    pub(crate) library_names: Vec<String>,
    /// `dependency_libs`, split into words.
    pub(crate) dependency_libs: Vec<String>,
    pub(crate) libdir: String,
}

/// Parses a `.la` file; none for other text.
pub fn parse(text: &str) -> Option<La> {
    let value = |key: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches('\'').to_owned())
    };
    let old_library = value("old_library")?;
    let dependency_libs = shlex::split(&value("dependency_libs").unwrap_or_default()).unwrap_or_default();
    let library_names = value("library_names").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    Some(La { old_library, library_names, dependency_libs, libdir: value("libdir").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_la_file_is_read() {
        let la = parse("# libq.la\ndlname='libq.so.0'\nold_library='libq.a'\ndependency_libs=' -L/x -lz /usr/lib/liby.la'\nlibdir='/usr/lib'\n").unwrap();
        assert_eq!(la.old_library, "libq.a");
        assert_eq!(la.dependency_libs, ["-L/x", "-lz", "/usr/lib/liby.la"]);
        assert_eq!(la.libdir, "/usr/lib");
        assert_eq!(parse("hello"), None);
    }
}

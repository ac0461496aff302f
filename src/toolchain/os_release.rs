//! os-release(5).

use std::fs;

/// The text of a distribution's os-release file.
#[derive(Debug, Clone, Default)]
pub(crate) struct OsRelease(String);

impl OsRelease {
    /// This machine's; empty if there is none.
    pub(crate) fn read() -> OsRelease {
        let read = |path| fs::read_to_string(path).ok();
        OsRelease(read("/etc/os-release").or_else(|| read("/usr/lib/os-release")).unwrap_or_default())
    }

    #[cfg(test)]
    pub(crate) fn new(text: &str) -> OsRelease {
        OsRelease(text.to_owned())
    }

    /// The release as package URLs name it: `debian-12`, without a number `debian`.
    pub(crate) fn distro(&self) -> String {
        let id = self.value("ID").unwrap_or("linux");
        self.value("VERSION_ID").map_or(id.to_owned(), |version| format!("{id}-{version}"))
    }

    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let line = self.0.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\''])).filter(|v| !v.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_be_quoted_and_keys_are_whole() {
        let os = OsRelease::new("ID_LIKE='a b'\nID=debian\nVERSION_ID=\"12\"\nBUILD_ID=\n");
        let all = ["ID", "ID_LIKE", "VERSION_ID", "BUILD_ID", "VERSION"].map(|k| os.value(k));
        assert_eq!(all, [Some("debian"), Some("a b"), Some("12"), None, None]);
    }
}

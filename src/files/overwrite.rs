//! Whether writing a file would destroy another one that is only to be read.

use super::Identity;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether a file that is made anew at `output` replaces the regular file at `input`. Another hard link is not
/// replaced: linkers remove the name of an output before they write it.
pub(crate) fn overwrites(output: &Path, input: &Path) -> bool {
    let (Ok(to), Ok(from)) = (fs::metadata(output), fs::metadata(input)) else { return false };
    if !from.is_file() || Identity::from(&to) != Identity::from(&from) {
        return false;
    }
    let real = |path| fs::canonicalize(path).ok();
    from.nlink() < 2 || real(output) == real(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_name_a_link_and_a_detour_lead_to_one_file_and_a_hard_link_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "x").unwrap();
        fs::write(at("other"), "x").unwrap();
        fs::create_dir(at("d")).unwrap();
        symlink("file", at("soft")).unwrap();
        for output in ["file", "soft", "d/../file"] {
            assert!(overwrites(&at(output), &at("file")), "{output}");
        }
        fs::hard_link(at("file"), at("hard")).unwrap();
        assert!(overwrites(&at("file"), &at("soft")));
        for output in ["hard", "other", "none", "d"] {
            assert!(!overwrites(&at(output), &at("file")), "{output}");
        }
        assert!(!overwrites(Path::new("/dev/null"), Path::new("/dev/null")));
    }
}

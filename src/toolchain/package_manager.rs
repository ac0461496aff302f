//! The package manager of this machine.

use super::os_release::OsRelease;

/// This machine's package manager, by its name in descriptors.
pub(crate) fn this_package_manager() -> Option<&'static str> {
    package_manager(&OsRelease::read())
}

/// What installs the C library's headers on this machine, which a compiler may be installed without.
pub(super) fn install_headers() -> Option<&'static str> {
    const PACKAGES: [(&str, &str); 5] = [
        ("apk", "apk add musl-dev"),
        ("apt", "apt-get install libc6-dev"),
        ("dnf", "dnf install glibc-devel glibc-static"),
        ("pacman", "pacman -S glibc linux-api-headers"),
        ("zypper", "zypper install glibc-devel glibc-devel-static"),
    ];
    let manager = this_package_manager()?;
    PACKAGES.iter().find(|(name, _)| *name == manager).map(|(_, command)| *command)
}

/// The package manager of a distribution, from `ID` and `ID_LIKE` of its os-release(5).
fn package_manager(os: &OsRelease) -> Option<&'static str> {
    const FAMILIES: [(&str, &str); 12] = [
        ("debian", "apt"),
        ("ubuntu", "apt"),
        ("fedora", "dnf"),
        ("rhel", "dnf"),
        ("centos", "dnf"),
        ("alpine", "apk"),
        ("arch", "pacman"),
        ("opensuse", "zypper"),
        ("opensuse-leap", "zypper"),
        ("opensuse-tumbleweed", "zypper"),
        ("suse", "zypper"),
        ("sles", "zypper"),
    ];
    let ids = [os.value("ID"), os.value("ID_LIKE")].into_iter().flatten();
    ids.flat_map(str::split_whitespace).find_map(|id| FAMILIES.iter().find(|(name, _)| *name == id).map(|(_, m)| *m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_have_package_managers() {
        for (text, manager) in [
            ("ID=debian\n", Some("apt")),
            ("NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Some("apt")),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", Some("dnf")),
            ("ID=alpine", Some("apk")),
            ("ID=plan9", None),
            ("", None),
        ] {
            assert_eq!(package_manager(&OsRelease::new(text)), manager, "{text}");
        }
    }
}

//! Why a machine refuses namespaces, and what its owner can do.

use super::JailError;
use crate::run::keeper_pipe::NAMESPACES;
use nix::errno::Errno;
use std::fs;

/// A setting of the kernel that can forbid user namespaces: its file, the values that forbid, what to do.
static SWITCHES: [(&str, &[&str], &str); 3] = [
    (
        "/proc/sys/user/max_user_namespaces",
        &["0"],
        "user namespaces are switched off here: as root, `sysctl -w user.max_user_namespaces=10000`",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        &["0"],
        "user namespaces are for root only here: as root, `sysctl -w kernel.unprivileged_userns_clone=1`",
    ),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        &["1", "2"],
        "AppArmor keeps user namespaces from ordinary users here: as root, `sysctl -w \
         kernel.apparmor_restrict_unprivileged_userns=0`, or a profile with `userns,` for `staticctl`",
    ),
];

/// What to do where the jail was refused.
pub(crate) fn hint(error: &JailError) -> Option<String> {
    hint_from(error, |path| fs::read_to_string(path).ok())
}

fn hint_from(error: &JailError, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    if !error.not_allowed {
        return None;
    }
    if error.errno == Errno::EINVAL as i32 && error.step == NAMESPACES {
        return Some(
            "the kernel has no user namespaces, or an emulator of single programs (QEMU's user mode) runs this, which \
             makes none: run this on a machine that has them"
                .into(),
        );
    }
    let on = |path: &str, values: &[&str]| read(path).is_some_and(|text| values.contains(&text.trim()));
    let switch = SWITCHES.iter().find(|(path, values, _)| on(path, values)).map(|s| s.2.to_owned());
    Some(switch.unwrap_or_else(|| {
        "inside a container, run this outside of it, or start the container with `--security-opt seccomp=unconfined \
         --security-opt systempaths=unconfined` (docker) or `--security-opt unmask=ALL` (podman)"
            .into()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn the_switch_that_forbids_is_named() {
        let refused = JailError::new(NAMESPACES, Errno::ENOSPC).forbidden();
        let with = |name: &'static str, value: &'static str| {
            hint_from(&refused, move |path| path.ends_with(name).then(|| value.to_owned())).unwrap()
        };
        assert!(with("max_user_namespaces", "0\n").contains("max_user_namespaces=10000"));
        assert!(with("unprivileged_userns_clone", "0\n").contains("unprivileged_userns_clone=1"));
        assert!(with("apparmor_restrict_unprivileged_userns", "1\n").contains("AppArmor"));
        assert!(with("apparmor_restrict_unprivileged_userns", "0\n").contains("container"));
        assert!(hint_from(&JailError::new("x", Errno::ENOENT), |_| None).is_none());
        let of = |step: &str, errno| hint_from(&JailError::new(step, errno).forbidden(), |_| None).unwrap();
        assert!(of(NAMESPACES, Errno::EINVAL).contains("emulator"));
        assert!(
            of("a mount", Errno::EINVAL).contains("container") && of(NAMESPACES, Errno::EPERM).contains("container")
        );
    }
}

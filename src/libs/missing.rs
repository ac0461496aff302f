//! Libraries that a static link lacks, and what this machine knows about them.

use super::library_ref::stem;
use crate::convert::Refusal;
use crate::options;
use crate::packages;
use crate::settings::Settings;
use serde::Serialize;
use std::path::PathBuf;

/// A library without an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    /// As typed, or its soname.
    pub name: String,
    /// Its shared object.
    pub shared: PathBuf,
    /// The argument, then the libraries, that led to it.
    pub because: Vec<String>,
    /// The user named it, so the link can't succeed as asked. A library that another one needs may not be needed by
    /// the members that are extracted: there the linker decides.
    pub required: bool,
    /// Why its shared object could not be converted; none if conversion is off.
    pub refusal: Option<Refusal>,
}

/// The `because` entry of plugins.
pub(crate) const PLUGINS: &str = options::PLUGINS.name;

impl Missing {
    pub(crate) fn line(&self) -> String {
        let shared = self.shared.display();
        if let (Some(PLUGINS), Some(refusal)) = (self.because.first().map(String::as_str), &self.refusal) {
            return format!("the plugin `{shared}` can't be linked in: {refusal}");
        }
        let only = format!("`{}` has no archive: only the shared object `{shared}` was found", self.name);
        match &self.refusal {
            Some(refusal) => format!("{only}, which can't be converted: {refusal}"),
            None => only,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, settings: &Settings) -> String {
        if let Some(refusal) = &self.refusal {
            return refusal.hint().to_owned();
        }
        let stem = stem(&self.shared).map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some((_, why, option)) = OF_PLUGINS.iter().find(|(name, ..)| *name == stem) {
            return format!(
                "`{stem}` {why}, which a static program can't: configure the project with {option}, or convert the \
                 library all the same with {}=auto,{stem}",
                options::CONVERT.name
            );
        }
        let build = "build the library as an archive (`--enable-static`, `-DBUILD_SHARED_LIBS=OFF`) and put it on the \
                     line with `-L`";
        let Some(package) = packages::owner(settings, &self.shared) else { return format!("{build}, or leave it out") };
        let name = &package.name;
        match packages::development_package(settings, &package) {
            Some(archive) => {
                format!("`{archive}` installs the development files of `{name}`; if those have no archive, {build}")
            }
            None => format!("the shared object is from the package `{name}`, which has no archive for it: {build}"),
        }
    }
}

/// Whether a library, `libNAME`, is useless without what it loads at run time, which a static program can't load.
pub(crate) fn is_nothing_alone(stem: &str) -> bool {
    OF_PLUGINS.iter().any(|(name, ..)| *name == stem)
}

/// Libraries that are useless without what they load at run time, why, and the usual way to build without them.
const OF_PLUGINS: [(&str, &str, &str); 13] = [
    ("libEGL", GRAPHICS, "`--disable-egl`, `-DWITH_EGL=OFF` or software rendering"),
    ("libGL", GRAPHICS, "`--disable-opengl`, `-DWITH_OPENGL=OFF` or software rendering"),
    ("libGLESv2", GRAPHICS, "`--disable-gles`, `-DWITH_GLES=OFF`"),
    ("libGLX", GRAPHICS, "`--disable-opengl`, `-DWITH_OPENGL=OFF`"),
    ("libOpenCL", "loads the drivers of the machine's devices", "`--disable-opencl`, `-DWITH_OPENCL=OFF`"),
    ("libOpenGL", GRAPHICS, "`--disable-opengl`, `-DWITH_OPENGL=OFF`"),
    ("libcuda", "is part of the graphics driver", "`--disable-cuda`, `-DWITH_CUDA=OFF`"),
    ("libjvm", "is a run-time system that loads classes and libraries", "`--without-java`, `-DWITH_JAVA=OFF`"),
    ("libpam", "loads the modules that /etc/pam.d names", "`--without-pam`, `--disable-pam`, `-DWITH_PAM=OFF`"),
    ("libpam_misc", "is only useful with libpam's modules", "`--without-pam`, `--disable-pam`"),
    ("libva", GRAPHICS, "`--disable-vaapi`, `-Dvaapi=disabled`"),
    ("libvdpau", GRAPHICS, "`--disable-vdpau`, `-Dvdpau=disabled`"),
    ("libvulkan", GRAPHICS, "`--disable-vulkan`, `-Dvulkan=disabled`"),
];

const GRAPHICS: &str = "loads the driver of the machine's graphics card";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_of_plugins_is_told_with_the_way_out() {
        let missing = |name: &str| Missing {
            name: format!("-l{name}"),
            shared: format!("/proc/none/lib{name}.so.1").into(),
            because: Vec::new(),
            required: true,
            refusal: None,
        };
        let hint = missing("pam").hint(&Settings::default());
        assert!(hint.contains("`libpam` loads") && hint.contains("`--without-pam`"), "{hint}");
        assert!(is_nothing_alone("libpam") && !is_nothing_alone("libpa"));
        let hint = missing("nothing").hint(&Settings::default());
        assert!(hint.starts_with("build the library as an archive"), "{hint}");
        assert!(OF_PLUGINS.is_sorted_by_key(|(name, ..)| *name));
    }
}

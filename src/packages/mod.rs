//! The installed package of a file ([`owners`]), and the package that has an archive of it ([`development_package`]).

mod apk;
mod apk_order;
pub(crate) mod changelog;
mod development;
mod dpkg;
mod file_index;
pub(crate) mod licensed;
mod licensed_package;
mod listed_files;
pub(crate) mod offered;
mod owner;
mod package;
mod package_files;
mod rpm;
mod rpm_order;
pub(crate) mod version_order;
mod wanted;

pub(crate) use development::development_package;
pub(crate) use licensed_package::LicensedPackage;
pub(crate) use owner::{LinkedOwners, owner, owners};
pub(crate) use package::{Format, Package};
pub(crate) use package_files::files_beside;

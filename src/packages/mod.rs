//! Which installed package a file is from ([`owners`]), and which package has an archive of it
//! ([`development_package`]).

mod apk;
mod development;
mod dpkg;
mod owner;
mod package;
mod rpm;
mod wanted;

pub use development::{DevelopmentPackage, development_package};
pub use owner::{owner, owners};
pub use package::{Format, Package};

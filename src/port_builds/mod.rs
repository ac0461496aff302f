//! Builds libraries for a musl toolchain from the distribution's source packages, with its patches, by our own drivers,
//! into the toolchain's prefix.
//!
//! | stage | file |
//! |---|---|
//! | the prefix, and what builds for it | [`port_target`] |
//! | programs that a build runs | [`port_tools`] |
//! | apt with source packages, whatever the machine's own configuration is | [`source_lists`], [`apt_sources`] |
//! | configure, make, install into a stage | [`port_build`] |
//! | a program that shows that it works | [`port_trial`] |
//! | from the stage to the prefix | [`port_stage`] |
//! | all of that, in order | [`port_steps`] |

pub(crate) mod apt_sources;
pub(crate) mod port_build;
pub(crate) mod port_error;
pub(crate) mod port_stage;
pub(crate) mod port_steps;
pub(crate) mod port_target;
pub(crate) mod port_tools;
pub(crate) mod port_trial;
pub(crate) mod source_lists;

pub(crate) use port_error::PortError;
pub(crate) use port_target::PortTarget;

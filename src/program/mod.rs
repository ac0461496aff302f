//! A finished dynamic program, made static: what may be converted ([`eligibility`]), its libraries as ld.so finds them
//! ([`crate::libs::ld_so`]), each from its archive or from its shared object ([`sources`]), the report of the result
//! ([`advice`], [`record`], [`listing`]), what stays null in it ([`null_references`]), what it usually opens
//! ([`recipes`]), what its file has besides ([`payload`]), and whether it does what the original does ([`compare`]).
//!
//! The conversion itself is [`crate::convert`]'s, the link [`crate::driver`]'s.

pub(crate) mod advice;
pub(crate) mod compare;
pub(crate) mod eligibility;
pub(crate) mod listing;
pub(crate) mod null_references;
pub(crate) mod payload;
pub(crate) mod privileges;
pub(crate) mod recipes;
pub(crate) mod record;
pub(crate) mod sources;

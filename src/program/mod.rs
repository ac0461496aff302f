//! A finished dynamic program, made static: what may be converted ([`kind`]), its libraries as ld.so finds them
//! ([`crate::libs::ld_so`]), each from its archive or from its shared object ([`sources`]), what is to be said of the result
//! ([`hints`], [`record`], [`table`]), and whether it does what the original does ([`compare`]).
//!
//! The conversion itself is [`crate::convert`]'s, the link [`crate::driver`]'s.

pub mod advice;
pub mod compare;
pub mod eligibility;
pub mod listing;
pub mod privileges;
pub mod record;
pub mod sources;

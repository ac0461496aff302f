//! These programs themselves: of what they were built ([`build_facts`]), what they keep ([`kept_cache`]), how they are
//! installed ([`placing`], noted by [`placed`]) and removed ([`removal`]) or who else did ([`owned_by`]), whether they are whole
//! ([`self_view`]), and what a report of a fault may say ([`veil`]).

pub(crate) mod build_facts;
pub(crate) mod kept_cache;
pub(crate) mod owned_by;
pub(crate) mod placed;
pub(crate) mod placing;
pub(crate) mod removal;
pub(crate) mod self_view;
pub(crate) mod veil;

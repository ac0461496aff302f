//! Libraries that a musl toolchain can be given (`staticctl toolchain add`): what is known of each, and what was added.
//!
//! | file | what |
//! |---|---|
//! | [`port_recipe`] | one library as data, `toolchains/libraries/NAME.json` |
//! | [`known_ports`] | all of them: those that come with this program, and the user's own |
//! | [`port_order`] | what is built before what |
//! | [`port_record`] | what was added to a prefix, and whether it is still what would be built |
//!
//! Nothing here builds anything: that is `port_builds`, on a floor above the drivers' rooms.

pub(crate) mod known_ports;
pub(crate) mod port_order;
pub(crate) mod port_recipe;
pub(crate) mod port_record;

pub(crate) use known_ports::KnownPorts;
pub(crate) use port_recipe::PortRecipe;
pub(crate) use port_record::PortRecord;

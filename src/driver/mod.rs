//! A driver call, from top to bottom: [`call`] runs it, [`prepare`](mod@prepare) classifies it and chooses the
//! toolchain, [`link_job`] resolves and plans a link, [`link`] runs, verifies and reports it.

mod call;
mod command;
mod compile;
mod direct;
mod gc_savings;
mod ld_shim;
mod link;
mod link_job;
mod link_supply;
mod logging;
mod outcome;
mod plugin_link;
mod prepare;
mod program_link;
mod shared_link;
mod variable_warnings;
mod verdict;

pub(crate) use call::main;
pub(crate) use direct::built_in_line;
pub(crate) use ld_shim::main as ld_shim;
pub(crate) use prepare::{Prepared, prepare};
pub(crate) use program_link::{ProgramLink, ProgramLinked, link_program, select as select_for_program};

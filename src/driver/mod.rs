//! A driver call, from top to bottom: [`call`] runs it, [`prepare`](mod@prepare) classifies it and chooses the
//! toolchain, [`two_steps`] compiles its sources, [`link_job`] resolves and plans a link, [`link`] runs, verifies and reports it.

mod asked_places;
mod bindings;
mod call;
mod clashes;
mod command;
mod compile;
mod compiled_sources;
mod direct;
pub(crate) mod front_end_call;
mod gc_savings;
mod hardened_compile;
mod hermetic;
mod kit_words;
mod library_hints;
mod link;
mod link_job;
mod link_supply;
pub(crate) mod linker_net;
mod logging;
mod noted_link;
mod offered_objects;
mod outcome;
mod output_clash;
mod part_hardening;
mod part_sources;
mod placed_by_symbols;
mod plugin_link;
mod prepare;
mod program_link;
mod relink_kit;
mod run_path;
mod shared_link;
mod size_link;
mod trials;
mod two_steps;
mod variable_warnings;
mod verdict;

pub(crate) use call::main;
pub(crate) use direct::built_in_line;
pub(crate) use link_job::LinkJob;
pub(crate) use linker_net::is_linker;
pub(crate) use prepare::{Prepared, prepare};
pub(crate) use program_link::{Addresses, ProgramLink, ProgramLinked, link_program, select as select_for_program};
pub(crate) use trials::Trials;

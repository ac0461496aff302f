//! Plugins that are linked in: what a static program opens with `dlopen`, and what libc itself opens (iconv converters,
//! name services).
//!
//! | step | by |
//! |---|---|
//! | words → files and symbols | [`plugin_list::read`](crate::libs::plugin_list::read) |
//! | each file is added, and its dependencies resolved like a library's | [`Modules::take`](modules::Modules::take) |
//! | names are bound, files converted, the tables of the link written | [`Modules::write`](modules::Modules::write) |
//!
//! The resulting archives ([`ModuleArchives`]) are linked before libc. They cost nothing if
//! the program does not refer to dlopen and the like; one that does has ours with or without plugins, and the tables say
//! what is in it ([`exports`], [`libraries_inside`]).
//!
//! A module is a shared object with a record (`convert/module.rs`) in the program; `toolchains/glibc/modules.c` opens
//! it, `dl.c` implements dlopen and the like. Undefined names of a module are bound as by ld.so, as far as that is
//! known before the program runs: to the program and its libraries first, then to what the module needs, then to other
//! modules (as after opening those with RTLD_GLOBAL).
//!
//! What libc itself opens does not depend on the link: [`iconv`](crate::repairs::iconv) and
//! [`nss`](crate::repairs::nss) become archives ([`archives`](crate::repairs::archives)), cached with the repairs of a
//! toolchain and linked into programs that refer to `iconv_open` or to name services.

pub(crate) mod definitions;
pub(crate) mod exports;
pub(crate) mod identifiers;
pub(crate) mod intermediate;
pub(crate) mod libc_aliases;
pub(crate) mod libraries_inside;
pub(crate) mod member_clashes;
pub(crate) mod module_tables;
pub(crate) mod modules;
pub(crate) mod name_lookups;

pub(crate) use definitions::ProgramInputs;
pub(crate) use modules::{ModuleArchives, Modules};

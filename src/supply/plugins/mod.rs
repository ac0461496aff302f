//! Plugins that are linked in: what a static program opens with `dlopen`, and what libc itself opens (converters of
//! iconv, name services).
//!
//! | step | by |
//! |---|---|
//! | words → files and symbols | [`plugin_list::read`](crate::libs::plugin_list::read) |
//! | each file is taken, and what it needs is resolved like a library's needs | [`Modules::take`], called by [`crate::libs`] for [`Means::plugins`](crate::supply::converted::Means) |
//! | names are bound, files converted, the tables of the link written | [`Modules::write`] |
//!
//! For a link of one's own: put the files into `Means::plugins` before [`crate::libs::resolve`] (or call
//! [`Modules::take`] for each, and resolve what [`Taken::needed`] says), then call [`Modules::write`] once with what is
//! known of the program ([`ProgramInputs`]), and offer [`ModuleArchives::archives`] to the linker before libc. The archives cost nothing
//! where the program refers to none of dlopen's kin.
//!
//! A module is a shared object with a record (`convert/module.rs`) in the program; `toolchains/glibc/modules.c` opens
//! it, `dl.c` is dlopen's kin. What a module lacks is bound as ld.so would bind it, as far as that is known before the
//! program runs: the program and its libraries first, then what the module needs, then other modules (as if they had
//! been opened with RTLD_GLOBAL).
//!
//! What libc itself opens has no link of its own: [`iconv`](crate::repairs::iconv) and [`nss`](crate::repairs::nss) become archives ([`archives`](crate::repairs::archives)) that are
//! kept beside the repairs of a toolchain, and are taken by programs that refer to `iconv_open` or to name services.

pub(crate) mod exports;
pub(crate) mod module_tables;
pub(crate) mod modules;

pub(crate) use exports::ProgramInputs;
pub(crate) use modules::{ModuleArchives, Modules};

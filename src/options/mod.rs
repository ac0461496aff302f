//! All `STATICCXX_*` variables: one row each in [`table`], from which parsing, warnings about invalid values and
//! misspelt names ([`mistakes`]), `staticctl help environment`, the man page and the manual's page ([`render`]) are
//! derived. The other files contain the types of values.
//!
//! A new variable is a constant in [`table`] and a field of [`Settings`](crate::settings::Settings). Exit codes are
//! documented likewise, by [`exit_codes`].

/// How the names of all begin.
pub(crate) const PREFIX: &str = "STATICCXX_";

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod dlopen;
pub(crate) mod exit_codes;
pub(crate) mod iconv;
pub(crate) mod linker;
pub(crate) mod log_filter;
pub(crate) mod malloc;
pub(crate) mod mistakes;
pub(crate) mod nss;
pub(crate) mod parts;
pub mod render;
pub(crate) mod repairs;
pub(crate) mod stack_size;
pub(crate) mod switch;
pub(crate) mod table;

pub(crate) use table::{
    CC, CHECK, CONVERT, CXX, DLOPEN, FAST, FAT_SHARED, FC, GLIBC_FIXES, HARDEN, HERMETIC, ICONV, LAUNCHER, LINKER,
    LINKER_NET, LINKER_NET_STRICT, LOG, MALLOC, NSS, PARTS, PLUGINS, REAL_COMPILER, RELINK_KIT, REPORT, SIZE, SMALL,
    STACK_SIZE, TOLD, TOOLCHAIN, TRIAL,
};

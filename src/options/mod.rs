//! Every `STATICCXX_*` variable: one row each in [`table`], from which come the reading of values, the warnings about
//! bad values and misspelt names ([`mistakes`]), `staticctl help environment`, the man page and the manual's page
//! ([`render`]). The other files hold the types that values are read into.
//!
//! A new variable is a constant in [`table`] and a field of [`Settings`](crate::settings::Settings). Exit codes are
//! documented in the same way, by [`exit_codes`].

pub mod check;
pub mod convert;
pub mod exit_codes;
pub mod iconv;
pub mod linker;
pub mod log_filter;
pub mod malloc;
pub mod mistakes;
pub mod nss;
pub mod render;
pub mod repairs;
pub mod stack_size;
pub mod switch;
pub mod table;

pub use table::{
    CC, CHECK, CONVERT, CXX, FAT_SHARED, GLIBC_FIXES, ICONV, LAUNCHER, LINKER, LOG, MALLOC, NSS, PLUGINS,
    REAL_COMPILER, REPORT, SMALL, STACK_SIZE, TOLD, TOOLCHAIN,
};

//! What glibc can't do in a static program, and the archives that mend it, made and tried for each toolchain.

pub mod archives;
pub mod choose;
pub mod iconv;
pub mod libc_members;
pub mod make;
pub mod nss;

pub use make::{select, start_code};

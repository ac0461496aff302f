//! Repairs of what glibc can't do in a static program: archives, built and tested for each toolchain.

pub(crate) mod archives;
pub(crate) mod choose;
mod got_header;
pub(crate) mod iconv;
mod libc_archive;
pub(crate) mod libc_members;
mod locale_data;
pub(crate) mod make;
pub(crate) mod nss;
pub(crate) mod workshop;

pub(crate) use make::{select, start_code};

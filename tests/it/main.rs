//! Tests that run real compilers, linkers and build systems. `cargo test --test it quick::` runs what needs g++ and Rust
//! alone, `cargo test --test it THEME::` all of one theme.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

// What the other modules stand on.
#[macro_use]
mod support;
// What the sources import, read from their text.
mod imports;
// Inputs without end, those that fail kept.
mod fuzzing;
// What hostile bytes are fed to, shared with `cargo fuzz`.
#[path = "../../fuzz/targets.rs"]
mod fuzz_targets;
// A run in which one system call fails.
mod injection;
// The environment of every program that a test runs.
mod world;

// By themes: what needs g++ and Rust alone.
mod quick;
// By themes: what needs other compilers, linkers, libraries and tools, which `tests/run install` installs.
mod full;

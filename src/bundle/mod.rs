//! `staticctl bundle`: a program with the files that it wants, as one directory that can be a root.
//!
//! What a traced run touched ([`Attempt`](crate::run::attempt::Attempt)) becomes a tree by the rules of [`touched`];
//! [`opened`] reads which shared objects each of its programs opened; [`bundle_dir`] writes the tree.

pub(crate) mod bundle_dir;
pub(crate) mod opened;
pub(crate) mod touched;

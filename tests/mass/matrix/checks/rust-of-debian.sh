#!/bin/sh
# This project, compiled by the release's own Rust: what Debian's security updates have for browsers, else the usual
# packages. What it makes builds a program. Seven minutes on two cores.
. "$(dirname "$0")/../functions"

# Beside the tree's own sources, for this check alone.
mkdir sources
sed -n 's|^deb \(\S*[^/]\)/* \(\w*\) main.*|deb \1-security \2-security main|p' /etc/apt/sources.list | grep -v ' sid-' > sources/security.list
with_security() { apt -o "Dir::Etc::sourceparts=$here/sources" "$@"; }
with_security update || exit 1
set -- rustc-web cargo-web
apt-cache policy rustc-web | grep -q '^  Candidate: [0-9]' || set -- rustc cargo
with_security install "$@" || exit 1

export RUSTC=/usr/bin/rustc CARGO_HOME="$here/cargo" CARGO_TARGET_DIR="$here/target"
# Crates lie beside the sources: a tree has no registry.
(cd /opt/staticcxx/source && /usr/bin/cargo build --locked --offline -q --bin staticctl) > said 2>&1 || { tail -n 5 said; exit 1; }
ln -s "$here/target/debug/staticctl" staticcxx
./staticcxx /opt/staticcxx/hello.cpp -pthread -o hello > said 2>&1 || { tail -n 5 said; exit 1; }
staticctl check hello > said || cat said
./hello > said 2>&1 || cat said

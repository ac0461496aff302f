#!/bin/sh
# This project, compiled by the release's own Rust: the packages that Debian has for browsers, else the usual ones. What it
# makes builds a program. Seven minutes on two cores.
. "$(dirname "$0")/../functions"

set -- rustc-web cargo-web
apt-cache policy rustc-web 2>/dev/null | grep -q '^  Candidate: [0-9]' || set -- rustc cargo
apt install "$@" || exit 1
export RUSTC=/usr/bin/rustc CARGO_HOME="$PWD/cargo" CARGO_TARGET_DIR="$PWD/target"
# Crates lie beside the sources: a tree has no registry.
(cd /opt/staticcxx/source && /usr/bin/cargo build --locked --offline -q --bin staticctl) > said 2>&1 || { tail -n 5 said; exit 1; }
ln -s "$PWD/target/debug/staticctl" staticcxx
./staticcxx /opt/staticcxx/hello.cpp -pthread -o hello > said 2>&1 || { tail -n 5 said; exit 1; }
staticctl check hello > said || cat said
./hello > said 2>&1 || cat said

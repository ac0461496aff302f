//! `staticcc`: drop-in for `cc`, `gcc` and `clang`.
fn main() {}

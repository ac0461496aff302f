//! A shared object for another machine, which is not converted.

use crate::quick::convert_bad::library;
use crate::support::*;

#[test]
fn a_library_for_another_machine_is_named() {
    let dir = library("int q(void) { return 42; }", "");
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    // In a link it is the linker that passes over it or takes no notice of it.
    let said = Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").fails(1);
    assert!(said.contains("incompatible") || said.contains("cannot find -lq"), "{said}");
    assert!(!dir.join("x").exists() && !dir.join("libq.a").exists());
}

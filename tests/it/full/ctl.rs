//! `staticctl toolchain` where every toolchain is installed.

use crate::support::*;

#[test]
fn toolchains_are_listed_and_shown() {
    let list = Run::new(STATICCTL).line("toolchain list").ok();
    for name in ["host-gcc", "host-clang", "musl-gcc", "zig"] {
        assert!(list.contains(name), "{name}: {list}");
    }
    let shown = Run::new(STATICCTL).line("toolchain show musl-gcc --json").ok();
    let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert!(json.to_string().contains("musl-gcc"), "{json}");
    let said = Run::new(STATICCTL).line("toolchain show nope").fails(2);
    assert!(said.contains("no toolchain `nope`"), "{said}");
}

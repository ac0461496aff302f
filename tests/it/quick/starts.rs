//! What happens before `main`, against the dynamic twin.

use crate::support::*;

#[test]
fn resolvers_find_what_ld_so_has_set_up() {
    let dir = Dir::new();
    dir.file("m.c", fixture!("starts/chosen.c"));
    Run::new("gcc").dir(dir.path()).line("-fstack-protector-all m.c -o dynamic").silent();
    let said = Run::new(dir.join("dynamic")).ok();
    assert_eq!(said, "2 2 2 2 2 6, then 7 0\n");
    Run::new("gcc").dir(dir.path()).line("-fstack-protector-all -c m.c").silent();
    Run::new("ar").dir(dir.path()).line("rcs libm.a m.o").silent();
    for line in ["m.c", "m.o", "m.o -no-pie", "m.o -fuse-ld=bfd", "m.o -static", "-Wl,-u,main ./libm.a", "-flto m.c"] {
        let compile = Run::new(STATICCC).dir(dir.path()).line("-fstack-protector-all").line(line);
        compile.line("-o static").silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
    }
}

#[test]
fn programs_without_resolvers_start_where_they_always_did() {
    let dir = Dir::new();
    dir.file("m.c", HELLO_C);
    dir.file("chosen.c", fixture!("starts/chosen.c"));
    let plan = |line: &str| Run::new(STATICCTL).dir(dir.path()).line("explain -- cc -o x").line(line).ok();
    assert!(plan("chosen.c").contains("early-thread-pointer"));
    assert!(!plan("m.c").contains("early-thread-pointer"));
    assert!(!plan("chosen.c -Wl,-e,other").contains("early-thread-pointer"));
}

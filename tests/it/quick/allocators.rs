//! Shared objects that bring an allocator in the place of libc's, converted.

use crate::support::*;

/// A shared object of an allocator, and a dynamic program that uses it beside `others` more libraries.
fn with(allocator: &str, others: usize) -> Dir {
    let dir = Dir::new();
    dir.file("own.c", allocator);
    dir.file("user.c", fixture!("allocators/user.c"));
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-O1 -fPIC -shared -Wl,-soname,libown.so own.c -o libown.so");
    let mut words = String::new();
    for number in 0..others {
        dir.file("other.c", format!("int v{number}; int *w{number} = &v{number};"));
        gcc(&format!("-fPIC -shared -Wl,-soname,libother{number}.so other.c -o libother{number}.so"));
        words += &format!(" -lother{number}");
    }
    gcc(&format!("-O1 -DTRIM user.c -L. -lown -Wl,--no-as-needed{words} -Wl,-rpath,$ORIGIN -pthread -o dynamic"));
    dir
}

const SAYS: &str = "1 by malloc, 7 usable\nof a thread\nread\n0 foreign\n";

#[test]
fn a_program_s_malloc_is_that_of_its_library() {
    // With many libraries there are not enough program headers to make each a segment.
    for others in [0, 24] {
        let dir = with(fixture!("allocators/bump.c"), others);
        assert_eq!(Run::new(dir.join("dynamic")).ok(), SAYS);
        for options in ["", "--fixed"] {
            Run::new(STATICCTL).dir(dir.path()).line(&format!("convert dynamic -o static {options}")).ok();
            assert_eq!(Run::new(dir.join("static")).ok(), SAYS, "{others} {options}");
        }
    }
}

#[test]
fn a_link_takes_the_shared_object_of_an_allocator() {
    let dir = with(fixture!("allocators/bump.c"), 0);
    for linker in ["", "-fuse-ld=bfd"] {
        Run::new(STATICCC).dir(dir.path()).line(&format!("{linker} -O1 user.c -L. -lown -pthread -o static")).silent();
        assert_eq!(Run::new(dir.join("static")).ok(), SAYS, "{linker}");
    }
}

#[test]
fn what_looks_the_next_malloc_up_finds_libc_s_in_a_finished_program() {
    for others in [0, 24] {
        let dir = with(fixture!("allocators/watcher.c"), others);
        let says = Run::new(dir.join("dynamic")).ok();
        assert!(says.starts_with("1 by malloc, "), "{says}");
        Run::new(STATICCTL).dir(dir.path()).line("convert dynamic -o static").ok();
        assert_eq!(Run::new(dir.join("static")).ok(), says, "{others}");
    }
}

#[test]
fn a_link_has_no_next_malloc_to_look_up() {
    let dir = with(fixture!("allocators/watcher.c"), 0);
    let said = Run::new(STATICCC).dir(dir.path()).line("user.c -L. -lown -pthread -o static").fails(1);
    assert!(said.contains("`-lown`") && said.contains("it replaces libc's `"), "{said}");
    assert!(!dir.join("static").exists());
}

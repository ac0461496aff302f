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

/// The path of a start file.
fn start_file(name: &str) -> String {
    Run::new("gcc").line(&format!("-print-file-name={name}")).ok().trim().to_owned()
}

#[test]
fn start_files_of_a_dynamic_program_become_a_static_one_s() {
    let dir = Dir::new();
    dir.file("m.cpp", HELLO_CXX);
    for (options, begin, end, first, kind) in [
        ("", "crtbeginS.o", "crtendS.o", "Scrt1.o", "DYN"),
        ("-no-pie", "crtbegin.o", "crtend.o", "crt1.o", "EXEC"),
        ("-fno-pie -no-pie", "crtbeginS.o", "crtendS.o", "Scrt1.o", "EXEC"),
    ] {
        let [first, init, begin, end, last] = [first, "crti.o", begin, end, "crtn.o"].map(start_file);
        Run::new("g++").dir(dir.path()).line(options).line("-c m.cpp").silent();
        let line = format!("{options} -nostartfiles {first} {init} {begin} m.o {end} {last}");
        Run::new("g++").dir(dir.path()).line(&line).line("-o dynamic").silent();
        let said = Run::new(dir.join("dynamic")).ok();
        for linker in ["", "-fuse-ld=bfd"] {
            Run::new(STATICCXX).dir(dir.path()).line(&line).line(linker).line("-o static").silent();
            assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
            let header = Run::new("readelf").dir(dir.path()).line("-hW static").ok();
            assert!(header.contains(kind), "{line}: {header}");
        }
    }
}

#[test]
fn named_libraries_bring_what_their_shared_objects_would() {
    let dir = Dir::new();
    dir.file("m.c", HELLO_C);
    dir.file("m.cpp", HELLO_CXX);
    let same = |dynamic: &str, ours: &str, line: &str| {
        Run::new(dynamic).dir(dir.path()).line(line).line("-o dynamic").silent();
        let said = Run::new(dir.join("dynamic")).ok();
        for linker in ["", "-fuse-ld=bfd"] {
            Run::new(ours).dir(dir.path()).line(line).line(linker).line("-o static").silent();
            assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
        }
    };
    same("gcc", STATICCC, "m.c -nodefaultlibs -lc -lgcc");
    same("gcc", STATICCC, "m.c -nodefaultlibs -lc");
    same("g++", STATICCXX, "m.cpp -nodefaultlibs -lstdc++ -lc -lgcc_s");
    let [first, init, last] = ["Scrt1.o", "crti.o", "crtn.o"].map(start_file);
    same("gcc", STATICCC, &format!("-nostdlib {first} {init} m.c {last} -lc"));
}

#[test]
fn freestanding_programs_stay_as_they_are() {
    let dir = Dir::new();
    dir.file(
        "m.c",
        "void _start(void) { __asm__ volatile(\"syscall\" :: \"a\"(60), \"D\"(7)); __builtin_unreachable(); }\n",
    );
    Run::new(STATICCC).dir(dir.path()).line("-nostdlib -ffreestanding m.c -lgcc -o m").silent();
    assert_eq!(in_empty_root(&dir.join("m"), &[]).status.code(), Some(7));
}

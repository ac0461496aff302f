//! Nothing destroyed, nothing leaked, nothing remembered wrongly.

use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;

/// A program of two objects, one of them in libraries too.
fn pieces() -> Dir {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("f.c", "int f(void) { return 0; }\n");
    dir.file("m.c", "int f(void);\nint main(void) { return f(); }\n");
    dir.file("objects.rsp", "h.o");
    for line in ["gcc -c h.c f.c m.c", "ar rc libf.a f.o", "gcc -shared -fPIC f.c -o libs.so"] {
        let (program, rest) = line.split_once(' ').unwrap();
        Run::new(program).dir(dir.path()).line(rest).ok();
    }
    dir.file("libscript.so", "INPUT(libf.a)");
    dir
}

#[test]
fn an_output_that_is_an_input_is_refused_and_stays() {
    let dir = pieces();
    symlink("h.o", dir.join("soft.o")).unwrap();
    let all = || dir.names().into_iter().map(|n| (fs::read(dir.join(&n)).unwrap(), n)).collect::<Vec<_>>();
    let before = all();
    for line in [
        "h.o -o h.o",
        "h.o -o ./h.o",
        "h.o -o soft.o",
        "soft.o -o h.o",
        "@objects.rsp -o h.o",
        "h.c -o h.c",
        "-Wl,-o,h.o h.o",
        "m.o libf.a -o libf.a",
        "m.o -Wl,libf.a -o libf.a",
        "m.o -L. -lf -o libf.a",
        "m.o -L. -l:libf.a -o libf.a",
        "m.o -L. -lscript -o libf.a",
        "m.o libs.so -o libs.so",
        "m.o -L. -ls -o libs.so",
    ] {
        for driver in [STATICCC, STATICCXX] {
            let said = Run::new(driver).dir(dir.path()).line(line).fails(1);
            assert!(said.contains("input file ") && said.contains(" is the same as output file"), "{line}: {said}");
            assert!(all() == before, "{line}: a file changed");
        }
    }
    // Linkers remove the name before they write, so that another name of the file keeps it.
    fs::hard_link(dir.join("h.o"), dir.join("hard.o")).unwrap();
    Run::new(STATICCC).dir(dir.path()).line("h.o -o hard.o").silent();
    assert_eq!(says_in_empty_root(&dir.join("hard.o"), &[]), "hello\n");
    assert!(before.iter().all(|(bytes, name)| fs::read(dir.join(name)).unwrap() == *bytes));
}

#[test]
fn no_command_writes_over_what_it_reads() {
    let dir = pieces();
    for line in ["m.o -L. -ls -Wl,-rpath,$ORIGIN -o dynamic", "-static h.o -o still"] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    symlink("still", dir.join("link")).unwrap();
    let all = || dir.names().into_iter().map(|n| (fs::read(dir.join(&n)).unwrap(), n)).collect::<Vec<_>>();
    let before = all();
    for line in [
        "convert ./dynamic -o dynamic",
        "convert ./dynamic -o libs.so",
        "convert ./still -o still",
        "archive libs.so -o libs.so",
        "plugins -o dynamic ./dynamic",
        "image ./still -o still",
        "image ./still -o link",
        "image ./still --add h.c:/h.c -o h.c",
    ] {
        let said = Run::new(STATICCTL).dir(dir.path()).line(line).fails(2);
        assert!(said.starts_with("staticcxx: error: ") && said.contains("-o"), "{line}: {said}");
        assert!(all() == before, "{line}: a file changed");
    }
}

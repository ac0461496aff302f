//! What `staticctl harden` says of programs, and what `STATICCXX_HARDEN` makes of them, beside what they do.

use super::musl;
use crate::support::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Copies its argument into eight bytes, so that a longer one ends it where functions check sizes.
const COPIES: &str = "#include <stdio.h>\n#include <string.h>\nint main(int n, char **v) {\n    char b[8];\n    strcpy(b, v[n - 1]);\n    return puts(b) < 0;\n}\n";
const LONG: &str = "a-string-of-more-than-eight-bytes-which-runs-over-the-end-of-all";

fn states(program: &Path) -> BTreeMap<String, String> {
    findings(program)["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["property"].as_str().unwrap().to_owned(), f["state"].as_str().unwrap().to_owned()))
        .collect()
}

fn findings(program: &Path) -> Value {
    let out = Run::new(STATICCTL).args(["harden".as_ref(), "--json".as_ref(), program.as_os_str()]).output();
    assert!(matches!(out.status.code(), Some(0 | 1)) && out.stderr.is_empty(), "{}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn copies() -> Dir {
    let dir = Dir::new();
    dir.file("c.c", COPIES);
    dir
}

/// Whether glibc ends the program for what it copies.
fn is_stopped(program: &Path) -> bool {
    let out = Run::new(program).args([LONG]).output();
    let said = text(&out.stderr);
    said.contains("buffer overflow detected") || said.contains("stack smashing detected")
}

#[test]
fn the_objects_tell_and_not_libc_s_functions() {
    let dir = copies();
    let plain = "-U_FORTIFY_SOURCE -fno-stack-protector";
    for (line, canary, fortify) in [
        (format!("-O0 {plain} -static"), "not-seen", "not-seen"),
        (format!("-O0 {plain}"), "not-seen", "not-seen"),
        (format!("-O2 {plain} -fstack-protector-strong"), "yes", "not-seen"),
        (format!("-O2 {plain} -D_FORTIFY_SOURCE=2 -s"), "not-seen", "yes"),
        (format!("-O2 {plain} -D_FORTIFY_SOURCE=2 -fstack-protector-strong -s -static"), "yes", "yes"),
        (format!("-O2 {plain} -fstack-protector-strong -fuse-ld=bfd"), "yes", "not-seen"),
    ] {
        Run::new(STATICCC).dir(dir.path()).line(&line).args(["c.c", "-o", "c"]).silent();
        let states = states(&dir.join("c"));
        assert_eq!((states["canary"].as_str(), states["fortify"].as_str()), (canary, fortify), "{line}");
        assert_eq!(is_stopped(&dir.join("c")), canary == "yes" || fortify == "yes", "{line}");
        let position = if line.contains("-static") { "no" } else { "yes" };
        assert_eq!((states["position-independent"].as_str(), states["stack"].as_str()), (position, "yes"), "{line}");
    }
    let all = findings(&dir.join("c"));
    let own = &all["objects"]["own"];
    assert_eq!((own["objects"].as_u64(), own["canary"].as_u64()), (Some(1), Some(1)), "{all}");
    assert!(all["objects"]["parts"]["objects"].as_u64().unwrap() > 100, "{all}");
}

#[test]
fn each_library_is_counted() {
    let dir = copies();
    dir.file("main.c", "int copies(int, char **);\nint main(int n, char **v) { return copies(n, v); }\n");
    Run::new("gcc")
        .dir(dir.path())
        .line("-O2 -U_FORTIFY_SOURCE -fstack-protector-strong -Dmain=copies -c c.c")
        .silent();
    Run::new("ar").dir(dir.path()).line("rcs libcopies.a c.o").silent();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "full");
    run.line("-O2 -fno-stack-protector main.c -L. -lcopies -o main").silent();
    let all = findings(&dir.join("main"));
    // An archive of no package is the project's own.
    assert_eq!((&all["objects"]["own"]["objects"], &all["objects"]["own"]["canary"]), (&2.into(), &1.into()), "{all}");
    let file = |name: &str| {
        let files = all["objects"]["files"].as_array().unwrap().clone();
        files.into_iter().find(|f| f["file"] == name).unwrap()["objects"].clone()
    };
    assert_eq!(file("libcopies.a")["canary"], 1);
    assert!(file("libc.a")["objects"].as_u64().unwrap() > 100);
    let table = Run::new(STATICCTL).dir(dir.path()).line("harden main").output();
    assert!(text(&table.stdout).lines().any(|line| line.contains("libcopies.a")), "{}", text(&table.stdout));
}

#[test]
fn a_hardened_build_is_protected_and_the_call_has_the_last_word() {
    let dir = copies();
    let hardened = |program: &str, line: &str| {
        Run::new(program).dir(dir.path()).env("STATICCXX_HARDEN", "on").line(line).silent();
        states(&dir.join("c"))
    };
    for program in [STATICCC, STATICCXX] {
        let language = if program == STATICCC { "" } else { "-x c++" };
        let states = hardened(program, &format!("-O2 {language} c.c -o c"));
        assert_eq!((states["canary"].as_str(), states["fortify"].as_str()), ("yes", "yes"), "{program}");
        assert!(is_stopped(&dir.join("c")));
        assert_eq!(Run::new(dir.join("c")).args(["short"]).ok(), "short\n");
    }
    // In two calls, by Clang, and with Debian's own flags.
    hardened(STATICCC, "-O2 -c c.c -o c.o");
    assert_eq!(hardened(STATICCC, "c.o -o c")["canary"], "yes");
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_HARDEN", "on").env("STATICCXX_CC", "clang");
    run.line("-O2 c.c -o c").silent();
    assert_eq!((states(&dir.join("c"))["canary"].as_str(), is_stopped(&dir.join("c"))), ("yes", true));
    assert_eq!(hardened(STATICCC, "-O2 -Wp,-D_FORTIFY_SOURCE=2 -Werror c.c -o c")["fortify"], "yes");
    // Without optimisation glibc would warn of the macro.
    assert_eq!(hardened(STATICCC, "-O0 c.c -o c")["fortify"], "not-seen");
    let states = hardened(STATICCC, "-O2 -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,norelro c.c -o c");
    let of = |property: &str| states[property].as_str();
    assert_eq!((of("canary"), of("fortify"), of("relro")), ("not-seen", "not-seen", "no"));
    // Code for no system has nothing that these options call.
    dir.file("k.c", "void f(char *); void k(void) { char b[64]; f(b); }\n");
    hardened(STATICCC, "-O2 -ffreestanding -c k.c -o k.o");
    assert!(!Run::new("nm").dir(dir.path()).args(["k.o"]).ok().contains("__stack_chk_fail"));
    hardened(STATICCC, "-O2 -c k.c -o k.o");
    assert!(Run::new("nm").dir(dir.path()).args(["k.o"]).ok().contains("__stack_chk_fail"));
}

#[test]
fn musl_has_canaries_and_is_given_checked_functions() {
    let dir = copies();
    let run = || {
        let run = Run::new(STATICCC).env("XDG_DATA_HOME", musl::data()).env("STATICCXX_TOOLCHAIN", "musl");
        run.dir(dir.path())
    };
    run().env("STATICCXX_HARDEN", "on").line("-O2 c.c -o c").silent();
    let hardened = states(&dir.join("c"));
    let of = |property: &str| hardened[property].as_str();
    assert_eq!((of("canary"), of("fortify"), of("position-independent")), ("yes", "yes", "yes"));
    run().line("-O2 c.c -o c").silent();
    assert_eq!(states(&dir.join("c"))["fortify"], "unavailable");
}

#[test]
fn what_is_not_known_is_said() {
    let dir = copies();
    Run::new(STATICCC).dir(dir.path()).line("-O2 -fuse-ld=mold -s c.c -o mold").silent();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "off").line("-O2 c.c -o off").silent();
    for program in ["mold", "off"] {
        assert_eq!(states(&dir.join(program))["canary"], "unknown", "{program}");
        let out = Run::new(STATICCTL).dir(dir.path()).args(["harden", program]).output();
        assert!(text(&out.stderr).contains("hint: how objects were compiled is kept"), "{}", text(&out.stderr));
    }
    dir.file("text", "no program\n");
    for (file, why) in [("text", "text"), ("missing", "No such file"), (".", "not a regular file")] {
        let out = Run::new(STATICCTL).dir(dir.path()).args(["harden", file]).output();
        let said = text(&out.stderr);
        assert!(
            out.status.code() == Some(2) && said.contains(why) && said.starts_with("staticcxx: error: "),
            "{file}: {said}"
        );
    }
}

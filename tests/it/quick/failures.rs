//! The limits of the machine: no cache, no space, no compiler, a link that is stopped.

use crate::support::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

#[test]
fn a_first_link_is_as_silent_as_any() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    // A compiler that would speak if it were asked to: `CC` is ours, and cargo's variables are set.
    let run = || {
        let run = Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"));
        run.env("CC", "staticcc")
            .env("CARGO", "cargo")
            .env("TARGET", "x86_64-unknown-linux-gnu")
            .env("OUT_DIR", dir.path())
    };
    run().line("h.c -o h").silent();
    assert_eq!(dir.names(), ["cache", "h", "h.c"]);
    let kept = fs::read_dir(dir.join("cache/staticcxx/probe")).unwrap().count();
    assert_eq!(kept, 1);
    // A broken cache file is made anew without a word.
    for entry in fs::read_dir(dir.join("cache/staticcxx/probe")).unwrap() {
        fs::write(entry.unwrap().path(), "{\"facts\": 12").unwrap();
    }
    run().line("h.c -o h").silent();
}

#[test]
fn a_cache_or_report_that_can_t_be_written_is_one_warning() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let file = dir.file("file", "");
    let out = Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", file.join("x")).line("h.c -o h").output();
    let said = text(&out.stderr);
    assert!(
        out.status.success() && said.lines().count() == 1 && said.starts_with("staticcxx: warning: the cache"),
        "{said}"
    );
    let out = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", file.join("x")).line("h.c -o h").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.lines().count() == 1 && said.starts_with("staticcxx: warning: "), "{said}");
    Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", file.join("x")).line("-c h.c").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn a_cache_that_others_may_write_is_not_used() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let cache = dir.join("cache");
    let run = |program: &str| Run::new(program).dir(dir.path()).env("XDG_CACHE_HOME", &cache);
    // What a build with our shims leaves there is run by the next one.
    run(STATICCTL).line("run -- true").ok();
    let shims = fs::read_dir(cache.join("staticcxx/build")).unwrap().map(|e| e.unwrap().path().join("bin"));
    let shims: Vec<_> = shims.flat_map(|bin| fs::read_dir(bin).unwrap()).map(|e| e.unwrap().path()).collect();
    for shim in shims.iter().filter(|s| s.ends_with("pkg-config")) {
        fs::write(shim, format!("#!/bin/sh\ntouch {}\n", dir.join("stranger").display())).unwrap();
    }
    let (own, open) = (fs::Permissions::from_mode(0o755), fs::Permissions::from_mode(0o777));
    for place in ["cache", "cache/staticcxx", "cache/staticcxx/build"] {
        fs::set_permissions(dir.join(place), open.clone()).unwrap();
        let out = run(STATICCC).line("h.c -o h").output();
        let said = text(&out.stderr);
        assert!(out.status.success() && said.lines().count() == 1, "{place}: {said}");
        assert!(said.starts_with("staticcxx: warning: the cache directory `") && said.contains("others may write to"));
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
        // Calls that do not link say nothing, and a build has no shims of strangers.
        run(STATICCC).line("-c h.c").silent();
        let out = run(STATICCTL).args(["run", "--", "sh", "-c", "pkg-config --version; true"]).output();
        assert!(out.status.success(), "{place}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains("others may write to"), "{place}: {}", text(&out.stderr));
        assert!(!dir.join("stranger").exists(), "{place}: a stranger's script ran");
        fs::set_permissions(dir.join(place), own.clone()).unwrap();
    }
    run(STATICCC).line("h.c -o h").silent();
}

#[test]
fn a_missing_compiler_is_named_with_what_to_install() {
    let dir = Dir::new();
    for (driver, name) in [(STATICCC, "`cc`"), (STATICCXX, "`c++`")] {
        for line in ["-c x.c", "x.o"] {
            let said = Run::new(driver).env("PATH", dir.path()).line(line).fails(1);
            assert!(said.starts_with("staticcxx: error: ") && said.contains(name), "{said}");
        }
    }
    let gcc = missing("gcc").display().to_string();
    let said = Run::new(STATICCC).env("STATICCXX_CC", format!("{gcc} -O2")).line("-c x.c").fails(1);
    assert!(said.contains(&format!("`{gcc}")) && said.contains("STATICCXX_CC"), "{said}");
    let said = Run::new(STATICCC).env("STATICCXX_CC", "'gcc").line("-c x.c").fails(1);
    assert!(said.contains("quote"), "{said}");
    let said = Run::new(STATICCC).env("STATICCXX_CC", STATICCC).line("-c x.c").fails(1);
    assert!(said.contains("was not found or is this program"), "{said}");
    let said = Run::new(STATICCC).env("STATICCXX_LAUNCHER", "nosuchcache").line("-c x.c").fails(1);
    assert!(said.contains("`nosuchcache`") && said.contains("STATICCXX_LAUNCHER"), "{said}");
}

#[test]
fn a_toolchain_without_a_static_libc_says_what_to_install() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    // A compiler as a distribution without glibc-static has it: dynamic programs only.
    let cc = dir.script(
        "gcc",
        "for a; do case $a in -static*) echo 'ld: cannot find -lc' >&2; exit 1;; esac; done; exec /usr/bin/gcc \"$@\"",
    );
    let run = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc);
    let said = run().line("h.c -o h").fails(1);
    assert!(said.contains("can't link static C programs") && said.contains("cannot find -lc"), "{said}");
    assert!(said.contains("staticcxx: hint: ") && said.contains("install"), "{said}");
    run().line("-c h.c").silent();
}

#[test]
fn a_full_disk_is_a_failed_link() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    fs::create_dir(dir.join("full")).unwrap();
    Run::new(STATICCC).dir(dir.path()).line("h.c -c").silent();
    let script = format!(
        "mount -t tmpfs -o size=64k none full && {{ '{STATICCC}' h.o -o full/h; s=$?; ls full >&2; exit $s; }}"
    );
    let out = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).output();
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left") && !said.contains("panicked"), "{said}");
    assert!(!said.lines().any(|l| l == "h"), "a partial output was left: {said}");
    // The same for a report: the link is what counts.
    let script = format!(
        "mount -t tmpfs -o size=4k none full && {{ head -c 65536 /dev/zero > full/fill 2>/dev/null; STATICCXX_REPORT=full '{STATICCC}' h.o -o h; }}"
    );
    let out = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).output();
    assert!(out.status.success(), "{}", text(&out.stderr));
}

/// A compiler that never ends in the step that `SLOW` names, `compile` or `link`, once it has done `first`.
fn slow_step(first: &str) -> String {
    let step = "case \" $* \" in *\" -c \"*) step=compile;; *) step=link;; esac";
    format!("{step}; [ \"$SLOW\" = $step ] || exec gcc \"$@\"; echo $$ > pid; {first}; exec sleep 60")
}

#[test]
fn a_link_that_is_stopped_leaves_nothing() {
    for (signal, step) in [
        (Signal::SIGINT, "link"),
        (Signal::SIGTERM, "link"),
        (Signal::SIGHUP, "link"),
        (Signal::SIGINT, "compile"),
        (Signal::SIGTERM, "compile"),
    ] {
        let dir = Dir::new();
        dir.file("h.c", HELLO_C);
        fs::create_dir(dir.join("tmp")).unwrap();
        let cc = dir.script(
            "slowcc",
            &slow_step("for last; do :; done; [ $step = compile ] || last=h; echo part > \"$last\"; touch tmp/ready"),
        );
        let run = || {
            let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).env("TMPDIR", dir.join("tmp"));
            run.line("h.c -o h")
        };
        run().silent();
        fs::remove_file(dir.join("h")).unwrap();
        let mut child = run().env("SLOW", step).command().spawn().unwrap();
        let ready = dir.join("tmp/ready");
        wait_for("the compiler to start", || ready.exists());
        fs::remove_file(ready).unwrap();
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(signal as i32));
        assert!(!dir.join("h").exists(), "{signal}: the partial output was left");
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0, "{signal}: temporary files were left");
        let pid = fs::read_to_string(dir.join("pid")).unwrap();
        wait_for("the compiler to end", || !Path::new("/proc").join(pid.trim()).exists());
    }
}

#[test]
fn an_output_of_before_survives_a_link_that_never_touched_it() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let cc = dir.script("slowcc", &slow_step("touch ready"));
    let run = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).line("h.c -o h");
    run().silent();
    let mut child = run().env("SLOW", "link").command().spawn().unwrap();
    wait_for("the compiler to start", || dir.join("ready").exists());
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let cc = dir.script("slowcc", "[ -n \"$SLOW\" ] && { touch ready; sleep 1; }; exec gcc \"$@\"");
    let env = format!("STATICCXX_CC='{}'", cc.display());
    let warm = format!("{env} '{STATICCC}' h.c -o h && trap '' HUP && SLOW=1 {env} exec '{STATICCC}' h.c -o h");
    let mut child = Run::new("sh").dir(dir.path()).args(["-c", &warm]).command().spawn().unwrap();
    wait_for("the compiler to start", || dir.join("ready").exists());
    kill(Pid::from_raw(child.id() as i32), Signal::SIGHUP).unwrap();
    assert!(child.wait().unwrap().success());
}

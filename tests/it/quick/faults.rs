//! Nothing destroyed, nothing leaked, nothing remembered wrongly.

use crate::support::*;
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;

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

/// A run whose parent ignores the end of its children, which is inherited.
fn from_an_indifferent_parent(run: Run) -> std::process::Output {
    use std::os::unix::process::CommandExt;
    let ignore = || {
        // SAFETY: no handler.
        unsafe { nix::sys::signal::signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;
        Ok(())
    };
    let mut command = run.command();
    // SAFETY: signal(2) is async-signal-safe.
    unsafe { command.pre_exec(ignore) };
    command.output().unwrap()
}

#[test]
fn a_parent_that_ignores_its_children_changes_nothing() {
    let dir = pieces();
    let ctl = |line: &str| Run::new(STATICCTL).line(line);
    for (run, out) in [
        (Run::new(STATICCC).line("h.c -o x"), "x"),
        (Run::new(STATICCC).line("h.o -o x"), "x"),
        (Run::new(STATICCC).line("h.o -fuse-ld=bfd -o x"), "x"),
        (Run::new(STATICCC).line("-shared -fPIC f.c -o x.so"), "x.so"),
        (ctl("archive libs.so -o x.a"), "x.a"),
        (ctl("run -- gcc h.c -o x"), "x"),
        (ctl("try -- ./still"), "still"),
    ] {
        Run::new("gcc").dir(dir.path()).line("-static h.o -o still").ok();
        let shown = from_an_indifferent_parent(run.dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache")));
        assert!(shown.status.success(), "{out}: {}", text(&shown.stderr));
        assert!(!text(&shown.stderr).contains("error"), "{out}: {}", text(&shown.stderr));
        assert!(dir.join(out).exists(), "{out}");
        let _ = fs::remove_file(dir.join(out));
    }
    // What takes our place, and what a build runs, gets what the parent left.
    let ignored = |run: Run| {
        let out = text(&from_an_indifferent_parent(run.dir(dir.path())).stdout);
        let mask = out.rsplit_once("SigIgn:").map(|(_, mask)| u64::from_str_radix(mask.trim(), 16).unwrap());
        mask.unwrap_or_else(|| panic!("{out}")) >> (Signal::SIGCHLD as u64 - 1) & 1 == 1
    };
    let grep = "grep SigIgn /proc/self/status";
    assert!(ignored(Run::new(STATICCC).env("STATICCXX_CC", grep).line("-E h.c")));
    assert!(ignored(Run::new(STATICCTL).line("run --").line(grep)));
}

#[test]
fn closed_streams_are_as_they_would_be_for_the_compiler() {
    let dir = pieces();
    for line in ["-c h.c -o z", "h.c -o z", "h.o -o z", "h.o -fuse-ld=bfd -o z"] {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
            let status = |driver: &str| {
                let _ = fs::remove_file(dir.join("z"));
                let script = format!("timeout 60 {driver} {line} {closed}");
                let out = Run::new("sh").dir(dir.path()).args(["-c", &script]).output();
                (out.status.code(), dir.join("z").exists(), text(&out.stderr))
            };
            assert_eq!(status(STATICCC), status("gcc"), "{line} {closed}");
        }
    }
    Run::new("gcc").dir(dir.path()).line("-static h.o -o still").ok();
    for line in ["image ./still -o -", "check ./still", "env", "completions bash"] {
        for stdout in [">&-", "> /dev/full"] {
            let script = format!("'{STATICCTL}' {line} {stdout}");
            let said = Run::new("sh").dir(dir.path()).args(["-c", &script]).fails(2);
            assert!(said.contains("stdout") && said.contains("can't be written"), "{line} {stdout}: {said}");
        }
    }
    // A build sees what it would see without us.
    let script = format!("'{STATICCTL}' run -- sh -c 'echo || echo closed >&2' >&-");
    let said = text(&Run::new("sh").args(["-c", &script]).output().stderr);
    assert!(said.lines().any(|l| l == "closed"), "{said}");
}

#[test]
fn a_signal_in_the_first_probe_leaves_nothing() {
    // Whichever call of the compiler it meets.
    for (driver, which, signal) in [
        (STATICCC, "--version", Signal::SIGTERM),
        (STATICCC, "-###", Signal::SIGINT),
        (STATICCXX, "-o ./-static", Signal::SIGTERM),
    ] {
        let dir = pieces();
        fs::create_dir(dir.join("tmp")).unwrap();
        let cc = dir.script(
            "cc",
            &format!("case \"$SLOW $* \" in yes*'{which}'*) touch \"$READY\"; sleep 60;; esac; exec $REAL \"$@\""),
        );
        let run = || {
            let run = Run::new(driver).dir(dir.path()).env("TMPDIR", dir.join("tmp")).line("h.o -o h");
            let run = run.env("READY", dir.join("ready")).env("REAL", if driver == STATICCC { "gcc" } else { "g++" });
            run.env("STATICCXX_CC", &cc).env("STATICCXX_CXX", &cc).env("XDG_CACHE_HOME", dir.join("cache"))
        };
        let mut child = run().env("SLOW", "yes").command().spawn().unwrap();
        wait_for("the compiler to start", || dir.join("ready").exists());
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(signal as i32), "{driver} {which}");
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0, "{driver} {which} {signal}");
        assert!(!dir.join("h").exists(), "{driver} {which} {signal}");
        // And nothing was learnt from it.
        run().silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    }
}

#[test]
fn what_the_compiler_started_ends_with_it() {
    for (line, step) in [("h.c -o h", "compile"), ("h.c -o h", "link"), ("-shared -fPIC f.c -o h", "link")] {
        let dir = pieces();
        fs::create_dir(dir.join("tmp")).unwrap();
        // A grandchild, as collect2 and ld are, that would write the output when its parent is long gone.
        let cc = dir.script(
            "cc",
            "case \" $* \" in *\" -c \"*) step=compile;; *) step=link;; esac; [ \"$SLOW\" = $step ] || exec gcc \"$@\"
             sh -c 'echo $$ > number; mv number grandchild; sleep 60; echo part > h' & wait",
        );
        let run =
            || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).env("TMPDIR", dir.join("tmp")).line(line);
        run().silent();
        fs::remove_file(dir.join("h")).unwrap();
        let run = run().env("STATICCXX_LINKER", "bfd").env("SLOW", step);
        let mut child = run.command().spawn().unwrap();
        wait_for("the grandchild to start", || dir.join("grandchild").exists());
        let grandchild = fs::read_to_string(dir.join("grandchild")).unwrap();
        kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(15), "{line}");
        assert!(!std::path::Path::new("/proc").join(grandchild.trim()).exists(), "{line}: it runs on");
        assert!(!dir.join("h").exists(), "{line}");
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0, "{line}");
    }
}

#[test]
fn a_home_that_is_none_is_not_made() {
    let dir = pieces();
    let before = dir.names();
    let nowhere = dir.join("nowhere");
    for home in [nowhere.as_os_str(), "relative".as_ref()] {
        // Root, who has a cache of its own then.
        let script = format!("mount -t tmpfs none /var/cache && exec '{STATICCC}' h.o -o h");
        let run = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]);
        run.env("HOME", home).env("XDG_CACHE_HOME", "relative-cache").ok();
        fs::remove_file(dir.join("h")).unwrap();
        assert_eq!(dir.names(), before, "{home:?}");
    }
}

#[test]
fn an_input_without_an_end_is_the_compiler_s() {
    let dir = pieces();
    let ended = |driver: &str, input: &str| {
        let out = Run::new("timeout").dir(dir.path()).args(["60", driver, "h.o", input, "-o", "h"]).output();
        (out.status.code(), text(&out.stderr).contains("not recognized"))
    };
    for input in ["/dev/zero", "/dev/null"] {
        assert_eq!(ended(STATICCC, input), ended("gcc", input), "{input}");
    }
}

#[test]
fn an_image_has_no_name_that_deletes() {
    let dir = pieces();
    Run::new("gcc").dir(dir.path()).line("-static h.o -o still").ok();
    dir.file("tree/a/.wh.etc", "");
    for add in ["h.c:/.wh.foo", "h.c:/.wh.d/x", "tree:/t"] {
        let said = Run::new(STATICCTL).dir(dir.path()).args(["image", "./still", "-o", "x.tar", "--add", add]).fails(2);
        assert!(said.contains("`.wh.`"), "{add}: {said}");
        assert!(!dir.join("x.tar").exists());
    }
}

#[test]
fn a_shim_that_was_emptied_or_edited_is_made_anew() {
    let dir = Dir::new();
    let tool = dir.script("tools/pkg-config", "echo real");
    let run = || {
        let run = Run::new(STATICCTL).env("XDG_CACHE_HOME", dir.join("cache")).path_first(&[tool.parent().unwrap()]);
        run.args(["run", "--", "pkg-config"])
    };
    assert_eq!(run().ok(), "real\n");
    let shims: Vec<_> = fs::read_dir(dir.join("cache/staticcxx/build")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(shims.len(), 1);
    for damage in ["", "#!/bin/sh\necho damaged\n"] {
        fs::write(shims[0].join("bin/pkg-config"), damage).unwrap();
        assert_eq!(run().ok(), "real\n", "{damage:?}");
    }
}

#[test]
fn a_tried_program_inherits_three_streams() {
    let dir = Dir::new();
    let source = "#include <fcntl.h>\n#include <stdio.h>\nint main(void) { for (int i = 3; i < 200; i++) \
                  if (fcntl(i, F_GETFD) >= 0) printf(\"%d\\n\", i); return 0; }\n";
    dir.file("open.c", source);
    Run::new("gcc").dir(dir.path()).line("-static open.c -o open").ok();
    // The caller's own directory, as a file that could be walked out of the root by.
    let script = format!("exec 5< . 7> secret; ./open >&2; '{STATICCTL}' try ./open");
    let out = Run::new("sh").dir(dir.path()).args(["-c", &script]).output();
    assert!(text(&out.stderr).starts_with("5\n7\n"), "{}", text(&out.stderr));
    assert!(out.status.success() && out.stdout.is_empty(), "{}", text(&out.stdout));
}

//! Machines that lack something: what works there as anywhere, and what is said of what does not.

use crate::support::*;
use nix::libc;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The first system call that Linux 4.4 does not have (`copy_file_range`, of 4.5; arch/x86/entry/syscalls/syscall_64.tbl).
const AFTER_4_4: u32 = 326;

/// Runs something with a filter that answers as a kernel 4.4 does to calls that it does not have.
fn on_kernel_4_4(run: Run) -> Output {
    let word = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let filter = [
        word(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        word(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, AFTER_4_4),
        word(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        word(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let install = move || {
        let program = libc::sock_fprog { len: 4, filter: filter.as_ptr().cast_mut() };
        // SAFETY: prctl(2) is async-signal-safe, and the filter outlives it.
        let done = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
        };
        if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    let mut command = run.command();
    // SAFETY: as above.
    unsafe { command.pre_exec(install) };
    command.output().unwrap()
}

/// A directory with sources, a dynamic program and a library without an archive.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    dir.file("q.c", "#include <stdio.h>\nint q(void) { return puts(\"hello\"); }\n");
    dir.file("m.c", "int q(void);\nint main(void) { return q() < 0; }\n");
    for line in ["-shared -fPIC q.c -o libq.so", "-c m.c", "h.c -o dynamic"] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    dir
}

fn at_home(dir: &Dir, program: &str, line: &str) -> Run {
    let at = |name: &str| dir.join("home").join(name);
    fs::create_dir_all(at("")).unwrap();
    let run = Run::new(program).dir(dir.path()).env("HOME", at("")).env("XDG_DATA_HOME", at("data"));
    run.env("XDG_CONFIG_HOME", at("config")).line(line)
}

#[test]
fn an_old_kernel_is_enough() {
    let dir = project();
    dir.file(
        "probe.c",
        "#include <errno.h>\n#include <unistd.h>\nint main(void) { return !(syscall(332, 0, 0, 0, 0, 0) < 0 && errno == ENOSYS); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("probe.c -o probe").ok();
    assert!(on_kernel_4_4(Run::new(dir.join("probe"))).status.success(), "the filter");
    assert!(!Run::new(dir.join("probe")).output().status.success());
    for (program, line, output) in [
        (STATICCC, "h.c -o x", "x"),
        (STATICCXX, "h.cpp -o x", "x"),
        (STATICCC, "m.o -L. -lq -o x", "x"),
        (STATICCC, "-fuse-ld=bfd h.c -o x", "x"),
        (STATICCTL, "run -- gcc h.c -o x", "x"),
        (STATICCTL, "convert ./dynamic -o x", "x"),
        (STATICCTL, "try ./x", ""),
        (STATICCTL, "cache", ""),
        (STATICCTL, "check x", ""),
        (STATICCTL, "image ./x -o image.tar", ""),
        (STATICCTL, "shims --install p/bin", ""),
        (STATICCTL, "uninstall", ""),
        (STATICCTL, "doctor", ""),
    ] {
        let out = on_kernel_4_4(at_home(&dir, program, line));
        assert!(out.status.success(), "{line}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(!text(&out.stderr).contains("error:"), "{line}: {}", text(&out.stderr));
        if !output.is_empty() {
            assert!(is_static(&dir.join(output)), "{line}");
            let ran = on_kernel_4_4(Run::new(dir.join(output)));
            assert_eq!(text(&ran.stdout), "hello\n", "{line}: {}", text(&ran.stderr));
        }
    }
}

/// Runs a shell's script in namespaces of its own, as their root, with these mounts made before.
fn with_mounts(dir: &Dir, mounts: &str, script: &str) -> Output {
    let names = format!("CC={STATICCC}\nCXX={STATICCXX}\nCTL={STATICCTL}\n");
    let run = at_home(dir, "unshare", "--user --map-root-user --mount sh -ec");
    run.args([format!("{mounts}\n{names}{script}")]).output()
}

#[test]
fn without_proc_programs_are_made_and_what_can_t_be_told_is_said() {
    let dir = project();
    let hidden = "mount -t tmpfs none /proc";
    let out = with_mounts(&dir, hidden, "$CC h.c -o x; $CXX h.cpp -o y; $CC m.o -L. -lq -o z; ./x; ./y; ./z");
    assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
    assert_eq!(text(&out.stdout), "hello\nhello\nhello\n");
    let out = with_mounts(&dir, hidden, "$CTL doctor > /dev/null; $CTL run -- gcc h.c -o r; $CTL cache; ./r");
    assert!(out.status.success() && text(&out.stdout).ends_with("hello\n"), "{}", text(&out.stderr));
    let out =
        with_mounts(&dir, hidden, "$CTL self-check || :; $CTL shims --install p/bin; p/bin/staticcc h.c -o i; ./i");
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("there is no /proc: this file was found by its name"), "{}", text(&out.stdout));
    // Under a name that leads nowhere it can't know where it is.
    dir.file(
        "as.c",
        "#include <unistd.h>\nint main(int n, char **v) { return execl(v[1], \"nobody\", v[2], v[3], (char *)0); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("as.c -o as").ok();
    let out = with_mounts(&dir, hidden, "./as $CTL shims --install");
    let said = text(&out.stderr);
    assert!(said.contains("there is no /proc") && said.contains("hint: mount -t proc"), "{said}");
}

#[test]
fn on_a_read_only_root_it_links_and_says_what_it_can_t_write() {
    let dir = project();
    fs::create_dir(dir.join("w")).unwrap();
    // What else is mounted for writing may stay so: neither home nor cache nor the directory for temporary files is there.
    let ro = format!(
        "mount -t tmpfs none w; mount -o bind,ro home home; mount -o remount,bind,ro home; mount -o bind w w
         mount -t tmpfs -o ro none /tmp 2>/dev/null || :; cd {}/w || exit 9; export XDG_CACHE_HOME=$HOME/cache",
        dir.path().display()
    );
    // The directory is below /tmp itself in most places, which is covered then.
    let ro = match dir.path().starts_with("/tmp") {
        true => ro.replace("mount -t tmpfs -o ro none /tmp 2>/dev/null || :; ", ""),
        false => ro,
    };
    let out = with_mounts(&dir, &ro, "$CC ../h.c -o x && ./x; $CTL run -- gcc ../h.c -o y && ./y");
    assert!(text(&out.stdout) == "hello\nhello\n", "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(!text(&out.stderr).contains("error:"), "{}", text(&out.stderr));
    let out = with_mounts(&dir, &ro, "$CTL self-check || :");
    let said = text(&out.stdout);
    for place in ["cache", "data", "config"] {
        let line = format!("{place}: `{}/", dir.join("home").display());
        assert!(said.lines().any(|l| l.contains(&line) && l.contains("Read-only file system")), "{line}: {said}");
    }
    for (command, named) in [
        ("shims --install $HOME/.local/bin", ".local/"),
        ("shims --install $HOME/bin", "home"),
        ("bug-report -o $HOME/r.md", "r.md"),
        ("man $HOME/man", "man"),
    ] {
        let out = with_mounts(&dir, &ro, &format!("$CTL {command}"));
        let said = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains(named) && said.contains("Read-only file system"), "{command}: {said}");
    }
}

#[test]
fn without_a_home_everything_works_and_nothing_is_left() {
    let dir = project();
    let homes = ["", "/nonexistent", "relative"].map(|home| home.to_owned());
    for home in &homes {
        let run = |program: &str, line: &str| {
            // An ordinary user: root has a cache of its own in /var.
            let mut run = Run::new("unshare").dir(dir.path()).line("--user env -u XDG_CACHE_HOME -u XDG_DATA_HOME");
            run = run.args(["-u", "XDG_CONFIG_HOME", if home.is_empty() { "-uHOME" } else { "-uNONE" }]);
            let set = if home.is_empty() { vec![] } else { vec![format!("HOME={home}")] };
            run.args(set).args([program]).line(line)
        };
        // The compiler is tried anew by each link.
        if home == "/nonexistent" {
            run(STATICCC, "h.c -o x").silent();
            assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "hello\n");
        }
        let said = run(STATICCTL, "self-check").output();
        assert!(text(&said.stdout).contains("nothing is kept between calls"), "{home}: {}", text(&said.stdout));
        let said = run(STATICCTL, "shims --install").fails(2);
        assert!(said.contains("no home directory") && said.contains("hint: staticctl shims --install DIR"), "{said}");
        let said = run(STATICCTL, "cache").fails(2);
        assert!(said.contains("there is no home directory") && said.contains("hint: XDG_CACHE_HOME=DIR"), "{said}");
        // It can be installed all the same, and its note is beside it.
        run(STATICCTL, "shims --install p/bin").ok();
        assert!(dir.join("p/share/staticcxx/installed.json").exists());
        let own = dir.join("p/bin/staticctl");
        run(own.to_str().unwrap(), "uninstall").ok();
        assert!(!dir.join("p").exists());
        assert!(!dir.join("relative").exists());
    }
}

/// A root with nothing but `staticctl` and what it needs to start.
fn bare_root(os_release: &str) -> Dir {
    let root = Dir::new();
    let mut files: Vec<PathBuf> = vec![STATICCTL.into()];
    if !is_static(Path::new(STATICCTL)) {
        let said = Run::new("ldd").args([STATICCTL]).ok();
        files.extend(said.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from));
    }
    for file in &files {
        let to = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    root.file("etc/os-release", os_release);
    root
}

#[test]
fn in_a_root_with_nothing_it_says_what_to_install() {
    for (os_release, hint) in
        [("ID=alpine\n", "apk add"), ("ID=debian\n", "apt-get install"), ("ID=fedora\n", "dnf install")]
    {
        let root = bare_root(os_release);
        let run = |line: &str| {
            let run = Run::new("unshare").line("--user --map-root-user --mount --root");
            run.args([root.path().as_os_str(), STATICCTL.as_ref()]).env("PATH", "/bin").env("HOME", "/").line(line)
        };
        let out = run("doctor").output();
        let said = text(&out.stdout);
        assert_eq!(out.status.code(), Some(1), "{said}{}", text(&out.stderr));
        assert!(said.contains("does not work") && said.contains(hint), "{os_release}: {said}");
        let out = run("self-check").output();
        assert!(text(&out.stdout).contains("there is no /proc"), "{}", text(&out.stdout));
        assert!(run("bug-report -o /r.md").ok() == "/r.md\n");
        let report = fs::read_to_string(root.join("r.md")).unwrap();
        assert!(report.contains(hint) && report.contains("cc: can't be asked"), "{report}");
    }
}

#[test]
fn without_headers_the_doctor_names_their_package() {
    let dir = project();
    fs::create_dir_all(dir.join("cache")).unwrap();
    dir.file("os-release", "ID=debian\n");
    // Another toolchain that is installed here would be taken instead.
    let hidden = "mount -t tmpfs none /usr/include; mount -o bind os-release /etc/os-release
        export STATICCXX_TOOLCHAIN=host-gcc XDG_CACHE_HOME=$PWD/cache";
    let out = with_mounts(&dir, hidden, "$CTL doctor");
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("stdio.h: No such file") && said.contains("apt-get install libc6-dev"), "{said}");
    let out = with_mounts(&dir, hidden, "$CC h.c -o x");
    let said = text(&out.stderr);
    assert!(said.contains("stdio.h") && said.contains("hint: apt-get install libc6-dev"), "{said}");
}

//! `staticctl shims --install`, `self-check`, `uninstall`, `version` and `bug-report`.

use crate::support::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

const NAMES: [&str; 4] = ["staticcc", "staticcxx", "staticfc", "staticctl"];

/// A run of a program in a home of its own.
fn at_home(dir: &Dir, program: impl AsRef<std::ffi::OsStr>, line: &str) -> Run {
    fs::create_dir_all(dir.join("home")).unwrap();
    let at = |name: &str| dir.join("home").join(name);
    let run = Run::new(program).dir(dir.path()).env("HOME", dir.join("home")).line(line);
    run.env("XDG_DATA_HOME", at("data")).env("XDG_CONFIG_HOME", at("config")).env("XDG_CACHE_HOME", at("cache"))
}

fn install(dir: &Dir) -> Run {
    at_home(dir, STATICCTL, "shims --install prefix/bin")
}

/// All files and links below a directory.
fn files(dir: PathBuf) -> BTreeSet<PathBuf> {
    let all = walkdir::WalkDir::new(&dir).into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
    all.map(|entry| entry.path().strip_prefix(&dir).unwrap().to_owned()).collect()
}

#[test]
fn what_is_installed_works_and_goes_again() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let said = install(&dir).output();
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(text(&said.stderr).contains("is not on PATH\nstaticcxx: hint: export PATH="), "{}", text(&said.stderr));
    let bin = dir.join("prefix/bin");
    let inodes: BTreeSet<u64> = NAMES.iter().map(|name| fs::metadata(bin.join(name)).unwrap().ino()).collect();
    assert_eq!((inodes.len(), inodes.contains(&fs::metadata(STATICCTL).unwrap().ino())), (1, false));
    let there = files(dir.join("prefix"));
    for page in ["man/man1/staticctl-cache-gc.1", "man/man1/staticcc.1", "zsh/site-functions/_staticctl"] {
        assert!(there.contains(&PathBuf::from("share").join(page)), "{page}: {there:?}");
    }
    // The names do what they say.
    at_home(&dir, bin.join("staticcc"), "h.c -o h").path_first(&[&bin]).silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &["x"]), "hello x\n");
    assert!(at_home(&dir, bin.join("staticcxx"), "--version").ok().contains("Free Software Foundation"));
    let checked = at_home(&dir, bin.join("staticctl"), "self-check --json").env("PATH", &bin).output();
    let value: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert!(value["names"].as_array().unwrap().iter().all(|name| name["state"] == "same"), "{value:#}");
    // The tests' own programs may be dynamic: that alone is wrong then.
    let is_dynamic = usize::from(!is_static(STATICCTL.as_ref()));
    assert_eq!(value["problems"].as_array().unwrap().len(), is_dynamic, "{value:#}");
    assert_eq!(
        (checked.status.code(), &value["static"]),
        (Some(i32::from(is_dynamic == 1)), &(is_dynamic == 0).into())
    );
    // Again: nothing changes, and with the directory on PATH nothing is said.
    let before: Vec<(PathBuf, u64)> =
        there.iter().map(|p| (p.clone(), fs::symlink_metadata(dir.join("prefix").join(p)).unwrap().ino())).collect();
    let again = install(&dir).path_first(&[&bin]).output();
    assert_eq!((again.status.success(), text(&again.stderr)), (true, String::new()));
    assert!(before.iter().all(|(p, ino)| fs::symlink_metadata(dir.join("prefix").join(p)).unwrap().ino() == *ino));
    // Nothing is left but the cache.
    let would = at_home(&dir, STATICCTL, "uninstall --dry-run").ok();
    assert_eq!(files(dir.join("prefix")), there);
    let said = at_home(&dir, STATICCTL, "uninstall").ok();
    assert_eq!(would.replace("would remove", "removed"), said);
    assert!(!dir.join("prefix").exists() && !dir.join("home/data").exists(), "{said}");
    assert!(dir.join("home/cache/staticcxx").exists());
    at_home(&dir, STATICCTL, "uninstall --all").ok();
    assert_eq!(files(dir.join("home")), BTreeSet::new());
    let said = at_home(&dir, STATICCTL, "uninstall").fails(1);
    assert!(said.contains("nothing is noted") && said.contains("hint: "), "{said}");
}

#[test]
fn what_is_somebody_else_s_stays() {
    let dir = Dir::new();
    dir.script("prefix/bin/staticcc", "echo mine");
    let said = install(&dir).fails(2);
    assert!(said.contains("prefix/bin/staticcc` is not of staticcxx, and stays") && said.contains("--force"), "{said}");
    assert_eq!(files(dir.join("prefix")).len(), 1, "nothing else was written");
    install(&dir).args(["--force"]).ok();
    // What was changed stays, and is named.
    let page = dir.join("prefix/share/man/man1/staticctl.1");
    fs::write(&page, "mine").unwrap();
    fs::remove_file(dir.join("prefix/bin/staticfc")).unwrap();
    fs::copy("/bin/true", dir.join("prefix/bin/staticfc")).unwrap();
    let said = install(&dir).fails(2);
    assert!(said.contains("staticfc` is not of staticcxx"), "{said}");
    let said = at_home(&dir, STATICCTL, "uninstall").fails(1);
    assert!(said.contains("man1/staticctl.1` was changed since") && said.contains("staticfc` was changed"), "{said}");
    let left = ["bin/staticfc", "share/man/man1/staticctl.1"].map(PathBuf::from);
    assert_eq!(files(dir.join("prefix")), BTreeSet::from(left));
    // A directory in the way is never replaced; a damaged note is not guessed.
    let dir = Dir::new();
    fs::create_dir_all(dir.join("prefix/bin/staticctl")).unwrap();
    let said = install(&dir).args(["--force"]).fails(2);
    assert!(said.contains("is a directory") && said.contains("hint: "), "{said}");
    dir.file("home/data/staticcxx/installed.json", "{\"placements\":");
    for line in ["uninstall", "shims --install other"] {
        let said = at_home(&dir, STATICCTL, line).fails(2);
        assert!(said.contains("installed.json`") && said.contains("hint: rm "), "{line}: {said}");
    }
}

#[test]
fn names_lead_to_one_program_however_they_are_made() {
    let dir = Dir::new();
    // An old program of ours under another inode, and a link to nowhere.
    fs::create_dir_all(dir.join("prefix/bin")).unwrap();
    fs::copy(STATICCC, dir.join("prefix/bin/staticcc")).unwrap();
    symlink("nowhere", dir.join("prefix/bin/staticfc")).unwrap();
    let said = install(&dir).fails(2);
    assert!(said.contains("staticfc` is not of staticcxx"), "{said}");
    fs::remove_file(dir.join("prefix/bin/staticfc")).unwrap();
    install(&dir).ok();
    let bin = dir.join("prefix/bin");
    let inodes: BTreeSet<u64> = NAMES.iter().map(|name| fs::metadata(bin.join(name)).unwrap().ino()).collect();
    assert_eq!(inodes.len(), 1);
    // A program that only its owner may run is copied for all.
    let own = dir.join("own/staticctl");
    fs::create_dir(dir.join("own")).unwrap();
    fs::copy(STATICCTL, &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
    at_home(&dir, &own, "shims --install elsewhere").ok();
    let placed = fs::metadata(dir.join("elsewhere/staticctl")).unwrap();
    assert_eq!((placed.mode() & 0o7777, placed.nlink()), (0o755, 4));
    assert!(dir.join("elsewhere/share/man/man1/staticctl.1").exists());
    let said = at_home(&dir, STATICCTL, "uninstall").ok();
    assert!(said.contains("prefix/bin/staticctl") && said.contains("elsewhere/staticctl"), "{said}");
    // The directory that was there before stays.
    assert_eq!((files(dir.join("prefix")), dir.join("prefix/bin").is_dir()), (BTreeSet::new(), true));
    assert!(!dir.join("elsewhere").exists() && !dir.join("prefix/share").exists());
}

#[test]
fn another_version_on_path_is_told() {
    let dir = Dir::new();
    install(&dir).ok();
    let bin = dir.join("prefix/bin");
    dir.script("old/staticctl", "echo staticctl 0.0.9");
    dir.script("old/staticcc", "exit 1");
    let check = |first: &str, last: &str| {
        let path = std::env::join_paths([dir.join(first), dir.join(last), "/bin".into()]).unwrap();
        let out = at_home(&dir, bin.join("staticctl"), "self-check").env("PATH", path).output();
        text(&out.stdout)
    };
    let version = format!("is version {}", env!("CARGO_PKG_VERSION"));
    for (first, last, how) in [("old", "prefix/bin", "which PATH has first"), ("prefix/bin", "old", "behind this one")]
    {
        let said = check(first, last);
        let line = said.lines().find(|line| line.contains("0.0.9")).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("old/static") && line.contains(&version) && line.contains(how), "{line}");
        assert_eq!(line.starts_with("wrong:"), first == "old", "{line}");
    }
    let path = std::env::join_paths([dir.join("old"), bin.clone()]).unwrap();
    let said = install(&dir).env("PATH", path).output();
    assert!(text(&said.stderr).contains("(0.0.9) comes before"), "{}", text(&said.stderr));
    // Its own names of another version.
    fs::remove_file(dir.join("prefix/bin/staticcxx")).unwrap();
    dir.script("prefix/bin/staticcxx", "exit 1");
    assert!(check("prefix/bin", "old").contains("staticcxx` is"), "{}", check("prefix/bin", "old"));
}

#[test]
fn the_version_tells_of_what_it_was_built() {
    let long = Run::new(STATICCTL).line("--version").ok();
    assert_eq!(Run::new(STATICCTL).line("version").ok(), long);
    let first = format!("staticctl {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(long.lines().next(), Some(first.as_str()));
    assert_eq!(Run::new(STATICCTL).line("-V").ok(), format!("{first}\n"));
    let value: Value = serde_json::from_str(&Run::new(STATICCTL).line("version --json").ok()).unwrap();
    for (key, line) in [("commit", 1), ("target", 3)] {
        assert_eq!(long.lines().nth(line), Some(format!("{key}: {}", value[key].as_str().unwrap()).as_str()));
    }
    assert_eq!(value["features"].as_array().unwrap().iter().any(|f| f == "wild"), cfg!(feature = "wild"));
}

#[test]
fn a_bug_report_has_what_is_needed_and_nothing_secret() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("report/links.jsonl", "");
    let run = |line: &str| {
        let run = at_home(&dir, STATICCTL, line).env("XDG_CACHE_HOME", "/nowhere/cache");
        let cached = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
        run.env("XDG_CACHE_HOME", cached)
            .env("STATICCXX_REPORT", dir.join("home/report"))
            .env("STATICCXX_CHECK", "warn")
            .env("GITHUB_TOKEN", "ghp_Sentinel")
            .env("CFLAGS", "-DX=ghp_Sentinel -O2")
            .env("USER", "somebody")
            .env("UNRELATED", "nobody's business")
    };
    at_home(&dir, STATICCC, "h.c -o h").env("STATICCXX_REPORT", dir.join("home/report")).ok();
    let said = run("bug-report -- gcc h.c -o h -DPASSWORD=Sentinel2 -I/home/somebody/x").ok();
    assert_eq!(said, "staticcxx-bug-report.md\n");
    let report = fs::read_to_string(dir.join("staticcxx-bug-report.md")).unwrap();
    for needed in [
        "staticctl 0.1.0",
        "kernel: Linux",
        "STATICCXX_CHECK=warn",
        "CFLAGS=-DX=[hidden] -O2",
        "## staticctl doctor\n",
        "host-gcc",
        "## staticctl self-check\n",
        "static-pie: the default",
        "-DPASSWORD=[hidden]",
        "-I/home/USER/x",
        "HOME=~\n",
        "## The last links\n",
        "\"outcome\":\"verified\"",
    ] {
        assert!(report.contains(needed), "{needed} is not in\n{report}");
    }
    let home = dir.join("home").display().to_string();
    for secret in ["Sentinel", "somebody", "nobody's business", home.as_str()] {
        assert!(!report.contains(secret), "{secret} is in\n{report}");
    }
    // It replaces its own, and nothing else.
    run("bug-report").ok();
    fs::write(dir.join("staticcxx-bug-report.md"), "mine").unwrap();
    let said = run("bug-report").fails(2);
    assert!(said.contains("is no report") && said.contains("-o OTHER.md"), "{said}");
    let said = run("bug-report -o none/x.md").fails(2);
    assert!(said.contains("none/x.md` can't be written") && said.contains("hint: staticctl bug-report -o "), "{said}");
}

//! `staticctl cache`: what is kept, and what goes of it while links run.

use crate::support::*;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A project with a library that has no archive, and a cache of its own.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 42; }\n");
    dir.file("m.c", "#include <stdio.h>\nint q(void);\nint main(void) { return printf(\"%d\\n\", q()) < 0; }\n");
    for line in ["-shared -fPIC q.c -o libq.so", "-c m.c"] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    dir
}

fn by(dir: &Dir, program: &str, line: &str) -> Run {
    Run::new(program).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache")).line(line)
}

fn kept(dir: &Dir, kind: &str) -> usize {
    let files = walkdir::WalkDir::new(dir.join("cache/staticcxx").join(kind)).into_iter().flatten();
    files.filter(|entry| entry.file_type().is_file()).count()
}

fn link(dir: &Dir, output: &str) {
    by(dir, STATICCC, &format!("m.o -L. -lq -o {output}")).silent();
    assert_eq!(Run::new(dir.join(output)).ok(), "42\n");
}

fn age(dir: &Path, by: Duration) {
    let files = walkdir::WalkDir::new(dir).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.for_each(|file| File::open(file.path()).unwrap().set_modified(SystemTime::now() - by).unwrap());
}

#[test]
fn the_cache_is_told_by_kinds_and_goes_by_kind_age_and_size() {
    let dir = project();
    assert_eq!(by(&dir, STATICCTL, "cache").ok().lines().count(), 2, "an empty one has a head and a sum");
    link(&dir, "m");
    let said = by(&dir, STATICCTL, "cache").ok();
    assert!(said.contains("converted shared objects") && said.contains("today"), "{said}");
    let json = |line: &str| serde_json::from_str::<Value>(&by(&dir, STATICCTL, line).ok()).unwrap();
    let table = json("cache --json");
    let rows = table["kinds"].as_array().unwrap();
    let converted = rows.iter().find(|row| row["kind"] == "converted").unwrap();
    assert_eq!((converted["files"].as_u64(), kept(&dir, "converted")), (Some(2), 2), "{table:#}");
    let sum = |what: &str| rows.iter().map(|row| row[what].as_u64().unwrap()).sum::<u64>();
    assert_eq!((table["files"].as_u64(), table["bytes"].as_u64()), (Some(sum("files")), Some(sum("bytes"))));

    // Nothing goes that was used, or in a dry run.
    assert_eq!(by(&dir, STATICCTL, "cache gc").ok(), "removed 0 files, 0 B\n");
    let all = kept(&dir, "");
    assert!(by(&dir, STATICCTL, "cache clear --dry-run").ok().starts_with(&format!("would remove {all} files")));
    assert_eq!(kept(&dir, ""), all);
    // By age.
    age(&dir.join("cache/staticcxx/trials"), DAY * 40);
    age(&dir.join("cache/staticcxx/converted"), DAY * 20);
    let trials = kept(&dir, "trials");
    assert_eq!(json("cache gc --json")["files"], trials);
    assert_eq!((kept(&dir, "trials"), kept(&dir, "converted")), (0, 2));
    assert_eq!(json("cache gc --older-than 10 --json")["files"], 2);
    // By kind, and by size.
    link(&dir, "m");
    by(&dir, STATICCTL, "cache clear converted").ok();
    assert_eq!(kept(&dir, "converted"), 0);
    assert!(kept(&dir, "repairs") > 0);
    by(&dir, STATICCTL, "cache gc --max-size 0").ok();
    assert_eq!(kept(&dir, ""), 0);
    link(&dir, "m");
}

#[test]
fn what_can_t_be_cleared_is_said() {
    let dir = project();
    // Of what may be there, nothing may be there.
    assert_eq!(by(&dir, STATICCTL, "cache clear converted").ok(), "removed 0 files, 0 B\n");
    dir.file("cache/staticcxx/lines/a.json", "x");
    let said = by(&dir, STATICCTL, "cache clear line").fails(2);
    assert!(
        said.contains("no kind `line`")
            && said.contains("hint: staticctl cache clear archives|")
            && said.contains("|lines|"),
        "{said}"
    );
    for line in ["cache gc --max-size much", "cache gc --older-than -1", "cache clear ../..", "cache --frob"] {
        by(&dir, STATICCTL, line).fails(2);
    }
    let said = Run::new(STATICCTL).env("HOME", "/nonexistent").env("XDG_CACHE_HOME", dir.join("m.c")).line("cache");
    let said = said.fails(2);
    assert!(said.contains("can't be read") && said.contains("hint: XDG_CACHE_HOME=DIR"), "{said}");
    // A file in its place is of no kind, and goes.
    dir.file("cache/staticcxx/trials", "x");
    by(&dir, STATICCTL, "cache clear").ok();
    assert_eq!(kept(&dir, ""), 0);
}

#[test]
fn a_link_that_runs_keeps_its_files() {
    let dir = project();
    link(&dir, "m");
    // A compiler that links when it is told to: the link has found its files by then.
    let gcc = which("gcc");
    dir.script(
        "gcc",
        &format!(
            "case \" $* \" in *' m.o '*) touch linking; while [ ! -e go ]; do sleep 0.05; done;; esac\nexec {} \"$@\"",
            gcc.display()
        ),
    );
    let slow = || by(&dir, STATICCC, "m.o -L. -lq -fuse-ld=bfd -o slow").env("STATICCXX_CC", dir.join("gcc"));
    // Its own facts are probed before.
    fs::write(dir.join("go"), "").unwrap();
    slow().silent();
    for name in ["go", "linking", "slow"] {
        fs::remove_file(dir.join(name)).unwrap();
    }
    let mut running = slow().command().spawn().unwrap();
    wait_for("the link waits", || dir.join("linking").exists());
    let (converted, repairs) = (kept(&dir, "converted"), kept(&dir, "repairs"));
    let said = by(&dir, STATICCTL, "cache clear").output();
    assert!(
        said.status.success() && text(&said.stderr).contains("used since yesterday stay"),
        "{}",
        text(&said.stderr)
    );
    assert_eq!((kept(&dir, "converted"), kept(&dir, "repairs")), (converted, repairs));
    fs::write(dir.join("go"), "").unwrap();
    assert!(running.wait().unwrap().success());
    assert_eq!(Run::new(dir.join("slow")).ok(), "42\n");
    by(&dir, STATICCTL, "cache clear").ok();
    assert_eq!(kept(&dir, ""), 0);
}

#[test]
fn links_beside_a_cleaner_all_succeed() {
    let dir = project();
    link(&dir, "m");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let links: Vec<_> = ["a", "b"]
            .into_iter()
            .map(|name| {
                let dir = &dir;
                scope.spawn(move || (0..5).for_each(|n| link(dir, &format!("{name}{n}"))))
            })
            .collect();
        let cleaner = scope.spawn(|| {
            let mut removed = 0;
            // The compiler is tried anew once: that takes longer than all links.
            let lines =
                ["cache gc --max-size 0"].into_iter().chain(["cache clear converted", "cache clear lines"].repeat(500));
            for line in lines.take_while(|_| !over.load(Ordering::Relaxed)) {
                let said = by(&dir, STATICCTL, &format!("{line} --json")).output();
                let value = serde_json::from_slice::<Value>(&said.stdout).unwrap_or_default();
                removed += value["files"].as_u64().unwrap_or(0);
            }
            removed
        });
        let ends: Vec<bool> = links.into_iter().map(|links| links.join().is_ok()).collect();
        over.store(true, Ordering::Relaxed);
        let removed = cleaner.join().unwrap();
        assert!(ends.iter().all(|well| *well) && removed > 0, "{ends:?}, {removed} files went");
    });
}

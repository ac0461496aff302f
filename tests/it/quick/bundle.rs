//! `staticctl bundle`: an application with data, plugin, helper and script, and what stays out.

use crate::support::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

/// The application in `app/`, an hour old, which its users may read.
pub fn application() -> Dir {
    let dir = Dir::new();
    fs::create_dir(dir.join("app")).unwrap();
    dir.file("app.c", fixture!("bundle/app.c"));
    dir.file("plugin.c", "int answer(void) { return 42; }");
    dir.file("helper.c", "#include <stdio.h>\n#include <math.h>\nint main(int n, char **v) { return printf(\"helper: %g\\n\", sqrt(n)) < 0; }");
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("app.c -o app/app");
    gcc("-shared -fPIC plugin.c -o app/plugin.so");
    gcc("helper.c -lm -o app/helper");
    dir.script("app/helper.sh", "#!/bin/sh\nexec \"${0%/*}/helper\" a b c\n");
    dir.file("app/data.txt", "data\n");
    dir.file("app/secret", "secret\n");
    dir.file("app/unused", "unused\n");
    fs::set_permissions(dir.join("app/secret"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink(dir.join("app/data.txt"), dir.join("app/data.link")).unwrap();
    for name in fs::read_dir(dir.join("app")).unwrap() {
        let file = fs::File::open(name.unwrap().path()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }
    // Namespaces may run it as another user.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn bundle(dir: &Dir, line: &str) -> Run {
    Run::new(STATICCTL).dir(dir.path()).line("bundle app/app").line(line)
}

const SAYS: &str = "data\nnot there\nplugin: 42\nhelper: 2\n";

#[test]
fn a_directory_runs_anywhere_and_holds_what_was_touched() {
    let dir = application();
    let said = bundle(&dir, "-o out/ --json -- x").output();
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(
        text(&said.stderr).contains("secret` is left out, as others may not read it: `--add "),
        "{}",
        text(&said.stderr)
    );
    let facts: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    // The secret was there for the original.
    assert_eq!((&facts["as_root"], &facts["anywhere"]), (&false.into(), &serde_json::Value::Null), "{facts}");
    let top = dir.path().canonicalize().unwrap();
    let inside = dir.join("out").join(top.strip_prefix("/").unwrap()).join("app");
    let names: Vec<String> = {
        let mut all: Vec<String> =
            fs::read_dir(&inside).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    };
    assert_eq!(names, ["app", "data.link", "data.txt", "helper", "helper.sh", "plugin.so"]);
    assert!(is_static(&inside.join("app")) && is_static(&inside.join("helper")));
    assert_eq!(fs::read_link(inside.join("data.link")).unwrap().to_str().unwrap(), "data.txt");
    assert_eq!(fs::metadata(inside.join("plugin.so")).unwrap().len(), 0);
    // Away from where the originals are.
    fs::rename(dir.join("app"), dir.join("gone")).unwrap();
    assert_eq!(Run::new(inside.join("app")).line("x").ok(), format!("argument: x\n{SAYS}"));
    fs::rename(dir.join("out"), dir.join("moved")).unwrap();
    let moved = dir.join("moved").join(top.strip_prefix("/").unwrap()).join("app/app");
    assert_eq!(Run::new(moved).ok(), SAYS);
}

#[test]
fn a_root_has_no_other_file() {
    let dir = application();
    fs::remove_file(dir.join("app/secret")).unwrap();
    let said = bundle(&dir, "-o out/ --json").ok();
    let facts: serde_json::Value = serde_json::from_str(&said).unwrap();
    // Elsewhere the script has no shell.
    assert_eq!((&facts["as_root"], &facts["anywhere"]), (&true.into(), &false.into()), "{facts}");
    let program = dir.path().canonicalize().unwrap().join("app/app");
    let line = "try --root out --with-proc";
    let tried = Run::new(STATICCTL).dir(dir.path()).line(line).args([&program]).ok();
    assert_eq!(tried, SAYS);
    let ran = facts["files"].as_array().unwrap().iter().filter(|f| f["why"] == "run").count();
    // The application, the script, its shell, the helper.
    assert_eq!((ran, facts["converted"].as_array().unwrap().len()), (4, 3), "{facts}");
}

#[test]
fn whether_it_runs_from_any_directory_was_tried() {
    let dir = application();
    fs::remove_file(dir.join("app/secret")).unwrap();
    fs::remove_file(dir.join("app/helper.sh")).unwrap();
    symlink("helper", dir.join("app/helper.sh")).unwrap();
    // An empty directory may be there.
    fs::create_dir(dir.join("out")).unwrap();
    let said = bundle(&dir, "-o out/ -- x").ok();
    let program = dir.path().canonicalize().unwrap().join("app/app");
    let shown = format!("2 static programs; it runs from any directory: `out{}`", program.display());
    assert!(said.lines().last().unwrap().contains(&shown), "{said}");
}

#[test]
fn several_runs_files_that_are_named_and_services() {
    let dir = application();
    let added = "-o out/ --add app/secret --add app/unused:/etc/app/config --run serve --timeout 1 --json";
    let said = bundle(&dir, added).output();
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert!(
        text(&said.stderr).contains("serve` was ended, so the bundle was not run like that"),
        "{}",
        text(&said.stderr)
    );
    let facts: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let why = |end: &str| {
        let files = facts["files"].as_array().unwrap();
        files.iter().find(|f| f["path"].as_str().unwrap().ends_with(end)).map(|f| f["why"].clone())
    };
    assert_eq!(why("/secret"), Some("added".into()));
    assert_eq!(why("/etc/app/config"), Some("added".into()));
    assert_eq!(why("/plugin.so"), Some("plugin".into()));
}

#[test]
fn what_a_run_writes_is_no_part_and_the_place_is_named() {
    let dir = application();
    let said = bundle(&dir, "-o out/ -- write").output();
    let (printed, error) = (text(&said.stdout), text(&said.stderr));
    assert!(said.status.success() && dir.join("app/result").exists(), "{error}");
    let app = dir.path().canonicalize().unwrap().join("app");
    assert!(error.contains("the bundle was not run: the program writes to `"), "{error}");
    assert!(printed.contains("whether it runs outside of a root was not tried"), "{printed}");
    assert!(!dir.join("out").join(app.strip_prefix("/").unwrap()).join("result").exists());
}

#[test]
fn what_can_t_be_bundled_is_said_and_leaves_nothing() {
    let dir = application();
    dir.file("full/x", "");
    let before = dir.names();
    for (line, status, error) in [
        ("bundle app/app -o full/", 2, "`full` is there already"),
        ("bundle app/app -o full", 2, "`full` is there already"),
        ("bundle app/none -o out/", 2, "no program `app/none`"),
        ("bundle app/data.txt -o out/", 2, "app/data.txt` was not run: "),
        ("bundle app/app -o out/ --run \"'\"", 2, "a quotation mark without its other half"),
        ("bundle app/app -o out/ --add app/none", 2, "`--add app/none`: No such file"),
        ("bundle app/app -o none/out/", 2, "can't be written: No such file"),
    ] {
        let said = Run::new(STATICCTL).dir(dir.path()).args(shlex::split(line).unwrap()).fails(status);
        assert!(said.contains(error), "{line}: {said}");
        assert_eq!(dir.names(), before, "{line}");
    }
    assert!(!dir.join("app/result").exists());
    let said = Run::new(STATICCTL).dir(dir.path()).line("bundle app/app -o none/out/ -- write").fails(2);
    assert!(said.contains("can't be written") && !dir.join("app/result").exists(), "it was run first: {said}");
    // A signal ends it as a signal, and the run with it.
    dir.script("wait", "#!/bin/sh\nkill -TERM $PPID\nsleep 60\n");
    let out = Run::new(STATICCTL).dir(dir.path()).line("bundle ./wait -o out/").output();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&out.status), Some(15), "{out:?}");
    assert!(!dir.join("out").exists());
}

//! `staticctl toolchain add` killed at any moment, and `drop` of what others need.

use super::musl_libraries::{Copy, cache, hints};
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What a prefix has, but for the toolchain itself and the records.
fn files(prefix: &Path) -> Vec<PathBuf> {
    let find =
        Run::new("find").args([prefix]).line("( -path */toolchain -o -path */lib/staticcxx ) -prune -o -type f -print");
    let mut files: Vec<PathBuf> = find.ok().lines().map(PathBuf::from).collect();
    files.retain(|f| f.parent() != Some(prefix));
    files.sort();
    files
}

fn has_record(prefix: &Path, name: &str) -> bool {
    prefix.join(format!("lib/staticcxx/{name}.json")).is_file()
}

/// A recipe for a library `sum` that needs zlib, and whose build stops while a file is there.
fn adds_sum(copy: &Copy) -> PathBuf {
    let stops = copy.dir.join("stops");
    let lines = format!(
        "echo at work; while test -e '{}'; do sleep 0.1; done; \
         mkdir -p {{stage}}{{prefix}}/include {{stage}}{{prefix}}/lib; \
         echo 'unsigned long sum(const char *);' > {{stage}}{{prefix}}/include/sum.h; \
         printf '#include <string.h>\\n#include <zlib.h>\\nunsigned long sum(const char *s)\\n{{ return crc32(0, (void *)s, strlen(s)); }}\\n' > sum.c; \
         $CC $CFLAGS -c sum.c; ar rc {{stage}}{{prefix}}/lib/libsum.a sum.o",
        stops.display()
    );
    let recipe = serde_json::json!({
        "schema": 1, "name": "sum", "description": "x", "sources": ["bzip2"], "needs": ["zlib"],
        "build": {"system": "lines", "prepare": [lines]}, "headers": ["sum.h"], "archives": ["sum"],
        "test": {"program": "sum.c", "words": ["-lsum", "-lz"]},
    });
    copy.dir.file("config/staticcxx/libraries/sum.json", recipe.to_string());
    let main = "#include <sum.h>\n#include <stdio.h>\nint main(void) { return sum(\"123456789\") != 0xcbf43926 || puts(\"ok\") < 0; }\n";
    copy.dir.file("config/staticcxx/libraries/sum.c", main);
    fs::write(&stops, "").unwrap();
    stops
}

#[test]
fn killed_in_the_middle_the_next_add_goes_on_and_what_is_needed_stays() {
    let copy = Copy::new();
    let prefix = copy.prefix();
    let empty = files(&prefix);
    let stops = adds_sum(&copy);
    let log = cache().join("staticcxx/build/libraries/sum.log");
    let _ = fs::remove_file(&log);
    let mut add = copy.ctl("add sum -j1 -q").command().stderr(Stdio::null()).spawn().unwrap();
    wait_for("the build of sum", || fs::read_to_string(&log).is_ok_and(|log| log.contains("\nat work\n")));
    let zlib = files(&prefix);
    add.kill().unwrap();
    add.wait().unwrap();
    // What was finished is whole, of the rest there is nothing.
    assert!(files(&prefix) == zlib && zlib.len() > empty.len());
    assert!(has_record(&prefix, "zlib") && !has_record(&prefix, "sum"));
    // What it had started is still at work.
    let next = copy.ctl("add sum -j1").command().stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!has_record(&prefix, "sum"));
    fs::remove_file(&stops).unwrap();
    let said = text(&next.wait_with_output().unwrap().stderr);
    assert!(said.contains("a build of libraries is still at work") && said.contains("[1/1] sum from bzip2"), "{said}");
    assert!(said.contains("added: zlib ") && !said.contains("by half"), "{said}");
    let link =
        || copy.run(STATICCC).args([copy.dir.join("config/staticcxx/libraries/sum.c")]).line("-o p -lsum -lz").silent();
    link();
    assert_eq!(says_in_empty_root(&copy.dir.join("p"), &[]), "ok\n");

    // A library that another needs stays, whatever else is named beside it.
    let whole = files(&prefix);
    let said = copy.ctl("drop zlib").fails(2);
    assert!(said.contains("error: `zlib` is needed by sum\n"), "{said}");
    assert_eq!(hints(&said), ["staticcxx: hint: staticctl toolchain drop sum zlib"]);
    assert!(copy.ctl("drop zlib libffi").fails(2).contains("`libffi` was not added to this toolchain"));
    assert_eq!(files(&prefix), whole);
    link();
    copy.ctl("drop sum zlib").silent();
    assert_eq!(files(&prefix), empty);
    assert!(!has_record(&prefix, "zlib") && !has_record(&prefix, "sum"));
}

#[test]
fn killed_at_each_rename_nothing_is_there_by_half_after_the_next_add() {
    let copy = Copy::new();
    let prefix = copy.prefix();
    let empty = files(&prefix);
    // Two headers and an archive with information for debuggers, beside the source of another package.
    let lines = "mkdir -p {stage}{prefix}/include/tiny {stage}{prefix}/lib {stage}{prefix}/bin; \
                 for h in a b; do echo 'int tiny(void);' > {stage}{prefix}/include/tiny/$h.h; done; \
                 test -f {beside}/bzip2/bzip2.c; \
                 echo 'int tiny(void) { return 42; }' > tiny.c; $CC $CFLAGS -g -c tiny.c; \
                 ar rc {stage}{prefix}/lib/libtiny.a tiny.o; \
                 printf '#!/bin/sh\\necho tool\\n' > {stage}{prefix}/bin/tiny-tool; chmod 755 {stage}{prefix}/bin/*; \
                 cp {stage}{prefix}/bin/tiny-tool {stage}{prefix}/bin/other";
    let recipe = serde_json::json!({
        "schema": 1, "name": "tiny", "description": "x", "sources": ["zlib"], "beside": ["bzip2"],
        "build": {"system": "lines", "prepare": [lines]}, "headers": ["tiny/a.h", "tiny/b.h"], "archives": ["tiny"],
        "programs": ["tiny-tool"], "test": {"program": "tiny.c", "words": ["-ltiny"]},
    });
    copy.dir.file("config/staticcxx/libraries/tiny.json", recipe.to_string());
    let main = "#include <tiny/a.h>\n#include <stdio.h>\nint main(void) { return tiny() != 42 || puts(\"ok\") < 0; }\n";
    copy.dir.file("config/staticcxx/libraries/tiny.c", main);
    let mut by_half = 0;
    for number in 1.. {
        assert!(number < 40, "it never ends by itself");
        let inject = format!("inject=rename,renameat,renameat2:signal=KILL:when={number}");
        let strace =
            copy.run("strace").args(["-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e", &inject]);
        let killed = !strace.args([STATICCTL]).line("toolchain add tiny -q -j1").output().status.success();
        let left = files(&prefix).len();
        let said = text(&copy.ctl("add tiny -j1").output().stderr);
        by_half += usize::from(killed && said.contains("`tiny` had been added by half and was removed") && left > 0);
        let there: Vec<String> =
            files(&prefix).iter().map(|f| f.strip_prefix(&prefix).unwrap().display().to_string()).collect();
        assert_eq!(
            there,
            ["bin/tiny-tool", "include/tiny/a.h", "include/tiny/b.h", "lib/libtiny.a"],
            "{number}: {said}"
        );
        let program = copy.dir.join("config/staticcxx/libraries/tiny.c");
        copy.run(STATICCC).args([&program]).line("-o p -ltiny").silent();
        assert_eq!(says_in_empty_root(&copy.dir.join("p"), &[]), "ok\n");
        if !killed {
            break;
        }
        copy.ctl("drop tiny").silent();
        assert_eq!(files(&prefix), empty);
    }
    // At least one for each file.
    assert!(by_half >= 3, "{by_half}");
    // Nothing for debuggers; what is for builds is found by the variables of `show --env`.
    let sections = Run::new("readelf").args(["-SW".as_ref(), prefix.join("lib/libtiny.a").as_os_str()]).ok();
    assert!(sections.contains(".text.tiny") && !sections.contains(".debug_"), "{sections}");
    let tool = "eval \"$(\"$0\" toolchain show musl --env)\" && tiny-tool";
    assert_eq!(copy.run("sh").args(["-ec", tool, STATICCTL]).ok(), "tool\n");
}

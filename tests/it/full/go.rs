//! Go with the drivers as CC and CXX, and through `staticctl run`. The Go is Debian's `golang-go`.

use crate::support::*;
use serde_json::Value;
use std::fs;
use std::path::Path;

const MAIN: &str = r#"package main

// #include <stdlib.h>
// int part(int n);
import "C"
import (
	"fmt"
	"net"
	"os"
	"os/user"
)

func main() {
	fmt.Println("part", C.part(2), C.abs(-3))
	address, err := net.ResolveTCPAddr("tcp", "127.0.0.1:80")
	fmt.Println(address, err)
	names, err := net.LookupHost("name.invalid")
	fmt.Println(len(names), err != nil)
	_, err = user.Lookup("nosuchuser")
	fmt.Println("nosuchuser", err != nil)
	if len(os.Args) > 1 {
		names, err = net.LookupHost("localhost")
		fmt.Println(names, err)
		u, err := user.Lookup("root")
		fmt.Println(u, err)
		u, err = user.Current()
		fmt.Println(u, err)
		g, err := user.LookupGroupId("0")
		fmt.Println(g, err)
	}
}
"#;

const PART: &str = fixture!("go/part.cc");

fn project(main: &str) -> Dir {
    let dir = Dir::new();
    dir.file("go.mod", "module example.org/app\n\ngo 1.19\n");
    dir.file("main.go", main);
    dir
}

/// What Go builds of its own library is kept from test to test, apart for each way of building.
fn go_environment(run: Run) -> Run {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    run.env("GOCACHE", own.join("go-cache")).env("GOPATH", own.join("go-path")).env("GOFLAGS", "").env("GOPROXY", "off")
}

fn go(dir: &Dir) -> Run {
    go_environment(Run::new(which("go"))).dir(dir.path())
}

fn ctl(dir: &Dir) -> Run {
    go_environment(Run::new(STATICCTL)).dir(dir.path()).line("run --report r.json -- go")
}

fn report(dir: &Dir) -> Value {
    serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap()
}

/// A root with a user, a group and a host, and nothing else.
fn says_with_etc(program: &Path) -> String {
    let root = Dir::new();
    root.file("etc/passwd", "root:x:0:0:the root:/root:/bin/sh\n");
    root.file("etc/group", "root:x:0:\n");
    root.file("etc/hosts", "127.0.0.1 localhost\n");
    fs::copy(program, root.join("app")).unwrap();
    let run = Run::new("unshare").line("--user --map-root-user --mount");
    run.args([format!("--root={}", root.path().display()), "/app".into(), "more".into()]).ok()
}

#[test]
fn cgo_with_cpp_net_and_users() {
    let dir = project(MAIN);
    dir.file("part.cpp", PART);
    go(&dir).line("build -o twin").ok();
    let twin = Run::new(dir.join("twin")).ok();
    for (line, kind) in [
        ("build -o app", "static"),
        ("build -o app -ldflags -linkmode=external", "static"),
        ("build -o app -buildmode=pie", "static-pie"),
    ] {
        let _ = fs::remove_file(dir.join("app"));
        ctl(&dir).line(line).ok();
        assert_eq!(says_in_empty_root(&dir.join("app"), &[]), twin, "{line}");
        let said = says_with_etc(&dir.join("app"));
        for expected in [
            "[127.0.0.1] <nil>",
            "&{0 0 root the root /root} <nil>\n&{0 0 root the root /root} <nil>",
            "&{0 root} <nil>",
        ] {
            assert!(said.contains(expected), "{line}: {said}");
        }
        let report = report(&dir);
        let programs = report["programs"].as_array().unwrap();
        assert_eq!((programs.len(), programs[0]["kind"].as_str()), (1, Some(kind)), "{line}: {report:#}");
        assert!(programs[0]["path"].as_str().unwrap().ends_with("/app"), "{report:#}");
        assert_eq!(report["foreign"].as_array().unwrap().len(), 0, "{report:#}");
    }
}

#[test]
fn the_variables_alone_do_for_cgo() {
    let dir = project(MAIN);
    dir.file("part.cpp", PART);
    let run = go(&dir).with_our_compilers().env("STATICCXX_REPORT", dir.join("records"));
    run.line("build -a -o app .").ok();
    assert!(is_static(&dir.join("app")));
    let records = fs::read_to_string(dir.join("records/links.jsonl")).unwrap();
    let left: Vec<Value> = records.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let imports = left.iter().filter(|r| r["outcome"] == "left-alone" && r["reason"]["reason"] == "cgo-imports");
    assert!(imports.count() >= 4, "main, net, os/user and runtime/cgo have an import file each");
}

#[test]
fn a_program_that_go_would_link_itself() {
    let dir = project(
        "package main\n\nimport (\n\t\"fmt\"\n\t\"net\"\n)\n\nfunc main() {\n\tfmt.Println(net.ResolveTCPAddr(\"tcp\", \"127.0.0.1:80\"))\n}\n",
    );
    go(&dir).line("build -ldflags -s -o app").ok();
    assert!(!is_static(&dir.join("app")));
    ctl(&dir).line("build -ldflags -s -o app").ok();
    assert_eq!(says_in_empty_root(&dir.join("app"), &[]), "127.0.0.1:80 <nil>\n");
    assert_eq!(report(&dir)["programs"].as_array().unwrap().len(), 1);
    dir.file("main_test.go", "package main\n\nimport (\n\t\"net\"\n\t\"testing\"\n)\n\nfunc TestIt(t *testing.T) {\n\tif _, err := net.Listen(\"tcp\", \"127.0.0.1:0\"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n");
    let said = ctl(&dir).line("test -v .").ok();
    assert!(said.contains("--- PASS: TestIt"), "{said}");
    // The user's own flags of the tool stay.
    let out = ctl(&dir).env("GOFLAGS", "-ldflags=-X=main.nosuch=1 -v").line("build -o other").output();
    assert!(out.status.success() && is_static(&dir.join("other")), "{}", text(&out.stderr));
}

#[test]
fn a_program_without_cgo_is_go_s_own_business() {
    let dir = project("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"pure\") }\n");
    let out = ctl(&dir).line("build -o app").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(says_in_empty_root(&dir.join("app"), &[]), "pure\n");
    let report = report(&dir);
    assert_eq!((report["programs"].as_array().unwrap().len(), &report["foreign"][0]["static"]), (0, &true.into()));
}

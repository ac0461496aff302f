//! `staticctl` itself.

use crate::support::*;
use std::fs;

#[test]
fn help_and_version_are_everywhere() {
    for line in [
        "--help",
        "check --help",
        "explain --help",
        "doctor --help",
        "toolchain --help",
        "toolchain list --help",
        "shims --help",
        "try --help",
        "image --help",
    ] {
        let help = Run::new(STATICCTL).line(line).ok();
        assert!(help.contains("Usage: staticctl"), "{line}: {help}");
    }
    assert!(Run::new(STATICCTL).line("--version").ok().starts_with("staticctl "));
    for line in ["", "frobnicate", "check", "explain", "check --frob x"] {
        Run::new(STATICCTL).line(line).fails(2);
    }
}

#[test]
fn completions_and_man_pages_cover_all_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let text = Run::new(STATICCTL).args(["completions", shell]).ok();
        assert!(text.contains("toolchain") && text.contains("explain"), "{shell}");
    }
    let dir = Dir::new();
    Run::new(STATICCTL).args(["man".as_ref(), dir.join("man").as_os_str()]).ok();
    let page = fs::read_to_string(dir.join("man/staticctl-check.1")).unwrap();
    assert!(page.contains("Exit status"), "{page}");
}

#[test]
fn explain_shows_the_call_without_running_it() {
    let dir = Dir::new();
    dir.file("x.cpp", HELLO_CXX);
    let run = || Run::new(STATICCTL).dir(dir.path());
    let said = run().line("explain -- g++ -rdynamic x.cpp -o x -Wl,-rpath,/y").ok();
    for telling in ["static-kind", "no-dynamic-exports", "no-rpath", "-static-pie", "dropped `-rdynamic`"] {
        assert!(said.contains(telling), "{telling} is not in:\n{said}");
    }
    assert_eq!(dir.names(), ["x.cpp"]);
    let json: serde_json::Value =
        serde_json::from_str(&run().line("explain --json -- g++ -rdynamic x.cpp -o x").ok()).unwrap();
    assert!(json["command"].as_array().unwrap().iter().any(|w| w == "-static-pie"), "{json}");
    let said = run().line("explain -- g++ -shared x.cpp").ok();
    assert!(said.contains("a shared object is linked as requested"), "{said}");
    let said = run().line("explain -- gcc -c x.c").ok();
    assert!(said.contains("nothing is linked"), "{said}");
    let said = run().line("explain -- gcc -fsanitize=thread x.c").ok();
    assert!(said.contains("-fsanitize=thread"), "{said}");
    let said = run().line("explain -- /usr/bin/staticcxx -c x.cpp").ok();
    assert!(said.contains("nothing is linked"), "{said}");
    for other in ["tcc x.c", "/opt/frobnicate x.c", "ccache gcc x.c"] {
        let said = run().line(&format!("explain -- {other}")).fails(2);
        let name = other.split(' ').next().unwrap();
        assert!(said.contains(&format!("`{name}` is none of the compilers")) && said.contains("hint: "), "{said}");
    }
}

#[test]
fn doctor_tells_what_works() {
    let said = Run::new(STATICCTL).line("doctor").ok();
    assert!(said.contains("host-gcc") && said.contains("C++"), "{said}");
    let dir = Dir::new();
    let said = Run::new(STATICCTL).env("PATH", dir.path()).line("doctor").output();
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stdout).contains("install"), "{}", text(&said.stdout));
}

//! Architecture rules of the sources: which room may do what.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn sources(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            // What a file's own tests do is theirs.
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((path.strip_prefix(ROOT).unwrap().to_owned(), text));
        }
    }
}

fn all() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&Path::new(ROOT).join("src"), &mut found);
    sources(&Path::new(ROOT).join("shims"), &mut found);
    assert!(found.len() > 40);
    found
}

/// Asserts that only these files (or files below these directories) contain one of the patterns.
fn only_in(homes: &[&str], patterns: &[&str], why: &str) {
    for (path, text) in all() {
        if homes.iter().any(|h| path.starts_with(h)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            if let Some(pattern) = patterns.iter().find(|p| line.contains(**p)) {
                panic!("{}:{}: `{pattern}`: {why}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn only_the_message_room_prints() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout()", "io::stderr()", "dbg!"];
    only_in(&["src/message"], &printing, "messages have one home");
}

#[test]
fn only_the_run_room_spawns() {
    only_in(&["src/run"], &["process::Command", "execve", "execv(", "fork(", ".spawn()"], "processes have one home");
}

#[test]
fn only_the_settings_room_reads_the_environment() {
    let reading = ["env::var", "env::vars", "env::home_dir"];
    // Execution hands the whole environment on.
    only_in(&["src/settings.rs", "src/run"], &reading, "the environment has one home");
}

#[test]
fn only_the_table_of_options_spells_names_of_variables() {
    // Macros of C that our own sources for programs use, and what the build script tells the compiler.
    let others = ["-DSTATICCXX_", "#define STATICCXX_", "_STATICCXX_", "env!(\"STATICCXX_"];
    for (path, text) in all().iter().filter(|(path, _)| !path.starts_with("src/options")) {
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            let rest = others.iter().fold(line.to_owned(), |line, other| line.replace(other, ""));
            assert!(
                !rest.contains("STATICCXX_"),
                "{}:{}: names of variables come from crate::options",
                path.display(),
                number + 1
            );
        }
    }
}

#[test]
fn the_plan_is_pure() {
    for (path, text) in all() {
        if !path.starts_with("src/plan")
            && path != Path::new("src/args/lexer.rs")
            && path != Path::new("src/args/ld_options.rs")
            && !["line", "wild_words", "call_detection"]
                .iter()
                .any(|pure| path == Path::new(&format!("src/linker/{pure}.rs")))
        {
            continue;
        }
        for impure in ["std::fs", "fs::", "std::io", ".exists()", ".is_file()", "Instant", "SystemTime", "run::"] {
            assert!(!text.contains(impure), "{}: `{impure}`: planning looks at nothing", path.display());
        }
    }
}

#[test]
fn files_stay_small_and_say_what_they_are() {
    for (path, text) in all() {
        assert!(text.starts_with("//!") || text.starts_with("#!["), "{}: no module doc", path.display());
        let lines = text.lines().count();
        assert!(lines <= 450, "{}: {lines} lines without its tests: it is more than one thing", path.display());
        for banned in ["use super::*", "mod utils", "mod helpers", "mod common", "TODO", "FIXME"] {
            assert!(!text.contains(banned), "{}: `{banned}`", path.display());
        }
    }
}

#[test]
fn every_rule_is_in_the_changelog_s_language() {
    for rule in staticcxx::plan::rules::RULES {
        assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.id);
        assert!(!rule.reason.is_empty() && !rule.reason.contains('\n'), "{}", rule.id);
    }
}

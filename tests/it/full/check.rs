//! `staticctl check` of programs that other packages bring, against ldd.

use crate::quick::check::verdict;
use crate::support::*;
use std::fs;

#[test]
fn what_a_dynamic_file_needs_is_what_ldd_says() {
    for program in ["sh", "python3", "cmake", "gdb", "c++"] {
        let path = fs::canonicalize(which(program)).unwrap();
        let (status, json) = verdict(&path);
        if status == 2 || json["image"]["interpreter"].is_null() {
            continue;
        }
        let ours: std::collections::BTreeMap<String, String> = json["needs"]
            .as_array()
            .unwrap()
            .iter()
            // The interpreter, which ldd prints in another form.
            .filter(|n| !n["name"].as_str().unwrap().contains("ld-linux"))
            .map(|n| (n["name"].as_str().unwrap().to_owned(), n["path"].as_str().unwrap_or_default().to_owned()))
            .collect();
        let theirs: std::collections::BTreeMap<String, String> = Run::new("ldd")
            .args([&path])
            .ok()
            .lines()
            .filter_map(|l| l.trim().split_once(" => "))
            .map(|(name, rest)| (name.to_owned(), rest.split(" (").next().unwrap().to_owned()))
            .collect();
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{program}");
        for (name, path) in &ours {
            assert_eq!(fs::canonicalize(path).unwrap(), fs::canonicalize(&theirs[name]).unwrap(), "{program} {name}");
        }
    }
}

//! The classifier against Clang, and on calls that build systems make.

use crate::quick::oracle::{disagreement, generated_calls_agree};
use crate::support::*;
use std::fs;

/// The recorded command lines of autoconf, libtool, CMake, Meson, Go and rustc.
fn recorded_calls() -> Vec<(String, Vec<String>)> {
    let dir = std::env::var("STATICCXX_ARGV")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/argv").into());
    let mut calls = Vec::new();
    for entry in fs::read_dir(&dir).unwrap_or_else(|e| panic!("{dir}: {e}; name the directory with STATICCXX_ARGV")) {
        for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let call: serde_json::Value = serde_json::from_str(line).unwrap();
            let words = call["argv"].as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()).collect();
            let program = call["prog"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            calls.push((program, words));
        }
    }
    calls
}

#[test]
fn recorded_calls_mean_what_gcc_says() {
    let dir = Dir::new();
    let calls = recorded_calls();
    assert!(calls.len() > 300, "only {} recorded calls", calls.len());
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (program, words) in &calls {
        let compiler = if program.ends_with("++") { "g++" } else { "gcc" };
        // Both drivers wait for stdin or print the call's own answer where `-###` is there already.
        if words.iter().any(|w| w == "-###") {
            continue;
        }
        compared += 1;
        wrong.extend(disagreement(compiler, words, dir.path()));
    }
    assert!(wrong.is_empty(), "{} of {compared} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn generated_calls_mean_what_clang_says() {
    generated_calls_agree("clang", 1200, 400, 3);
}

#![no_main]
#[path = "../targets.rs"]
#[allow(dead_code)]
mod targets;

// Words end with a NUL.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let words: Vec<Vec<u8>> = bytes.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
    targets::calls(&words);
});

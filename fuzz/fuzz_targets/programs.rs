#![no_main]
#[path = "../targets.rs"]
#[allow(dead_code)]
mod targets;

// Without archives every copied variable is refused, which is tried; the integration tests have some.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::programs(bytes, &[]));

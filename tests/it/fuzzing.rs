//! What feeds inputs to a target until the time is over, keeps those that fail, and feeds them again.
//!
//! Every input is made of a seed of its own. One that fails is saved as `target/fuzz-failures/NAME-SEED`, and
//! `STATICCXX_FUZZ_REPLAY=NAME-SEED cargo test --test it fuzz` feeds that file to the target called NAME, or, where
//! there is no such file, what its seed makes. Saved as `tests/fixtures/fuzz/NAME-WHAT` it is fed in every run.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Inputs that failed once: files called NAME-WHAT.
pub const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fuzz");

/// What a target takes, and how it is written to a file.
pub trait Input: Debug {
    fn to_bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Self;
}

impl Input for Vec<u8> {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
}

impl Input for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

/// Words without a NUL: one after each.
impl Input for Vec<Vec<u8>> {
    fn to_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|word| word.iter().chain([&0])).copied().collect()
    }

    fn from_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut words: Vec<Vec<u8>> = bytes.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
        words.pop();
        words
    }
}

/// Files with extreme values where lengths, offsets and counts stand, most of them in the first `head` bytes, and one in
/// `cut` with its end cut off.
pub fn damaged(seeds: Vec<Vec<u8>>, head: usize, cut: u32) -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![any::<u8>(), proptest::sample::select(vec![0u8, 1, 7, 8, 0x10, 0x24, 0x7f, 0x80, 0xff])];
    let changes = proptest::collection::vec((any::<u32>(), value, 1usize..9), 0..10);
    (proptest::sample::select(seeds), changes, any::<u32>()).prop_map(move |(mut bytes, changes, end)| {
        for (at, value, run) in changes {
            let within = if at % 3 == 0 { bytes.len() } else { head.min(bytes.len()) };
            let at = at as usize % within;
            let end = (at + run).min(bytes.len());
            bytes[at..end].fill(value);
        }
        if end % cut == 0 {
            bytes.truncate(end as usize % bytes.len());
        }
        bytes
    })
}

/// A target, and where its inputs are kept.
pub struct Fuzzer<'a> {
    pub name: &'a str,
    /// For inputs that fail.
    pub failures: PathBuf,
    /// With inputs that failed once.
    pub regressions: &'a Path,
    /// How long new inputs are made.
    pub budget: Duration,
    /// At least so many inputs, however little time there is.
    pub fewest: u64,
}

impl<'a> Fuzzer<'a> {
    /// As the variables say: `STATICCXX_FUZZ_SECONDS`, 1 by default.
    pub fn new(name: &'a str) -> Fuzzer<'a> {
        let seconds = std::env::var("STATICCXX_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
        Fuzzer {
            name,
            failures: Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("fuzz-failures"),
            regressions: Path::new(REGRESSIONS),
            budget: Duration::from_secs(seconds),
            fewest: 500,
        }
    }

    /// Panics with the place of the saved input where the target panics.
    pub fn run<T: Input>(&self, inputs: impl Strategy<Value = T>, target: impl Fn(&T)) {
        let asked = std::env::var("STATICCXX_FUZZ_REPLAY").unwrap_or_default();
        if asked.split_once('-').is_some_and(|(name, _)| name == self.name) {
            return target(&self.replayed(&asked, &inputs));
        }
        self.feed_regressions(&target);
        self.feed(RandomState::new().hash_one(self.name), &inputs, &target);
    }

    /// The saved input of this label, or what its seed makes.
    pub fn replayed<T: Input>(&self, label: &str, inputs: &impl Strategy<Value = T>) -> T {
        for dir in [&*self.failures, self.regressions] {
            if let Ok(bytes) = fs::read(dir.join(label)) {
                return T::from_bytes(&bytes);
            }
        }
        let seed = label.split_once('-').and_then(|(_, seed)| u64::from_str_radix(seed, 16).ok());
        made(seed.unwrap_or_else(|| panic!("no input is called {label}")), inputs)
    }

    fn feed_regressions<T: Input>(&self, target: &impl Fn(&T)) {
        for path in saved(self.regressions, self.name) {
            println!("{}", path.display());
            target(&T::from_bytes(&fs::read(path).unwrap()));
        }
    }

    /// New inputs, the first of this seed and each of the next one.
    pub fn feed<T: Input>(&self, first: u64, inputs: &impl Strategy<Value = T>, target: &impl Fn(&T)) {
        // What a target that never comes back, or takes the process along, was given.
        fs::create_dir_all(&self.failures).unwrap();
        let running = self.failures.join(format!("{}.running-{}", self.name, std::process::id()));
        let start = Instant::now();
        let mut count = 0u64;
        while start.elapsed() < self.budget || count < self.fewest {
            let seed = first.wrapping_add(count);
            fs::write(&running, format!("{}-{seed:016x}\n", self.name)).unwrap();
            let input = made(seed, inputs);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input))) {
                fs::remove_file(&running).unwrap();
                self.fail(seed, &input, &*panic);
            }
            count += 1;
        }
        fs::remove_file(&running).unwrap();
        println!("{count} inputs from {}-{first:016x}", self.name);
    }

    fn fail<T: Input>(&self, seed: u64, input: &T, panic: &(dyn std::any::Any + Send)) -> ! {
        let label = format!("{}-{seed:016x}", self.name);
        let file = self.failures.join(&label);
        fs::write(&file, input.to_bytes()).unwrap();
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        panic!(
            "{}\nthe input is saved as {}\nonce more: STATICCXX_FUZZ_REPLAY={label} cargo test --test it fuzz",
            said.unwrap_or("a panic without words"),
            file.display()
        );
    }
}

/// The files of a target, sorted.
fn saved(dir: &Path, name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let of_target = |path: &PathBuf| target_of(path.file_name().unwrap()) == Some(name.to_owned());
    let mut files: Vec<PathBuf> = files.filter(of_target).collect();
    files.sort();
    files
}

/// The NAME of NAME-WHAT.
pub fn target_of(file: &OsStr) -> Option<String> {
    Some(file.to_str()?.split_once('-')?.0.to_owned())
}

/// The input of a seed: always the same one.
fn made<T>(seed: u64, inputs: &impl Strategy<Value = T>) -> T {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    inputs.new_tree(&mut TestRunner::new_with_rng(Config::default(), rng)).unwrap().current()
}

//! Each call of ours in which one system call fails: what is told, what is left, and what is remembered.
//!
//! `STATICCXX_FAULTS` is the number of faults that are tried of each command (12 by default), `all`, the name of a
//! command, or a fault as it is printed where it did harm (`link, GNU ld: open 12 EACCES`).

use crate::injection::{self, CLASSES, Fault, Injected};
use crate::support::*;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A command, what it makes, and what that prints.
struct Scenario {
    name: &'static str,
    program: &'static str,
    line: &'static str,
    output: &'static str,
    /// How the output is run, and what it says; nothing for what is no program.
    says: Option<(&'static str, &'static str)>,
    /// What is kept when it begins.
    kept: Kept,
    /// What may be made instead, if a warning says so: the output of this command.
    instead: Option<&'static str>,
}

/// What of earlier calls is in the cache.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Everything,
    NoLibraries,
    Nothing,
}

const SCENARIOS: [Scenario; 15] = [
    Scenario::program("link, built-in linker", STATICCC, "h.o -o out"),
    Scenario::program("first link", STATICCC, "h.o -o out").with(Kept::Nothing),
    Scenario::program("link, GNU ld", STATICCC, "h.o -fuse-ld=bfd -o out"),
    Scenario::program("compile and link", STATICCC, "hello.c -o out"),
    Scenario::program("link, converted library", STATICCC, "main.o -L. -lown -Wl,-rpath,$ORIGIN -o out")
        .with(Kept::NoLibraries),
    Scenario::program("run", STATICCTL, "run -- make -s out"),
    Scenario::program("convert", STATICCTL, "convert ./dynamic -o out").with(Kept::NoLibraries),
    Scenario::file("compile", STATICCC, "-c hello.c -o out"),
    Scenario::file("shared object", STATICCC, "-shared -fPIC own.c -o out").or("gcc -shared -fPIC own.c -o out"),
    Scenario::file("archive", STATICCTL, "archive libown.so -o out").with(Kept::NoLibraries),
    Scenario::file("image", STATICCTL, "image ./still -o out"),
    Scenario::file("plugins", STATICCTL, "plugins -o out ./opener"),
    Scenario::file("check", STATICCTL, "check still"),
    Scenario::file("explain", STATICCTL, "explain -- staticcc h.o -o x"),
    Scenario::file("shims", STATICCTL, "shims out"),
];

impl Scenario {
    const fn file(name: &'static str, program: &'static str, line: &'static str) -> Scenario {
        Scenario { name, program, line, output: "out", says: None, kept: Kept::Everything, instead: None }
    }

    const fn program(name: &'static str, program: &'static str, line: &'static str) -> Scenario {
        Scenario { says: Some(("out", "hello\n")), ..Scenario::file(name, program, line) }
    }

    const fn with(self, kept: Kept) -> Scenario {
        Scenario { kept, ..self }
    }

    const fn or(self, command: &'static str) -> Scenario {
        Scenario { instead: Some(command), ..self }
    }
}

/// The cache of all scenarios, which is put back before each, in its place: entries name files by their paths.
struct Caches {
    dir: Dir,
}

impl Caches {
    /// With all that the scenarios keep.
    fn warm() -> Caches {
        let caches = Caches { dir: Dir::new() };
        for scenario in &SCENARIOS {
            let made = World::new(scenario, &caches).command().output().unwrap();
            assert!(made.status.success(), "{}: {}", scenario.name, text(&made.stderr));
        }
        fs::rename(caches.path(), caches.dir.join("warm")).unwrap();
        caches
    }

    fn path(&self) -> PathBuf {
        self.dir.join("cache")
    }

    fn renew(&self, kept: Kept) {
        let cache = self.path();
        let _ = fs::remove_dir_all(&cache);
        if kept == Kept::Nothing {
            return;
        }
        Run::new("cp").args(["-a".as_ref(), &*self.dir.join("warm"), &cache]).ok();
        if kept == Kept::NoLibraries {
            for of_libraries in ["converted", "archives"] {
                let _ = fs::remove_dir_all(cache.join("staticcxx").join(of_libraries));
            }
        }
    }
}

/// The directory of one scenario: its inputs and its temporary files.
struct World<'a> {
    dir: Dir,
    scenario: &'static Scenario,
    caches: &'a Caches,
}

/// Where no scenario writes: every name and content there stays.
const KEPT_NAMES: [&str; 2] = ["tmp", "out"];

impl World<'_> {
    fn new<'a>(scenario: &'static Scenario, caches: &'a Caches) -> World<'a> {
        let dir = Dir::new();
        dir.file("hello.c", HELLO_C);
        dir.file("own.c", "#include <stdio.h>\nint own(void) { return puts(\"hello\"); }\n");
        dir.file("main.c", "int own(void);\nint main(void) { return own() < 0; }\n");
        dir.file("opener.c", "#include <dlfcn.h>\nint main(void) { return dlopen(\"./libown.so\", RTLD_NOW) == 0; }\n");
        dir.file("Makefile", "out: h.o\n\t$(CC) h.o -o out\n");
        fs::create_dir(dir.join("tmp")).unwrap();
        for line in [
            "-c hello.c -o h.o",
            "-c main.c",
            "-shared -fPIC own.c -o libown.so",
            "main.o -L. -lown -Wl,-rpath,$ORIGIN -o dynamic",
            "-static h.o -o still",
            "opener.c -o opener -ldl",
        ] {
            Run::new("gcc").dir(dir.path()).line(line).ok();
        }
        World { dir, scenario, caches }
    }

    fn renew_cache(&self) {
        self.caches.renew(self.scenario.kept);
    }

    fn command(&self) -> Command {
        let run = Run::new(injection::built(self.scenario.program)).dir(self.dir.path()).line(self.scenario.line);
        run.env("XDG_CACHE_HOME", self.caches.path()).env("TMPDIR", self.dir.join("tmp")).command()
    }

    /// Its output, whatever that is.
    fn output(&self) -> Option<Vec<(String, Vec<u8>)>> {
        let path = self.dir.join(self.scenario.output);
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap().map(|e| e.unwrap());
            let mut all: Vec<_> =
                entries.map(|e| (e.file_name().to_string_lossy().into_owned(), content(&e.path()))).collect();
            all.sort();
            return Some(all);
        }
        fs::read(path).ok().map(|bytes| vec![(String::new(), bytes)])
    }

    fn clear(&self) {
        let path = self.dir.join(self.scenario.output);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
        for name in fs::read_dir(self.dir.join("tmp")).unwrap() {
            let name = name.unwrap().path();
            let _ = fs::remove_file(&name);
            let _ = fs::remove_dir_all(&name);
        }
    }

    /// Names that nothing should have left: temporary files, here and in the cache.
    fn litter(&self, inputs: &[String]) -> Vec<String> {
        let mut litter: Vec<String> = fs::read_dir(self.dir.join("tmp"))
            .unwrap()
            .map(|e| format!("tmp/{}", e.unwrap().file_name().to_string_lossy()))
            .collect();
        litter
            .extend(self.dir.names().into_iter().filter(|n| !inputs.contains(n) && !KEPT_NAMES.contains(&n.as_str())));
        let temporary = "( -name .tmp* -o -name .staticcxx* -o -name staticcxx-probe* -o -name staticcxx-trial* )";
        let cache = Run::new("find").args([self.caches.path()]).line(temporary).output();
        litter.extend(text(&cache.stdout).lines().map(str::to_owned));
        litter
    }
}

/// What a file holds, or where a link leads.
fn content(path: &Path) -> Vec<u8> {
    fs::read_link(path).map_or_else(|_| fs::read(path).unwrap_or_default(), |to| to.into_os_string().into_vec())
}

/// What a scenario does where nothing fails.
struct Reference {
    output: Option<Vec<(String, Vec<u8>)>>,
    instead: Option<Vec<(String, Vec<u8>)>>,
    stdout: String,
    inputs: Vec<String>,
    calls: [u64; CLASSES.len()],
}

impl Reference {
    fn of(world: &World<'_>) -> Reference {
        let inputs = world.dir.names();
        world.renew_cache();
        let instead = world.scenario.instead.and_then(|command| {
            let (program, line) = command.split_once(' ').unwrap();
            Run::new(program).dir(world.dir.path()).line(line).ok();
            world.output()
        });
        world.clear();
        let done = injection::run(world.command(), None);
        assert!(done.status.success(), "{}: {}{}", world.scenario.name, done.stdout, done.stderr);
        let output = world.output();
        if let Some((program, says)) = world.scenario.says {
            assert_eq!(says_in_empty_root(&world.dir.join(program), &[]), says);
        }
        assert_eq!(world.litter(&inputs), Vec::<String>::new());
        Reference { output, instead, stdout: done.stdout, inputs, calls: done.calls }
    }

    /// What is wrong after a run in which a call failed.
    fn faults(&self, world: &World<'_>, done: &Injected) -> Vec<String> {
        let mut wrong = Vec::new();
        let said = &done.stderr;
        if done.status.signal().is_some() || said.contains("panicked") || said.contains("should not have happened") {
            wrong.push(format!("ended with {}", done.status));
        }
        let output = world.output();
        if done.status.success() {
            if output.is_some() != self.output.is_some() {
                wrong.push("status 0 without its output".into());
            }
            if let Some((program, says)) = world.scenario.says.filter(|_| output != self.output && output.is_some()) {
                let ran = in_empty_root(&world.dir.join(program), &[]);
                if !ran.status.success() || text(&ran.stdout) != says {
                    wrong.push(format!("status 0 and a program that ends with {}", ran.status));
                }
            } else if output != self.output && !(output == self.instead && said.contains(": warning: ")) {
                wrong.push("status 0 and another output".into());
            }
            // Without one compiler, another answers.
            if done.stdout != self.stdout && !done.failed.as_deref().is_some_and(|at| at.contains("`/usr/bin/")) {
                wrong.push("status 0 and other words".into());
            }
        } else {
            if said.trim().is_empty() {
                wrong.push(format!("{} without a word", done.status));
            }
            // A directory of shims is as good as the scripts in it.
            if output.is_some() && output != self.output && !world.dir.join(world.scenario.output).is_dir() {
                wrong.push("failed, and a part of its output is there".into());
            }
        }
        // A directory that can't be opened or listed can't be removed.
        let at = done.failed.as_deref().unwrap_or_default();
        let litter = world.litter(&self.inputs);
        let unremovable = match &litter[..] {
            [only] => only.starts_with("tmp/") && at.contains(&format!("/{only}")),
            all => all.is_empty(),
        };
        if !unremovable {
            wrong.push(format!("left {litter:?}"));
        }
        wrong
    }

    /// What is wrong with the same command, once nothing fails any more.
    fn remembered(&self, world: &World<'_>) -> Vec<String> {
        world.clear();
        let again = world.command().output().unwrap();
        let mut wrong = Vec::new();
        if !again.status.success() {
            wrong.push(format!("afterwards: {}: {}", again.status, text(&again.stderr)));
        } else if world.output() != self.output {
            wrong.push(format!("afterwards: another output: {}", text(&again.stderr)));
        } else if text(&again.stdout) != self.stdout {
            wrong.push("afterwards: other words".into());
        }
        wrong
    }
}

/// The faults to be tried of a scenario: all, one, or some.
fn chosen(scenario: &Scenario, calls: &[u64; CLASSES.len()]) -> Vec<Fault> {
    let all = CLASSES.iter().zip(calls).flat_map(|(class, calls)| {
        let errors = move |nth| class.errors.iter().map(move |error| Fault { class, error: *error, nth });
        (1..=*calls).flat_map(errors)
    });
    let mut all: Vec<Fault> = all.collect();
    let wanted = std::env::var("STATICCXX_FAULTS").unwrap_or_else(|_| "12".into());
    if wanted == "all" {
        return all;
    }
    let Ok(number) = wanted.parse::<usize>() else {
        all.retain(|fault| wanted == scenario.name || wanted == format!("{}: {fault}", scenario.name));
        return all;
    };
    // Each makes all repairs twice, which takes seconds.
    let number = if scenario.kept == Kept::Nothing { number.div_ceil(3) } else { number };
    // Evenly spaced, so that one run is as the other.
    let step = (all.len() / number.max(1)).max(1);
    all.into_iter().skip(step / 2).step_by(step).take(number).collect()
}

/// Tries a scenario; gives how many faults were tried, and those that did harm.
fn tried(scenario: &'static Scenario, caches: &Caches) -> (usize, Vec<String>) {
    let world = World::new(scenario, caches);
    let reference = Reference::of(&world);
    let faults = chosen(scenario, &reference.calls);
    let mut harm = Vec::new();
    for fault in &faults {
        world.clear();
        if scenario.kept != Kept::Everything || !harm.is_empty() {
            world.renew_cache();
        }
        let done = injection::run(world.command(), Some(*fault));
        let mut wrong = reference.faults(&world, &done);
        wrong.extend(reference.remembered(&world));
        if !wrong.is_empty() {
            let at = done.failed.as_deref().unwrap_or("nowhere");
            let told = format!("{}: {fault}: at {at}: {}\n{}", scenario.name, wrong.join("; "), done.stderr);
            println!("{told}");
            harm.push(told);
        }
    }
    (faults.len(), harm)
}

#[test]
fn a_call_that_fails_does_no_harm() {
    let caches = Caches::warm();
    let mut harm = Vec::new();
    for scenario in &SCENARIOS {
        let began = Instant::now();
        let (tries, bad) = tried(scenario, &caches);
        println!("{}: {tries} faults, {} did harm, {:.1?}", scenario.name, bad.len(), began.elapsed());
        harm.extend(bad);
    }
    assert!(harm.is_empty(), "{} did harm:\n{}", harm.len(), harm.join("\n"));
}

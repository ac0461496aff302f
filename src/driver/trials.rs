//! Trials: a mechanism is relied on for a compiler after one of its products ran on this machine.
//!
//! Each is tried when it is first needed, by this program itself in a directory of its own, and the result is kept. A
//! product that fails where the compiler's own program runs turns its mechanism off; if that one fails too, nothing is
//! learnt and nothing is kept: a full disk or a limit is no property of a compiler ([`is_transient`]).

use crate::convert::machine::Machine;
use crate::files::{kept, temporary_for_programs};
use crate::linker::linked_target;
use crate::model::{Language, Libc, StaticKind};
use crate::options;
use crate::options::table::TABLE;
use crate::parallel::in_parallel;
use crate::plan::pthread;
use crate::run::capture::capture_within;
use crate::run::{self, Command, shell_line};
use crate::settings::{self, Settings};
use crate::toolchain::descriptor_path::from_anywhere;
use crate::toolchain::probe::{self, ran, telling_line};
use crate::toolchain::probe_cache::{self, Kept, Key};
use crate::toolchain::select::GENERIC;
use crate::toolchain::transient::{is_transient, settled};
use crate::toolchain::{Facts, Mechanism, MechanismsOff, ProgramsRun, Selected};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

/// One step of a trial, in its directory.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The compiler itself, with these arguments.
    Compiler(&'static str),
    /// Our driver for it.
    Driver(&'static str),
    /// Our driver with settings of its own.
    DriverWith(&'static [(&'static str, &'static str)], &'static str),
    /// `staticctl`.
    Ctl(&'static str),
    /// The program of this name, which has to print 42.
    Run(&'static str),
}

/// What is tried for a mechanism.
#[derive(Debug)]
struct Trial {
    mechanism: Mechanism,
    product: &'static [Step],
    /// The same by the compiler alone.
    control: &'static [Step],
}

use Step::{Compiler, Ctl, Driver, DriverWith, Run};

/// The program that was linked when the compiler was probed.
const OBJECT: &str = "program.o";

/// Variables with directories of libraries, which are no property of a compiler.
const SEARCHED: [&str; 3] = ["LIBRARY_PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"];

/// The sources.
const FILES: [(&str, &str); 4] = [
    ("library.c", include_str!("../../toolchains/trials/library.c")),
    ("uses-library.c", include_str!("../../toolchains/trials/uses-library.c")),
    ("opens-library.c", include_str!("../../toolchains/trials/opens-library.c")),
    ("program.c", include_str!("../../toolchains/trials/program.c")),
];

const OBJECT_LINKED: &[Step] = &[Compiler("program.o -o twin"), Run("twin")];
/// The own programs of a musl toolchain, or of one for another machine, may need an ld.so that is not there.
const OBJECT_LINKED_STATICALLY: &[Step] = &[Compiler("-static program.o -o twin"), Run("twin")];
const SHARED: Step = Compiler("-shared -fPIC library.c -o libtrial.so");
const LIBRARY_USED: &[Step] = &[SHARED, Compiler("uses-library.c -L. -ltrial -Wl,-rpath,$ORIGIN -o twin"), Run("twin")];

const TRIALS: [Trial; 8] = [
    Trial {
        mechanism: Mechanism::BuiltInStaticPie,
        product: &[Driver("-static-pie program.o -o product"), Run("product")],
        control: OBJECT_LINKED,
    },
    Trial {
        mechanism: Mechanism::BuiltInStatic,
        product: &[Driver("-static program.o -o product"), Run("product")],
        control: OBJECT_LINKED,
    },
    Trial {
        mechanism: Mechanism::PackedRelocations,
        product: &[Driver("-static-pie program.o -o product"), Run("product")],
        control: OBJECT_LINKED,
    },
    Trial {
        mechanism: Mechanism::ConvertedLibraries,
        product: &[SHARED, Driver("uses-library.c -L. -ltrial -o product"), Run("product")],
        control: LIBRARY_USED,
    },
    Trial {
        mechanism: Mechanism::CarriedObjects,
        product: &[
            Driver("-shared -fPIC library.c -o libtrial.so"),
            DriverWith(&[(options::CONVERT.name, "off")], "uses-library.c -L. -ltrial -o product"),
            Run("product"),
        ],
        control: LIBRARY_USED,
    },
    Trial {
        mechanism: Mechanism::Plugins,
        product: &[
            SHARED,
            DriverWith(&[(options::PLUGINS.name, "./libtrial.so")], "opens-library.c -o product"),
            Run("product"),
        ],
        control: &[SHARED, Compiler("opens-library.c -Wl,-rpath,$ORIGIN -ldl -o twin"), Run("twin")],
    },
    Trial {
        mechanism: Mechanism::ConvertedPrograms,
        product: &[Compiler("program.c -o twin"), Ctl("convert -q twin -o product"), Run("product")],
        control: &[Compiler("program.c -o twin"), Run("twin")],
    },
    Trial {
        mechanism: Mechanism::ConvertedCxxPrograms,
        product: &[Compiler("program.o -o twin"), Ctl("convert -q twin -o product"), Run("product")],
        control: OBJECT_LINKED,
    },
];

/// For a compiler, a linker, or this program.
const LIMIT: Duration = Duration::from_secs(120);

/// The trials of one compiler.
#[derive(Debug, Clone)]
pub(crate) struct Trials {
    settings: Settings,
    selected: Selected,
    abi: Vec<OsString>,
    facts: Facts,
}

impl Trials {
    /// Of a compiler with options that change the target.
    pub(crate) fn of(settings: &Settings, selected: &Selected, abi: &[OsString], facts: &Facts) -> Trials {
        let (settings, selected, facts) = (settings.clone(), selected.clone(), facts.clone());
        Trials { settings, selected, abi: abi.to_vec(), facts }
    }

    /// Why a mechanism is off; none if it works. Tries it if that was not done before.
    pub(crate) fn off(&self, mechanism: Mechanism) -> Option<String> {
        if self.settings.trial.is_some() {
            // What is tried is on.
            return None;
        }
        if let Some(why) = self.facts.off.get(&mechanism).cloned().or_else(|| self.off(mechanism.needs()?)) {
            return Some(why);
        }
        if self.facts.tried {
            return None;
        }
        let trial = TRIALS.iter().find(|t| t.mechanism == mechanism)?;
        if let Some(emulator) = self.facts.runs.lacks() {
            // Not kept: it may be installed before the next link.
            return Some(format!("what it makes can't be run here: `{emulator}` was not found"));
        }
        let key = self.key(mechanism);
        let kept = Kept { kind: "trials", dir: self.settings.cache_dir.as_deref(), key: key.as_ref() };
        if let Some(result) = kept.load::<Option<String>>() {
            return result;
        }
        let _alone = probe_cache::alone(self.settings.cache_dir.as_deref(), key.as_ref());
        if let Some(result) = kept.load::<Option<String>>() {
            return result;
        }
        log::debug!("trying: {mechanism}");
        match run::capture::uncut(|| self.attempt(trial)) {
            Ok(result) => {
                kept.store(&result);
                result
            }
            Err(why) => Some(format!("it could not be tried: {why}")),
        }
    }

    /// The mechanisms that there are for this compiler, as far as they work.
    pub(crate) fn offered(&self) -> Vec<Mechanism> {
        let facts = &self.facts;
        let glibc = facts.libc == Libc::Glibc && Machine::named(facts.arch()).is_some();
        let links = linked_target::fits(facts, &self.selected.compiler).is_ok();
        let (cxx, kind) = (self.selected.language == Language::Cxx, |kind| facts.kinds.contains_key(&kind));
        let offered = |mechanism: &Mechanism| match mechanism {
            Mechanism::BuiltInStaticPie => links && kind(StaticKind::StaticPie),
            Mechanism::PackedRelocations => links && kind(StaticKind::StaticPie) && facts.packs_relocations(),
            Mechanism::BuiltInStatic => links && kind(StaticKind::Static),
            Mechanism::OneThread => glibc && pthread::is_apart(facts),
            Mechanism::ConvertedPrograms => glibc && !cxx,
            Mechanism::ConvertedCxxPrograms => glibc && cxx,
            // What is made for any machine with glibc, if its facts don't say that it is off.
            Mechanism::CallDetection | Mechanism::Locales | Mechanism::NameServices => facts.repairs.is_some(),
            Mechanism::TlsGetAddr => facts.repairs.as_ref().is_some_and(|repairs| repairs.tls_get_addr.is_some()),
            _ => glibc,
        };
        Mechanism::ALL.into_iter().filter(offered).collect()
    }

    /// All mechanisms that are off, each tried.
    pub(crate) fn all_off(&self) -> MechanismsOff {
        let results = in_parallel(&self.offered(), |mechanism| (*mechanism, self.off(*mechanism)));
        results.into_iter().filter_map(|(mechanism, why)| Some((mechanism, why?))).collect()
    }

    /// Those of them that a link has found to be off, where nobody was told yet: from here on somebody was.
    pub(crate) fn untold(&self, found: &MechanismsOff) -> MechanismsOff {
        let mut untold = MechanismsOff::new();
        for (mechanism, why) in found {
            let key = self.key(*mechanism);
            let kept = Kept { kind: "told", dir: self.settings.cache_dir.as_deref(), key: key.as_ref() };
            // Without a place to keep that somebody was told, each link would tell it.
            if self.settings.trial.is_none() && kept.load::<String>().as_ref() != Some(why) && kept.store(why) {
                untold.insert(*mechanism, why.clone());
            }
        }
        untold
    }

    /// The key of a result: it holds for the compiler, its linker and its C library.
    fn key(&self, mechanism: Mechanism) -> Option<Key> {
        let libc = self.facts.repairs.as_ref().map(|r| &r.libc);
        let what = format!("{} {mechanism:?} {} {libc:?} {}", kept::TRIALS, self.selected.language, self.facts.linker);
        let options = [self.selected.compile_args.as_slice(), &self.abi].concat();
        Key::of(&self.selected.compiler, &options, &what)
    }

    /// Whether and why the mechanism fails.
    ///
    /// # Errors
    /// Nothing was learnt.
    fn attempt(&self, trial: &Trial) -> Result<Option<String>, String> {
        let said = |e: io::Error| e.to_string();
        let dir = temporary_for_programs("staticcxx-trial", self.settings.cache_dir.as_deref()).map_err(said)?;
        for (name, text) in FILES {
            fs::write(dir.path().join(name), text).map_err(said)?;
        }
        match &self.facts.object {
            Some(object) => fs::copy(object, dir.path().join(OBJECT)).map(|_| ()).map_err(said)?,
            None => {
                let (name, text) = probe::source(self.selected.language);
                fs::write(dir.path().join(name), text).map_err(said)?;
                let compiled = self.compiler().args(["-fPIE", "-c", name, "-o", OBJECT]);
                tell(&compiled.in_dir(dir.path()))?;
            }
        }
        let all = |steps: &[Step]| steps.iter().try_for_each(|step| self.take(*step, trial.mechanism, dir.path()));
        let needs_loader = self.facts.libc != Libc::Musl && !self.facts.is_cross();
        let control = if needs_loader { trial.control } else { OBJECT_LINKED_STATICALLY };
        match (all(trial.product), || all(control)) {
            (Ok(()), _) => Ok(None),
            (Err(why), _) if is_transient(&why) => Err(why),
            (Err(why), control) => match control() {
                Ok(()) => Ok(Some(why)),
                Err(of_control) => Err(format!("the compiler's own program fails too: {of_control}")),
            },
        }
    }

    fn take(&self, step: Step, mechanism: Mechanism, dir: &Path) -> Result<(), String> {
        let words = |line: &'static str| line.split(' ').map(OsString::from);
        let driver = if self.selected.language == Language::C { "staticcc" } else { "staticcxx" };
        let command = match step {
            Run(program) => {
                let how = ran(&dir.join(program)).map_err(|why| format!("its program does not run: {why}"))?;
                return match how {
                    ProgramsRun::Not(_) => Err(format!("its program was {}", how.told())),
                    _ => Ok(()),
                };
            }
            Compiler(line) => self.compiler().args(words(line)),
            Driver(line) => self.ourselves(driver, mechanism).args(&self.abi).args(words(line)),
            DriverWith(variables, line) => {
                let mut command = self.ourselves(driver, mechanism).args(&self.abi).args(words(line));
                command.env_remove.retain(|name| !variables.iter().any(|(set, _)| name == set));
                variables.iter().fold(command, |command, (name, value)| command.env(name, value))
            }
            Ctl(line) => self.ourselves("staticctl", mechanism).args(words(line)),
        };
        let command = command.in_dir(dir);
        settled(|| tell(&command))
    }

    /// The compiler itself, for this target.
    fn compiler(&self) -> Command {
        let mut command = Command::new(self.selected.compiler.iter().cloned());
        command.env.clone_from(&self.selected.env);
        command.args(&self.selected.compile_args).args(&self.abi)
    }

    /// This program under one of its names, for the same compiler and without other settings.
    fn ourselves(&self, name: &str, mechanism: Mechanism) -> Command {
        let mut command = Command::new([settings::own_file(self.settings.path.as_deref())])
            .named(name)
            .env(options::TRIAL.name, mechanism.id());
        let line = || OsString::from(shell_line(&self.selected.compiler));
        let of_language = if self.selected.language == Language::C { options::CC.name } else { options::CXX.name };
        let kept = match (&self.settings.toolchain, self.selected.toolchain.as_str()) {
            (Some(toolchain), _) => vec![(options::TOOLCHAIN.name, from_anywhere(toolchain))],
            (None, GENERIC) => vec![(of_language, line())],
            (None, named) => vec![(options::TOOLCHAIN.name, named.into())],
        };
        let ours = TABLE.iter().map(|option| option.name).chain(SEARCHED);
        command.env_remove = ours.filter(|name| kept.iter().all(|(set, _)| set != name)).map(OsString::from).collect();
        command.env_remove.retain(|name| name != options::TRIAL.name);
        command.env.extend(kept.into_iter().map(|(name, value)| (name.into(), value)));
        command
    }
}

/// Runs a compiler or ourselves.
///
/// # Errors
/// What it says of its failure, in a line.
fn tell(command: &Command) -> Result<(), String> {
    let done = capture_within(&command.clone().env("LC_ALL", "C"), LIMIT)
        .map_err(|e| format!("`{}` could not be started: {e}", command.program.to_string_lossy()))?;
    match done.status.signal() {
        _ if done.status.success() => Ok(()),
        Some(signal) => Err(format!("it was ended by signal {signal}")),
        None => {
            let why = telling_line(&String::from_utf8_lossy(&done.stderr));
            Err(why.strip_prefix("staticcxx: error: ").unwrap_or(&why).to_owned())
        }
    }
}

//! Builds the repairs for static glibc programs: UTF-8 locales without files, name services without shared objects.
//!
//! The start-up code of converted libraries ([`crate::convert`]) is built here in the same way.
//!
//! All are small objects (`toolchains/glibc/`), compiled by their toolchain, tested with its libc.a by running a
//! program, and cached with the facts. Each is put into an archive whose symbol index names the functions that need it:
//! the linker extracts it only for a program that refers to one of them.

use super::archives;
use super::got_header;
use super::iconv::ConverterTables;
use super::libc_archive::{LibcArchive, ORIGINAL, ORIGINAL_CONF};
use super::libc_members::weakened;
use super::locale_data;
use super::nss;
use crate::archive;
use crate::files::write_atomic;
use crate::model::{EARLY_ENTRY, Libc, StaticKind};
use crate::options::iconv::IconvChoice;
use crate::parallel::in_parallel;
use crate::plan::pthread;
use crate::settings::Settings;
use crate::supply::glibc;
use crate::supply::plugins::modules::{ANY_PROGRAM_FILE, ITERATE_FILE, tables_of_any_program};
use crate::toolchain::call_detector::{CALL_DETECTORS, CallDetector};
use crate::toolchain::probe::{CompilerQuery, telling_line};
use crate::toolchain::{
    self, CallNeed, Facts, GotHeader, Invocation, Mechanism, MechanismsOff, Repairs, SelectError, Selected,
};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const LOCALE: &str = include_str!("../../toolchains/glibc/locale.c");
const NAME_SERVICES: &str = include_str!("../../toolchains/glibc/name-services.c");
const CONVERTED: &str = include_str!("../../toolchains/glibc/converted.c");
const OLD_NAMES: &str = include_str!("../../toolchains/glibc/old-names.c");
const MODULES_H: &str = include_str!("../../toolchains/glibc/modules.h");
const MODULES: &str = include_str!("../../toolchains/glibc/modules.c");
const DL: &str = include_str!("../../toolchains/glibc/dl.c");
const ITERATE: &str = include_str!("../../toolchains/glibc/iterate.c");
const TRY_PLUGINS: &str = include_str!("../../toolchains/glibc/try-plugins.c");
const ICONV: &str = include_str!("../../toolchains/glibc/iconv.c");
const LOADER_C: &str = include_str!("../../toolchains/glibc/loader.c");
const SERVICES: &str = include_str!("../../toolchains/glibc/services.c");
const EARLY_TLS: &str = include_str!("../../toolchains/glibc/early-tls.c");
const TRY_EARLY_TLS: &str = include_str!("../../toolchains/glibc/try-early-tls.c");
const TRY_ICONV: &str = include_str!("../../toolchains/glibc/try-iconv.c");
const TRY_CONVERTED: &str = include_str!("../../toolchains/glibc/try-converted.c");
const ONE_THREAD: &str = include_str!("../../toolchains/glibc/one-thread.c");
const TRY_ONE_THREAD: &str = include_str!("../../toolchains/glibc/try-one-thread.c");
const TRY_LOCALE: &str = include_str!("../../toolchains/glibc/try-locale.c");
const TRY_NAME_SERVICES: &str = include_str!("../../toolchains/glibc/try-name-services.c");

/// Functions that read locale files: C's, and the constructors of `std::locale` with a name.
pub(crate) const LOCALE_FUNCTIONS: [&str; 14] = [
    "setlocale",
    "newlocale",
    "_ZNSt6localeC1EPKc",
    "_ZNSt6localeC2EPKc",
    "_ZNSt6localeC1ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
    "_ZNSt6localeC2ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
    "_ZNSt6localeC1ERKSs",
    "_ZNSt6localeC2ERKSs",
    "_ZNSt6localeC1ERKS_PKci",
    "_ZNSt6localeC2ERKS_PKci",
    "_ZNSt6localeC1ERKS_RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi",
    "_ZNSt6localeC2ERKS_RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi",
    "_ZNSt6localeC1ERKS_RKSsi",
    "_ZNSt6localeC2ERKS_RKSsi",
];

/// Chooses a toolchain as [`toolchain::select()`] does, with its repairs.
///
/// # Errors
/// No compiler, no toolchain of the requested name, or an incomplete one.
pub(crate) fn select(
    settings: &Settings,
    invocation: &Invocation,
    need: CallNeed,
    abi: &[OsString],
) -> Result<Selected, SelectError> {
    toolchain::select(settings, invocation, need, abi, make)
}

/// Builds and tests the repairs for a glibc toolchain; the archives are written to `keep`. Returns those that work, none
/// for another libc, and why others don't.
pub(crate) fn make(asked: &CompilerQuery<'_>, facts: &Facts, keep: &Path) -> (Option<Repairs>, MechanismsOff) {
    if facts.libc != Libc::Glibc || !facts.complete() {
        return (None, MechanismsOff::new());
    }
    let Some((libc, found)) = LibcArchive::of(asked) else {
        let why = || "the compiler's libc.a can't be read".to_owned();
        return (None, MADE.iter().map(|(mechanism, _)| (*mechanism, why())).collect());
    };
    let results = in_parallel(&MADE, |(mechanism, make)| (*mechanism, made(asked, facts, keep, &found, *make)));
    let mut archives = BTreeMap::new();
    let mut off = MechanismsOff::new();
    for (mechanism, result) in results {
        match result {
            Ok(path) => drop(archives.insert(mechanism, path)),
            Err(why) => {
                let why = why.to_string();
                log::info!("no repair of {mechanism}: {why}");
                off.insert(mechanism, why);
            }
        }
    }
    // Converters and what plugins need are converted libraries themselves.
    for needs_it in [Mechanism::Dlopen, Mechanism::Converters] {
        if let Some(why) = off.get(&Mechanism::StartCode).cloned()
            && archives.remove(&needs_it).is_some()
        {
            off.insert(needs_it, why);
        }
    }
    let work = Work { asked, facts, keep };
    let got_header = work.got_header(&found);
    let one_thread = pthread::is_apart(facts)
        .then(|| work.one_thread())
        .and_then(|made| made.inspect_err(|why| log::info!("no functions for programs without threads: {why}")).ok());
    let mut take = |mechanism| archives.remove(&mechanism);
    let repairs = Repairs {
        libc,
        locale: take(Mechanism::Locales),
        name_services: take(Mechanism::NameServices),
        converted: take(Mechanism::StartCode),
        plugins: take(Mechanism::Dlopen),
        iconv: take(Mechanism::Converters),
        early_tls: take(Mechanism::EarlyThreadPointer),
        one_thread,
        thread_parts: found.thread_parts,
        functions: found.functions,
        warned: found.warned,
        detectors: take(Mechanism::CallDetection),
        got_header,
    };
    (Some(repairs), off)
}

/// Makes one repair.
type MakeRepair = for<'a> fn(&Work<'a>, &LibcArchive) -> io::Result<PathBuf>;

/// What is made, in the order of what takes longest.
const MADE: [(Mechanism, MakeRepair); 7] = [
    (Mechanism::Converters, |work, found| work.iconv(found)),
    (Mechanism::Dlopen, |work, _| work.plugins()),
    (Mechanism::StartCode, |work, _| work.converted()),
    (Mechanism::Locales, |work, found| work.locale(found)),
    (Mechanism::CallDetection, |work, found| work.detectors(found)),
    (Mechanism::NameServices, |work, found| work.name_services(found)),
    (Mechanism::EarlyThreadPointer, |work, _| work.early_tls()),
];

/// Makes a repair in a directory of its own.
fn made(
    asked: &CompilerQuery<'_>,
    facts: &Facts,
    keep: &Path,
    found: &LibcArchive,
    make: MakeRepair,
) -> io::Result<PathBuf> {
    let dir = tempfile::Builder::new().prefix("repair").tempdir_in(asked.dir)?;
    let asked = CompilerQuery { dir: dir.path(), ..*asked };
    make(&Work { asked: &asked, facts, keep }, found)
}

/// The start-up code of converted libraries for one link, where it can't be cached: its temporary directory and the
/// archive in it. It is tested like a cached one.
///
/// # Errors
/// No temporary directory, or code that does not work.
pub(crate) fn start_code(selected: &Selected, abi: &[OsString], facts: &Facts) -> io::Result<(TempDir, PathBuf)> {
    let dir = tempfile::Builder::new().prefix("staticcxx-probe").tempdir()?;
    let (command, env, descriptor) = (&selected.compiler, &selected.env, &selected.descriptor);
    let keep = dir.path().join("kept");
    let archive = {
        let asked = CompilerQuery { command, abi, env, descriptor, dir: dir.path() };
        Work { asked: &asked, facts, keep: &keep }.converted()?
    };
    Ok((dir, archive))
}

struct Work<'a> {
    asked: &'a CompilerQuery<'a>,
    facts: &'a Facts,
    keep: &'a Path,
}

impl Work<'_> {
    fn locale(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        let data = locale_data::DIRS.iter().map(Path::new).find(|d| d.join("LC_CTYPE").is_file());
        let data = data.ok_or_else(|| io::Error::other("this machine has no locale C.UTF-8"))?;
        let loader =
            found.loader.as_ref().ok_or_else(|| io::Error::other("libc.a has no loader of locale archives"))?;
        fs::write(self.asked.dir.join("original.o"), loader)?;
        self.compile("locale", LOCALE)?;
        self.compile("data", &locale_data::embedding(data))?;
        let object = self.merge(&["locale.o", "data.o", "original.o"])?;
        self.keep("locale", &object, &LOCALE_FUNCTIONS, TRY_LOCALE)
    }

    /// The archive that makes programs use glibc's own name services. Where those are shared objects, they are converted.
    fn name_services(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        if nss::own_are_shared(self.facts) {
            self.module_objects()?;
            let dirs = &self.facts.library_dirs;
            let libc = glibc::libc_for_modules(dirs);
            let kit = archives::Kit { dir: self.keep, library_dirs: dirs, libc: &libc, strong: false };
            let bytes = kit.services(&nss::OWN.map(str::to_owned), &found.functions)?;
            return self.keep_archive("name-services", &bytes, TRY_NAME_SERVICES);
        }
        self.compile("name-services", NAME_SERVICES)?;
        let object = self.merge(&["name-services.o"])?;
        self.keep("name-services", &object, &found.functions, TRY_NAME_SERVICES)
    }

    /// Writes the call detectors.
    fn detectors(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        fs::create_dir_all(self.keep)?;
        let repaired: Vec<&str> = LOCALE_FUNCTIONS.to_vec();
        let names: Vec<&str> = found.functions.iter().map(String::as_str).collect();
        let converting: Vec<&str> = archives::CONVERTING.to_vec();
        let warned: Vec<&str> = found.warned.iter().map(String::as_str).collect();
        for detector in CALL_DETECTORS {
            let functions = match detector {
                CallDetector::Locale => &repaired,
                CallDetector::NameServices => &names,
                CallDetector::Iconv => &converting,
                CallDetector::Warned => &warned,
            };
            self.compile("detector", &detector.source(functions))?;
            let object = fs::read(self.asked.dir.join("detector.o"))?;
            let bytes = archive::of(&object).ok_or_else(|| io::Error::other("its symbols can't be read"))?;
            self.place(&detector.file(), &bytes)?;
        }
        Ok(self.keep.to_owned())
    }

    fn converted(&self) -> io::Result<PathBuf> {
        self.compile("converted", CONVERTED)?;
        let mut objects = vec![fs::read(self.asked.dir.join("converted.o"))?];
        // An old glibc defines the names itself, and lacks the functions that replace them.
        match self.compile("old-names", OLD_NAMES) {
            Ok(()) => objects.push(fs::read(self.asked.dir.join("old-names.o"))?),
            Err(why) => log::info!("no old names of glibc's: {why}"),
        }
        let bytes = archive::of_members(&objects).ok_or_else(|| io::Error::other("objects without symbols"))?;
        self.keep_archive("converted", &bytes, TRY_CONVERTED)
    }

    fn plugins(&self) -> io::Result<PathBuf> {
        fs::write(self.asked.dir.join("modules.h"), MODULES_H)?;
        let mut objects = Vec::new();
        for (name, text) in [("dl", DL), ("modules", MODULES)] {
            self.compile(name, text)?;
            objects.push(fs::read(self.asked.dir.join(format!("{name}.o")))?);
        }
        let bytes = archive::of_members(&objects).ok_or_else(|| io::Error::other("objects without symbols"))?;
        self.compile("iterate", ITERATE)?;
        let iterate = fs::read(self.asked.dir.join("iterate.o"))?;
        let iterate = archive::of(&iterate).ok_or_else(|| io::Error::other("an object without symbols"))?;
        let kept = self.keep_archive("dl", &bytes, TRY_PLUGINS)?;
        self.place(ITERATE_FILE, &iterate)?;
        self.place(ANY_PROGRAM_FILE, &tables_of_any_program()?)?;
        Ok(kept)
    }

    /// Places the objects of archives of what libc opens.
    fn module_objects(&self) -> io::Result<()> {
        fs::write(self.asked.dir.join("modules.h"), MODULES_H)?;
        fs::create_dir_all(self.keep)?;
        for (name, text) in
            [("loader", LOADER_C), ("services", SERVICES), ("modules", MODULES), ("converted", CONVERTED)]
        {
            self.compile(name, text)?;
            let object = format!("{name}.o");
            self.place(&object, &fs::read(self.asked.dir.join(&object))?)?;
        }
        Ok(())
    }

    fn iconv(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        let conf = found.conf.as_ref().ok_or_else(|| io::Error::other("libc.a has no tables of iconv"))?;
        let dir = &self.asked.dir;
        fs::write(dir.join("conf.o"), conf)?;
        self.module_objects()?;
        self.compile("iconv", ICONV)?;
        let merged = weakened(&self.merge(&["iconv.o", "conf.o"])?);
        self.place(archives::ICONV, &merged.ok_or_else(|| io::Error::other("an object without symbols"))?)?;
        for (name, text) in [("iconv", ICONV), ("loader", LOADER_C)] {
            self.compile(name, &format!("#define STATICCXX_STRONG\n{text}"))?;
        }
        self.place(&archives::strong(archives::ICONV), &self.merge(&["iconv.o", "conf.o"])?)?;
        self.place(&archives::strong(archives::LOADER), &fs::read(dir.join(archives::LOADER))?)?;
        let dirs = &self.facts.library_dirs;
        let libc = glibc::libc_for_modules(dirs);
        let kit = archives::Kit { dir: self.keep, library_dirs: dirs, libc: &libc, strong: false };
        let tables =
            ConverterTables::read(dirs).ok_or_else(|| io::Error::other("glibc's directory `gconv` was not found"))?;
        let bytes = kit.converters(&tables, &tables.choose(&IconvChoice::default()))?;
        self.keep_archive("iconv", &bytes, TRY_ICONV)
    }

    fn one_thread(&self) -> io::Result<PathBuf> {
        self.compile("one-thread", ONE_THREAD)?;
        let object = fs::read(self.asked.dir.join("one-thread.o"))?;
        let bytes = archive::of(&object).ok_or_else(|| io::Error::other("an object without symbols"))?;
        self.keep_archive("one-thread", &bytes, TRY_ONE_THREAD)
    }

    fn early_tls(&self) -> io::Result<PathBuf> {
        self.compile("early-tls", EARLY_TLS)?;
        fs::write(self.asked.dir.join("try.c"), TRY_EARLY_TLS)?;
        let entry = format!("-Wl,--entry={EARLY_ENTRY}");
        for (kind, recipe) in &self.facts.kinds {
            let args = ["-x", "c", "try.c", "-x", "none", "early-tls.o", &entry];
            self.asked.links(&args, *kind, recipe, &self.facts.triple).map_err(io::Error::other)?;
        }
        fs::create_dir_all(self.keep)?;
        self.place("early-tls.object", &fs::read(self.asked.dir.join("early-tls.o"))?)
    }

    fn got_header(&self, found: &LibcArchive) -> GotHeader {
        let Some(member) = &found.relocator else { return GotHeader::Unread };
        let replaced = || -> io::Result<PathBuf> {
            let unknown = || io::Error::other("it is read in an unknown way");
            let bytes = got_header::without_got_header(member).ok_or_else(unknown)?;
            fs::write(self.asked.dir.join("relocator.o"), &bytes)?;
            fs::write(
                self.asked.dir.join("try.c"),
                "#include <stdio.h>\nint main(void) { return puts(\"42\") < 0; }\n",
            )?;
            if let Some(recipe) = self.facts.kinds.get(&StaticKind::StaticPie) {
                let tried =
                    self.asked.links(&["try.c", "relocator.o"], StaticKind::StaticPie, recipe, &self.facts.triple);
                tried.map_err(io::Error::other)?;
            }
            fs::create_dir_all(self.keep)?;
            self.place("relocator.object", &bytes)
        };
        replaced().map_or_else(
            |why| {
                log::info!("the GOT's header is needed: {why}");
                GotHeader::Read
            },
            GotHeader::Replaced,
        )
    }

    fn compile(&self, name: &str, text: &str) -> io::Result<()> {
        let source = format!("{name}.c");
        fs::write(self.asked.dir.join(&source), text)?;
        let define = format!("-DSTATICCXX_ORIGINAL={ORIGINAL}");
        let define_conf = format!("-DSTATICCXX_CONF={ORIGINAL_CONF}");
        let object = format!("{name}.o");
        self.tell(&[
            "-x",
            "c",
            "-O2",
            "-fPIC",
            "-ffunction-sections",
            "-fdata-sections",
            "-w",
            "-D_GNU_SOURCE",
            &define,
            &define_conf,
            "-c",
            &source,
            "-o",
            &object,
        ])
    }

    fn merge(&self, objects: &[&str]) -> io::Result<Vec<u8>> {
        self.tell(&[&["-r", "-nostdlib", "-o", "merged.o"], objects].concat())?;
        fs::read(self.asked.dir.join("merged.o"))
    }

    fn tell(&self, args: &[&str]) -> io::Result<()> {
        let said = self.asked.ask(args)?;
        match said.status.success() {
            true => Ok(()),
            false => Err(io::Error::other(telling_line(&String::from_utf8_lossy(&said.stderr)))),
        }
    }

    /// Writes an archive, once a program of every kind was linked with it and run.
    fn keep(&self, name: &str, object: &[u8], functions: &[impl AsRef<[u8]>], trial: &str) -> io::Result<PathBuf> {
        let bytes =
            archive::with_index(object, functions).ok_or_else(|| io::Error::other("the archive has too many names"))?;
        self.keep_archive(name, &bytes, trial)
    }

    fn keep_archive(&self, name: &str, bytes: &[u8], trial: &str) -> io::Result<PathBuf> {
        let file = format!("{name}{}", archive::ENDING);
        fs::write(self.asked.dir.join(&file), bytes)?;
        let source = self.asked.dir.join("try.c");
        fs::write(source, trial)?;
        let word = format!("-Wl,{file}");
        // Converted name services refer to it before glibc 2.34.
        for (kind, recipe) in &self.facts.kinds {
            let args = ["-x", "c", "try.c", "-x", "none", &word, "-lresolv"];
            self.asked.links(&args, *kind, recipe, &self.facts.triple).map_err(io::Error::other)?;
        }
        fs::create_dir_all(self.keep)?;
        self.place(&file, bytes)
    }

    fn place(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.keep.join(name);
        write_atomic(&path, bytes)?;
        Ok(path)
    }
}

//! Builds the repairs for static glibc programs: UTF-8 locales without files, name services without shared objects.
//!
//! The start-up code of converted libraries ([`crate::convert`]) is built here in the same way.
//!
//! All are small objects (`toolchains/glibc/`), compiled by their toolchain, tested with its libc.a by running a
//! program, and cached with the facts. Each is put into an archive whose symbol index names the functions that need it:
//! the linker extracts it only for a program that refers to one of them.

use super::archives::{self, LeftOut};
use super::got_header::without_got_header;
use super::iconv::ConverterTables;
use super::libc_archive::{LibcArchive, ORIGINAL, ORIGINAL_CONF};
use super::libc_members::weakened;
use super::locale_data;
use super::nss;
use crate::archive;
use crate::convert::machine::Machine;
use crate::files::write_atomic;
use crate::model::{EARLY_ENTRY, Family, StaticKind};
use crate::options::iconv::IconvChoice;
use crate::supply::glibc;
use crate::supply::plugins::modules::{ANY_PROGRAM_FILE, ITERATE_FILE, tables_of_any_program};
use crate::toolchain::Facts;
use crate::toolchain::call_detector::{CALL_DETECTORS, CallDetector};
use crate::toolchain::probe::{CompilerQuery, telling_line};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const LOCALE: &str = include_str!("../../toolchains/glibc/locale.c");
const NAME_SERVICES: &str = include_str!("../../toolchains/glibc/name-services.c");
const CONVERTED: &str = include_str!("../../toolchains/glibc/converted.c");
/// One object each: who needs one of the functions has the libraries that its file needs.
const OLD_FILES: [(&str, &str); 4] = [
    ("old-names", include_str!("../../toolchains/glibc/old-names.c")),
    ("old-functions", include_str!("../../toolchains/glibc/old-functions.c")),
    ("old-versions", include_str!("../../toolchains/glibc/old-versions.c")),
    ("old-libm", include_str!("../../toolchains/glibc/old-libm.c")),
];
const PRIVATE_NAMES: &str = include_str!("../../toolchains/glibc/private-names.c");
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
const TLS_GET_ADDR: &str = include_str!("../../toolchains/glibc/tls-get-addr.c");
const TRY_TLS_GET_ADDR: &str = include_str!("../../toolchains/glibc/try-tls-get-addr.c");
const ERRATUM_SPACE: &str = include_str!("../../toolchains/glibc/erratum-space.c");
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

/// What makes the repairs of one toolchain.
pub(super) struct Work<'a> {
    pub asked: &'a CompilerQuery<'a>,
    pub facts: &'a Facts,
    /// The directory that they are kept in.
    pub keep: &'a Path,
}

/// A repair that works.
pub(super) struct MadeRepair {
    pub path: PathBuf,
    /// What it had to leave out, and why.
    pub left_out: Option<String>,
}

impl MadeRepair {
    /// One that lacks nothing.
    pub(super) fn whole(path: PathBuf) -> MadeRepair {
        MadeRepair { path, left_out: None }
    }
}

impl Work<'_> {
    pub(super) fn locale(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        let data = locale_data::DIRS.iter().map(Path::new).find(|d| d.join("LC_CTYPE").is_file());
        let data = data.ok_or_else(|| io::Error::other("this machine has no locale C.UTF-8"))?;
        let loader =
            found.loader.as_ref().ok_or_else(|| io::Error::other("libc.a has no loader of locale archives"))?;
        fs::write(self.asked.dir.join("original.o"), loader)?;
        self.compile("locale", LOCALE)?;
        // e_ident[EI_DATA]: 2 is big-endian.
        let big = fs::read(self.asked.dir.join("locale.o"))?.get(5) == Some(&2);
        if big != cfg!(target_endian = "big") {
            return Err(io::Error::other("this machine's locale C.UTF-8 has the other byte order"));
        }
        self.compile("data", &locale_data::embedding(data))?;
        let object = self.merge(&["locale.o", "data.o", "original.o"])?;
        self.keep("locale", &object, &LOCALE_FUNCTIONS, TRY_LOCALE)
    }

    /// The archive that makes programs use the built-in name services. Where `files` and `dns` are shared objects, they
    /// are converted, with the objects that were kept for iconv.
    pub(super) fn name_services(&self, found: &LibcArchive) -> io::Result<PathBuf> {
        if nss::own_are_shared(self.facts) {
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
    pub(super) fn detectors(&self, found: &LibcArchive) -> io::Result<PathBuf> {
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

    pub(super) fn converted(&self) -> io::Result<MadeRepair> {
        self.compile("converted", CONVERTED)?;
        self.compile("private-names", PRIVATE_NAMES)?;
        let object = |name: &str| fs::read(self.asked.dir.join(name));
        let mut objects = vec![object(archives::START)?, object(archives::PRIVATE)?];
        let mut lacks = None;
        for (name, text) in OLD_FILES {
            match self.compile(name, text) {
                Ok(()) => objects.push(object(&format!("{name}.o"))?),
                Err(why) => {
                    log::info!("no {name} of glibc's: {why}");
                    lacks = Some(format!("converted libraries: left out: {name}, which can't be compiled: {why}"));
                }
            }
        }
        let bytes = archive::of_members(&objects).ok_or_else(|| io::Error::other("objects without symbols"))?;
        Ok(MadeRepair { path: self.keep_archive("converted", &bytes, TRY_CONVERTED)?, left_out: lacks })
    }

    pub(super) fn plugins(&self) -> io::Result<PathBuf> {
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
        let machine = Machine::named(self.facts.arch());
        let machine = machine.ok_or_else(|| io::Error::other("plugins are not converted for this machine"))?;
        self.place(ANY_PROGRAM_FILE, &tables_of_any_program(machine)?)?;
        Ok(kept)
    }

    pub(super) fn iconv(&self, found: &LibcArchive) -> io::Result<MadeRepair> {
        let conf = found.conf.as_ref().ok_or_else(|| io::Error::other("libc.a has no tables of iconv"))?;
        let dir = &self.asked.dir;
        fs::write(dir.join("conf.o"), conf)?;
        fs::write(dir.join("modules.h"), MODULES_H)?;
        for (name, text) in [
            ("iconv", ICONV),
            ("loader", LOADER_C),
            ("services", SERVICES),
            ("modules", MODULES),
            ("converted", CONVERTED),
            ("private-names", PRIVATE_NAMES),
        ] {
            self.compile(name, text)?;
        }
        let merged = weakened(&self.merge(&["iconv.o", "conf.o"])?);
        fs::create_dir_all(self.keep)?;
        self.place(archives::ICONV, &merged.ok_or_else(|| io::Error::other("an object without symbols"))?)?;
        let others = [archives::LOADER, archives::SERVICES, archives::MODULES, archives::START, archives::PRIVATE];
        for object in others {
            self.place(object, &fs::read(dir.join(object))?)?;
        }
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
        let chosen = tables.choose(&IconvChoice::default());
        let (bytes, left) = kit.converters(&tables, &chosen)?;
        let all = left.is_empty() && chosen.unknown.is_empty();
        let trial = if all { TRY_ICONV.to_owned() } else { format!("#define STATICCXX_SOME_LACK\n{TRY_ICONV}") };
        let kept = self.keep_archive("iconv", &bytes, &trial)?;
        Ok(MadeRepair { path: kept, left_out: LeftOut::line(&left).map(|line| format!("iconv: {line}")) })
    }

    /// libpthread's functions in programs without threads, where they are not part of libc.
    pub(super) fn one_thread(&self) -> io::Result<PathBuf> {
        self.compile("one-thread", ONE_THREAD)?;
        let object = fs::read(self.asked.dir.join("one-thread.o"))?;
        let bytes = archive::of(&object).ok_or_else(|| io::Error::other("an object without symbols"))?;
        self.keep_archive("one-thread", &bytes, TRY_ONE_THREAD)
    }

    /// `__tls_get_addr`, for run-time libraries that call it.
    pub(super) fn tls_get_addr(&self) -> io::Result<PathBuf> {
        self.compile("tls-get-addr", TLS_GET_ADDR)?;
        let object = fs::read(self.asked.dir.join("tls-get-addr.o"))?;
        let bytes = archive::of(&object).ok_or_else(|| io::Error::other("an object without symbols"))?;
        self.keep_tried("tls-get-addr", &bytes, TRY_TLS_GET_ADDR, "-lpthread")
    }

    /// Room for what the built-in linker's output has to have moved; none where nothing has.
    ///
    /// # Errors
    /// It can't be compiled or kept.
    pub(super) fn erratum_space(&self) -> io::Result<Option<PathBuf>> {
        if self.facts.arch() != "aarch64" {
            return Ok(None);
        }
        // A mark of branch protection is lost where one object lacks it.
        self.compile_with(&["-mbranch-protection=standard"], "erratum-space", ERRATUM_SPACE)?;
        fs::create_dir_all(self.keep)?;
        self.place("erratum-space.object", &fs::read(self.asked.dir.join("erratum-space.o"))?).map(Some)
    }

    pub(super) fn early_tls(&self) -> io::Result<PathBuf> {
        self.compile("early-tls", EARLY_TLS)?;
        let entry = format!("-Wl,--entry={EARLY_ENTRY}");
        self.works(TRY_EARLY_TLS, &["early-tls.o", &entry])?;
        fs::create_dir_all(self.keep)?;
        self.place("early-tls.object", &fs::read(self.asked.dir.join("early-tls.o"))?)
    }

    /// Start code of static-pies that does without the GOT's header; none where it does anyway, or can't.
    ///
    /// # Errors
    /// A file of ours can't be written: nothing was learnt.
    pub(super) fn relocator(&self, found: &LibcArchive) -> io::Result<Option<PathBuf>> {
        let made = || -> io::Result<PathBuf> {
            let unknown = || io::Error::other("it is not read, or in an unknown way");
            let bytes = found.relocator.as_deref().and_then(without_got_header).ok_or_else(unknown)?;
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
        match made() {
            Ok(made) => Ok(Some(made)),
            Err(why) if why.raw_os_error().is_some() => Err(why),
            Err(why) => {
                log::debug!("the GOT's header: {why}");
                Ok(None)
            }
        }
    }

    fn compile(&self, name: &str, text: &str) -> io::Result<()> {
        self.compile_with(&[], name, text)
    }

    fn compile_with(&self, options: &[&str], name: &str, text: &str) -> io::Result<()> {
        let source = format!("{name}.c");
        fs::write(self.asked.dir.join(&source), text)?;
        let define = format!("-DSTATICCXX_ORIGINAL={ORIGINAL}");
        let define_conf = format!("-DSTATICCXX_CONF={ORIGINAL_CONF}");
        let object = format!("{name}.o");
        let words = ["-x", "c", "-O2", "-fPIC", "-ffunction-sections", "-fdata-sections", "-w", "-D_GNU_SOURCE"];
        let files = [&define, &define_conf, "-c", &source, "-o", &object];
        // Before LLVM 12, Clang's assembler does not say which loads may be relaxed; of others the built-in linker makes
        // the program's base where a weak symbol is absent.
        let relaxes = self.facts.family == Family::Clang && self.facts.arch() == "x86_64";
        let of_clang: &[&str] = if relaxes { &["-Wa,-mrelax-relocations=yes"] } else { &[] };
        self.tell(&[&words[..], of_clang, options, &files].concat())
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
        // Converted name services refer to libresolv before glibc 2.34.
        self.keep_tried(name, bytes, trial, "-lresolv")
    }

    /// The same, with a library that its trial needs.
    fn keep_tried(&self, name: &str, bytes: &[u8], trial: &str, library: &str) -> io::Result<PathBuf> {
        let file = format!("{name}{}", archive::ENDING);
        fs::write(self.asked.dir.join(&file), bytes)?;
        self.works(trial, &[&format!("-Wl,{file}"), library])?;
        fs::create_dir_all(self.keep)?;
        self.place(&file, bytes)
    }

    /// Whether a program works with these words in each kind.
    ///
    /// # Errors
    /// It can't be linked, is not static, or does not run.
    fn works(&self, trial: &str, words: &[&str]) -> io::Result<()> {
        fs::write(self.asked.dir.join("try.c"), trial)?;
        let args = [&["-x", "c", "try.c", "-x", "none"], words].concat();
        self.facts.kinds.iter().try_for_each(|(kind, recipe)| {
            let how = self.asked.links(&args, *kind, recipe, &self.facts.triple).map_err(io::Error::other)?;
            log::debug!("a repair's program: {}", how.told());
            Ok(())
        })
    }

    fn place(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.keep.join(name);
        write_atomic(&path, bytes)?;
        Ok(path)
    }
}

//! Detects calls of functions with a GNU ld warning or a repair of glibc.
//!
//! GNU ld finds them by symbol indexes of archives and by `.gnu.warning` sections of libc.a; the built-in linker
//! supports neither. It does support `--wrap`: a reference to a wrapped function pulls in the archive that defines
//! `__wrap_…` (a call detector), which refers to an undefined symbol whose name tells what is needed. So the link fails
//! before anything is written, and is repeated with the repair, or by the compiler.

use super::WhyNot;
use crate::options::repairs::GlibcFixes;
use crate::repairs::archives;
use crate::repairs::make::LOCALE_FUNCTIONS;
use crate::toolchain::Repairs;
use crate::toolchain::call_detector::{TRAPS, Trap};

/// Functions that libstdc++ calls itself, so that their call detectors fire in every C++ program.
pub(crate) const CXX_CALLS: [&str; 3] = ["iconv_open", "newlocale", "setlocale"];

/// The detector for each of them.
const CXX_TRAPS: [Trap; 3] = [Trap::Iconv, Trap::Locale, Trap::Locale];

/// The call detectors of one link.
#[derive(Debug, Default)]
pub(crate) struct Traps<'a> {
    /// Whether the program is C++.
    cxx: bool,
    repairs: Option<&'a Repairs>,
    wanted: GlibcFixes,
    /// Repairs that are linked in already.
    taken: Vec<Trap>,
}

impl<'a> Traps<'a> {
    /// The call detectors of a toolchain; empty without glibc.
    ///
    /// # Errors
    /// It has glibc, and no call detectors could be built.
    pub(crate) fn new(glibc: bool, repairs: Option<&'a Repairs>, wanted: GlibcFixes) -> Result<Traps<'a>, WhyNot> {
        match repairs {
            Some(repairs) if repairs.traps.is_none() => Err(WhyNot::NoTraps),
            None if glibc => Err(WhyNot::NoTraps),
            repairs => Ok(Traps { repairs, wanted, ..Traps::default() }),
        }
    }

    /// Marks the program as C++. `mentions` returns which functions its inputs refer to; it is called at most once.
    pub(crate) fn cxx(&mut self, mentions: impl FnOnce(&[&str]) -> Vec<bool>) {
        self.cxx = true;
        if !CXX_TRAPS.iter().any(|t| self.repairs_of(*t)) {
            return;
        }
        for (trap, mentioned) in CXX_TRAPS.into_iter().zip(mentions(&CXX_CALLS)) {
            if mentioned && self.repairs_of(trap) && !self.taken.contains(&trap) {
                self.taken.push(trap);
            }
        }
    }

    /// Whether an input is one of the repairs: the built-in linker ignores symbol indexes of archives and would link
    /// them into every program, so they are added only when needed.
    pub(crate) fn is_repair(&self, input: &str) -> bool {
        let repairs = self.repairs.iter().flat_map(|r| r.locale.iter().chain(&r.name_services).chain(&r.iconv));
        repairs.into_iter().any(|r| r.to_str() == Some(input))
    }

    /// The arguments for the detectors, or for the repairs of those that fired. They come first: a repair precedes the
    /// parts of libc that it replaces.
    pub(crate) fn words(&self) -> Vec<String> {
        let Some((repairs, dir)) = self.repairs.and_then(|r| Some((r, r.traps.as_ref()?))) else { return Vec::new() };
        let mut words = Vec::new();
        for trap in TRAPS {
            if self.taken.contains(&trap) {
                let repair = match trap {
                    Trap::Locale => &repairs.locale,
                    Trap::Iconv => &repairs.iconv,
                    Trap::NameServices | Trap::Warned => &repairs.name_services,
                };
                words.push(format!("--undefined={}", trap.symbol()));
                words.extend(repair.iter().map(|r| r.to_string_lossy().into_owned()));
                continue;
            }
            let functions: Vec<&str> = match trap {
                Trap::Locale if !self.repairs_of(trap) => Vec::new(),
                Trap::Locale if self.cxx => LOCALE_FUNCTIONS.into_iter().filter(|f| !CXX_CALLS.contains(f)).collect(),
                Trap::Locale => LOCALE_FUNCTIONS.to_vec(),
                Trap::NameServices => repairs.functions.iter().map(String::as_str).collect(),
                Trap::Iconv if self.cxx || !self.repairs_of(trap) => Vec::new(),
                Trap::Iconv => archives::CONVERTING.to_vec(),
                Trap::Warned => repairs.warned.iter().map(String::as_str).collect(),
            };
            if functions.is_empty() {
                continue;
            }
            words.extend(functions.iter().map(|f| format!("--wrap={f}")));
            words.push(dir.join(trap.file()).to_string_lossy().into_owned());
        }
        words
    }

    /// Reads the errors of a failed link; if detectors fired, their repairs are added and the link can be repeated.
    ///
    /// # Errors
    /// The built-in linker can't link it.
    pub(crate) fn sprung(&mut self, said: &str) -> Result<(), WhyNot> {
        let sprung: Vec<Trap> = TRAPS.into_iter().filter(|t| said.contains(&t.needed())).collect();
        if sprung.is_empty() || sprung.iter().any(|t| self.taken.contains(t)) {
            return Err(WhyNot::Failed(said.lines().next().unwrap_or("nothing").to_owned()));
        }
        if !sprung.iter().all(|t| self.repairs_of(*t)) {
            return Err(WhyNot::Warning);
        }
        self.taken.extend(sprung);
        Ok(())
    }

    /// Whether a detector's repair is wanted and available.
    fn repairs_of(&self, trap: Trap) -> bool {
        let Some(repairs) = self.repairs else { return false };
        match trap {
            Trap::Locale => self.wanted.locale && repairs.locale.is_some(),
            Trap::NameServices => self.wanted.name_services && repairs.name_services.is_some(),
            Trap::Iconv => self.wanted.iconv && repairs.iconv.is_some(),
            Trap::Warned => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repairs() -> Repairs {
        Repairs {
            converted: None,
            plugins: None,
            iconv: None,
            libc: ("/l/libc.a".into(), crate::files::Stamp::of(std::path::Path::new("/")).unwrap()),
            locale: Some("/r/locale.a".into()),
            name_services: Some("/r/name-services.a".into()),
            functions: vec!["getpwnam".into()],
            warned: vec!["dlopen".into()],
            traps: Some("/r".into()),
        }
    }

    #[test]
    fn a_sprung_trap_becomes_a_repair_once() {
        let (repairs, wanted) = (repairs(), GlibcFixes { locale: true, name_services: true, iconv: true });
        let mut traps = Traps::new(true, Some(&repairs), wanted).unwrap();
        let words = traps.words().join(" ");
        assert!(words.contains("--wrap=setlocale") && words.contains("--wrap=getpwnam /r/"), "{words}");
        let said = format!("Undefined symbol {}, referenced by x", Trap::Locale.needed());
        assert_eq!(traps.sprung(&said), Ok(()));
        let words = traps.words().join(" ");
        assert!(!words.contains("setlocale"), "{words}");
        assert!(words.contains("--undefined=staticcxx_locale_data /r/locale.a"), "{words}");
        assert!(traps.is_repair("/r/locale.a") && !traps.is_repair("/r/trap-locale.a"));
        assert!(traps.sprung(&said).is_err());
        assert_eq!(traps.sprung(&Trap::Warned.needed()), Err(WhyNot::Warning));
        assert_eq!(traps.sprung("Undefined symbol foo"), Err(WhyNot::Failed("Undefined symbol foo".into())));
    }

    #[test]
    fn what_libstdcxx_calls_itself_is_looked_for_among_the_inputs() {
        let (repairs, wanted) = (repairs(), GlibcFixes { locale: true, name_services: true, iconv: true });
        for mentioned in [false, true] {
            let mut traps = Traps::new(true, Some(&repairs), wanted).unwrap();
            traps.cxx(|functions| functions.iter().map(|f| *f == "setlocale" && mentioned).collect());
            let words = traps.words().join(" ");
            assert!(!words.contains("--wrap=setlocale"), "{words}");
            assert_eq!(words.contains("--wrap=_ZNSt6localeC1EPKc"), !mentioned, "{words}");
            assert_eq!(words.contains("--undefined=staticcxx_locale_data"), mentioned, "{words}");
        }
        let mut off = Traps::new(true, Some(&repairs), GlibcFixes::default()).unwrap();
        off.cxx(|_| unreachable!());
    }

    #[test]
    fn without_the_repair_the_compiler_s_linker_warns() {
        let repairs = repairs();
        let mut traps = Traps::new(true, Some(&repairs), GlibcFixes::default()).unwrap();
        let words = traps.words().join(" ");
        assert!(!words.contains("setlocale") && words.contains("--wrap=getpwnam"), "{words}");
        assert_eq!(traps.sprung(&Trap::NameServices.needed()), Err(WhyNot::Warning));
    }

    #[test]
    fn glibc_without_traps_can_not_be_linked_and_musl_needs_none() {
        assert_eq!(Traps::new(true, None, GlibcFixes::default()).err(), Some(WhyNot::NoTraps));
        assert!(Traps::new(false, None, GlibcFixes::default()).unwrap().words().is_empty());
    }
}

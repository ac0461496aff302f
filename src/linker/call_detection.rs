//! Detects calls of functions with a GNU ld warning or a repair of glibc.
//!
//! GNU ld finds them by symbol indexes of archives and by `.gnu.warning` sections of libc.a; the built-in linker
//! supports neither. It does support `--wrap`: a reference to a wrapped function pulls in the archive that defines
//! `__wrap_…` (a call detector), which refers to an undefined symbol whose name tells what is needed. So the link fails
//! before anything is written, and is repeated with the repair, or by the compiler.

use super::WhyNot;
use crate::options::repairs::GlibcFixes;
use crate::repairs::archives;
use crate::repairs::workshop::LOCALE_FUNCTIONS;
use crate::toolchain::Repairs;
use crate::toolchain::call_detector::{CALL_DETECTORS, CallDetector};

/// Functions that libstdc++ calls itself, so that their call detectors fire in every C++ program.
pub(crate) const CXX_CALLS: [&str; 3] = ["iconv_open", "newlocale", "setlocale"];

/// The detector for each of them.
const CXX_DETECTORS: [CallDetector; 3] = [CallDetector::Iconv, CallDetector::Locale, CallDetector::Locale];

/// The call detectors of one link.
#[derive(Debug, Default)]
pub(crate) struct CallDetection<'a> {
    /// Whether the program is C++.
    cxx: bool,
    repairs: Option<&'a Repairs>,
    wanted: GlibcFixes,
    /// Repairs that are linked in already.
    taken: Vec<CallDetector>,
    /// dlopen and the like are ours, and need no warning.
    own_dlopen: bool,
}

impl<'a> CallDetection<'a> {
    /// The call detectors of a toolchain; empty without glibc.
    ///
    /// # Errors
    /// It has glibc, and no call detectors could be built.
    pub(crate) fn new(
        glibc: bool,
        repairs: Option<&'a Repairs>,
        wanted: GlibcFixes,
    ) -> Result<CallDetection<'a>, WhyNot> {
        match repairs {
            Some(repairs) if repairs.detectors.is_none() => Err(WhyNot::NoCallDetectors),
            None if glibc => Err(WhyNot::NoCallDetectors),
            repairs => Ok(CallDetection { repairs, wanted, ..CallDetection::default() }),
        }
    }

    /// Marks the program as C++. `mentions` returns which functions its inputs refer to; it is called at most once.
    pub(crate) fn cxx(&mut self, mentions: impl FnOnce(&[&str]) -> Vec<bool>) {
        self.cxx = true;
        if !CXX_DETECTORS.iter().any(|t| self.repairs_of(*t)) {
            return;
        }
        for (detector, mentioned) in CXX_DETECTORS.into_iter().zip(mentions(&CXX_CALLS)) {
            if mentioned && self.repairs_of(detector) && !self.taken.contains(&detector) {
                self.taken.push(detector);
            }
        }
    }

    /// Notes the archive with dlopen and the like of ours, if it is an input.
    pub(crate) fn input(&mut self, input: &str) {
        let ours = self.repairs.and_then(|r| r.plugins.as_ref());
        self.own_dlopen |= ours.is_some_and(|ours| ours.to_str() == Some(input));
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
        let Some((repairs, dir)) = self.repairs.and_then(|r| Some((r, r.detectors.as_ref()?))) else {
            return Vec::new();
        };
        let mut words = Vec::new();
        for detector in CALL_DETECTORS {
            if self.taken.contains(&detector) {
                let repair = match detector {
                    CallDetector::Locale => &repairs.locale,
                    CallDetector::Iconv => &repairs.iconv,
                    CallDetector::NameServices | CallDetector::Warned => &repairs.name_services,
                };
                words.push(format!("--undefined={}", detector.symbol()));
                words.extend(repair.iter().map(|r| r.to_string_lossy().into_owned()));
                continue;
            }
            let functions: Vec<&str> = match detector {
                CallDetector::Locale if !self.repairs_of(detector) => Vec::new(),
                CallDetector::Locale if self.cxx => {
                    LOCALE_FUNCTIONS.into_iter().filter(|f| !CXX_CALLS.contains(f)).collect()
                }
                CallDetector::Locale => LOCALE_FUNCTIONS.to_vec(),
                CallDetector::NameServices => repairs.functions.iter().map(String::as_str).collect(),
                CallDetector::Iconv if self.cxx || !self.repairs_of(detector) => Vec::new(),
                CallDetector::Iconv => archives::CONVERTING.to_vec(),
                CallDetector::Warned => {
                    let warned = repairs.warned.iter().map(String::as_str);
                    warned.filter(|f| !self.own_dlopen || !f.starts_with("dl")).collect()
                }
            };
            if functions.is_empty() {
                continue;
            }
            words.extend(functions.iter().map(|f| format!("--wrap={f}")));
            words.push(dir.join(detector.file()).to_string_lossy().into_owned());
        }
        words
    }

    /// Reads the errors of a failed link; if detectors fired, their repairs are added and the link can be repeated.
    ///
    /// # Errors
    /// The built-in linker can't link it.
    pub(crate) fn found(&mut self, said: &str) -> Result<(), WhyNot> {
        let found: Vec<CallDetector> = CALL_DETECTORS.into_iter().filter(|t| said.contains(&t.needed())).collect();
        if found.is_empty() || found.iter().any(|t| self.taken.contains(t)) {
            return Err(WhyNot::Failed(in_a_line(said)));
        }
        if !found.iter().all(|t| self.repairs_of(*t)) {
            return Err(WhyNot::Warning);
        }
        self.taken.extend(found);
        Ok(())
    }

    /// Whether a detector's repair is wanted and available.
    fn repairs_of(&self, detector: CallDetector) -> bool {
        let Some(repairs) = self.repairs else { return false };
        match detector {
            CallDetector::Locale => self.wanted.locale && repairs.locale.is_some(),
            CallDetector::NameServices => self.wanted.name_services && repairs.name_services.is_some(),
            CallDetector::Iconv => self.wanted.iconv && repairs.iconv.is_some(),
            CallDetector::Warned => false,
        }
    }
}

/// The linker's first message, with what it says was the cause.
fn in_a_line(said: &str) -> String {
    let mut lines = said.lines().map(str::trim);
    let first = lines.next().unwrap_or("nothing");
    let causes = lines.skip_while(|line| *line != "Caused by:").skip(1);
    [first].into_iter().chain(causes.filter(|line| !line.is_empty())).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repairs() -> Repairs {
        Repairs {
            converted: None,
            plugins: None,
            early_tls: None,
            relocator: None,
            erratum_space: None,
            one_thread: None,
            tls_get_addr: None,
            thread_parts: None,
            iconv: None,
            libc: ("/l/libc.a".into(), crate::files::Stamp::of(std::path::Path::new("/")).unwrap()),
            locale: Some("/r/locale.ar".into()),
            name_services: Some("/r/name-services.ar".into()),
            functions: vec!["getpwnam".into()],
            warned: vec!["dlopen".into()],
            detectors: Some("/r".into()),
            left_out: None,
        }
    }

    #[test]
    fn a_detected_call_takes_a_repair_once() {
        let (repairs, wanted) = (repairs(), GlibcFixes { locale: true, name_services: true, iconv: true });
        let mut detectors = CallDetection::new(true, Some(&repairs), wanted).unwrap();
        let words = detectors.words().join(" ");
        assert!(words.contains("--wrap=setlocale") && words.contains("--wrap=getpwnam /r/"), "{words}");
        let said = format!("Undefined symbol {}, referenced by x", CallDetector::Locale.needed());
        assert_eq!(detectors.found(&said), Ok(()));
        let words = detectors.words().join(" ");
        assert!(!words.contains("setlocale"), "{words}");
        assert!(words.contains("--undefined=staticcxx_locale_data /r/locale.ar"), "{words}");
        assert!(detectors.is_repair("/r/locale.ar") && !detectors.is_repair("/r/detects-locale.ar"));
        assert!(detectors.found(&said).is_err());
        assert_eq!(detectors.found(&CallDetector::Warned.needed()), Err(WhyNot::Warning));
        assert_eq!(detectors.found("Undefined symbol foo"), Err(WhyNot::Failed("Undefined symbol foo".into())));
        let chain = "Failed to open `x.o`\n  Caused by:\n    No such file or directory (os error 2)\n";
        let in_a_line = "Failed to open `x.o`: No such file or directory (os error 2)";
        assert_eq!(detectors.found(chain), Err(WhyNot::Failed(in_a_line.into())));
    }

    #[test]
    fn what_libstdcxx_calls_itself_is_looked_for_among_the_inputs() {
        let (repairs, wanted) = (repairs(), GlibcFixes { locale: true, name_services: true, iconv: true });
        for mentioned in [false, true] {
            let mut detectors = CallDetection::new(true, Some(&repairs), wanted).unwrap();
            detectors.cxx(|functions| functions.iter().map(|f| *f == "setlocale" && mentioned).collect());
            let words = detectors.words().join(" ");
            assert!(!words.contains("--wrap=setlocale"), "{words}");
            assert_eq!(words.contains("--wrap=_ZNSt6localeC1EPKc"), !mentioned, "{words}");
            assert_eq!(words.contains("--undefined=staticcxx_locale_data"), mentioned, "{words}");
        }
        let mut off = CallDetection::new(true, Some(&repairs), GlibcFixes::default()).unwrap();
        off.cxx(|_| unreachable!());
    }

    #[test]
    fn without_the_repair_the_compiler_s_linker_warns() {
        let repairs = repairs();
        let mut detectors = CallDetection::new(true, Some(&repairs), GlibcFixes::default()).unwrap();
        let words = detectors.words().join(" ");
        assert!(!words.contains("setlocale") && words.contains("--wrap=getpwnam"), "{words}");
        assert_eq!(detectors.found(&CallDetector::NameServices.needed()), Err(WhyNot::Warning));
    }

    #[test]
    fn glibc_without_detectors_can_not_be_linked_and_musl_needs_none() {
        assert_eq!(CallDetection::new(true, None, GlibcFixes::default()).err(), Some(WhyNot::NoCallDetectors));
        assert!(CallDetection::new(false, None, GlibcFixes::default()).unwrap().words().is_empty());
    }
}

//! Facts → verdict: what makes a file static, and what is only a finding.

use super::calls::{BoundSymbol, CALLER_MATTERS, CallEvidence, RuntimeNeed};
use super::image::{FileType, Image};
use super::target::{Expect, machine_name};
use crate::model::StaticKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a file is not a static program for its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "id")]
pub enum Failure {
    /// PT_INTERP: the kernel would start this program first, and an empty image does not have it.
    HasInterpreter {
        /// Its path.
        interpreter: String,
    },
    /// DT_NEEDED.
    NeedsSharedObjects {
        /// Their names.
        needed: Vec<String>,
    },
    /// For another machine than the toolchain's.
    WrongMachine {
        /// What it is for.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A shared object, not a program.
    SharedObject,
    /// An object file, a core dump, or a file without anything to load.
    NotAProgram {
        /// What it is.
        what: String,
    },
}

impl Failure {
    /// Kebab-case id.
    pub fn id(&self) -> &'static str {
        match self {
            Failure::HasInterpreter { .. } => "has-interpreter",
            Failure::NeedsSharedObjects { .. } => "needs-shared-objects",
            Failure::WrongMachine { .. } => "wrong-machine",
            Failure::SharedObject => "shared-object",
            Failure::NotAProgram { .. } => "not-a-program",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::HasInterpreter { interpreter } => write!(f, "it has the interpreter `{interpreter}`"),
            Failure::NeedsSharedObjects { needed } => {
                write!(f, "it needs {}", needed.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "))
            }
            Failure::WrongMachine { found, expected } => write!(f, "it is for {found}, not for {expected}"),
            Failure::SharedObject => f.write_str("it is a shared object"),
            Failure::NotAProgram { what } => write!(f, "it is {what}, not a program"),
        }
    }
}

/// What is worth knowing about a static program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "id")]
pub enum Finding {
    /// Code pages are written to at start.
    TextRelocations,
    /// PT_GNU_STACK asks for an executable stack.
    ExecutableStack,
    /// No PT_GNU_STACK: an executable stack on most machines.
    NoStackNote,
    /// A segment is writable and executable.
    WritableCode,
    /// No PT_GNU_RELRO.
    NoRelro,
    /// Fixed position.
    NotPie,
    /// A run path that is never read.
    RunPath {
        /// The path.
        path: String,
    },
    /// The start-up code of two libcs.
    TwoLibcs,
    /// Undefined weak pthread functions: null at run time with a glibc older than 2.34.
    WeakPthread {
        /// Their names.
        functions: Vec<String>,
    },
    /// No PT_GNU_EH_FRAME: unwinding searches or fails.
    NoUnwindTable,
    /// glibc's name services read /etc/nsswitch.conf and load `libnss_*.so`.
    NeedsNameServices {
        /// The functions in the file.
        functions: Vec<String>,
    },
    /// glibc's iconv loads converters from files; UTF-8, ASCII, UCS-2/4 and WCHAR_T are built in.
    NeedsIconv {
        /// Who calls.
        callers: Vec<String>,
    },
    /// glibc's locales other than C are files.
    NeedsLocales {
        /// Who calls.
        callers: Vec<String>,
    },
    /// Loads shared objects.
    NeedsDlopen {
        /// Who calls.
        callers: Vec<String>,
    },
    /// The data of a converted library names shared objects or directories of them.
    NamesPlugins {
        /// The library.
        library: String,
        /// What it names.
        paths: Vec<String>,
    },
    /// A reference is bound to something else than in the dynamic program.
    BoundDifferently(BoundSymbol),
    /// The data of a converted library names files.
    NamesFiles {
        /// The library.
        library: String,
        /// What it names.
        paths: Vec<String>,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::TextRelocations => f.write_str("text-relocations: code is written to at start"),
            Finding::ExecutableStack => f.write_str("executable-stack: an object asked for it"),
            Finding::NoStackNote => f.write_str("no-stack-note: the stack is executable on most machines"),
            Finding::WritableCode => f.write_str("writable-code: a segment is writable and executable"),
            Finding::NoRelro => f.write_str("no-relro: tables stay writable after start"),
            Finding::NotPie => f.write_str("not-pie: loaded at a fixed address"),
            Finding::RunPath { path } => write!(f, "run-path: `{path}` is in the file and never read"),
            Finding::TwoLibcs => f.write_str("two-libcs: the start-up code of glibc and of musl"),
            Finding::WeakPthread { functions } => {
                write!(f, "weak-pthread: may be null at run time: {}", functions.join(", "))
            }
            Finding::NoUnwindTable => f.write_str("no-unwind-table: exceptions and backtraces are slow or fail"),
            Finding::NeedsNameServices { functions } => write!(
                f,
                "needs-name-services: reads /etc/nsswitch.conf and may load libnss_*.so: {}",
                functions.join(", ")
            ),
            Finding::NeedsIconv { callers } => {
                write!(
                    f,
                    "needs-iconv: character sets beyond UTF-8 and ASCII are files: called by {}",
                    callers.join(", ")
                )
            }
            Finding::NeedsLocales { callers } => {
                write!(f, "needs-locales: locales other than C are files: called by {}", callers.join(", "))
            }
            Finding::BoundDifferently(bound) => write!(f, "bound-differently: {bound}"),
            Finding::NeedsDlopen { callers } => {
                write!(
                    f,
                    "needs-dlopen: opens shared objects, of which none is linked in: called by {}",
                    callers.join(", ")
                )
            }
            Finding::NamesPlugins { library, paths } => {
                write!(f, "names-plugins: `{library}` may load at run time: {}", some(paths))
            }
            Finding::NamesFiles { library, paths } => {
                write!(f, "names-files: `{library}` may need at run time: {}", some(paths))
            }
        }
    }
}

/// How many paths are shown.
const SHOWN: usize = 6;

/// A list of paths, shortened for a message.
pub fn some(paths: &[String]) -> String {
    let shown = paths.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The judgement of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The shape, if it is a static program.
    pub kind: Option<StaticKind>,
    /// Why it is not one.
    pub failures: Vec<Failure>,
    /// What else is worth knowing.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether the file is a fully static program for its target.
    pub fn is_static(&self) -> bool {
        self.kind.is_some() && self.failures.is_empty()
    }
}

/// Judges the facts of a file against the target and what was seen while linking.
pub fn judge(image: &Image, expect: &Expect, evidence: &CallEvidence) -> Verdict {
    let failures = failures(image, expect);
    let kind = failures.is_empty().then_some(match image.file_type {
        FileType::Dynamic => StaticKind::StaticPie,
        _ => StaticKind::Static,
    });
    Verdict { kind, failures, findings: findings(image, evidence) }
}

fn failures(image: &Image, expect: &Expect) -> Vec<Failure> {
    let mut failures = Vec::new();
    let not_a_program = |what: &str| vec![Failure::NotAProgram { what: what.into() }];
    match image.file_type {
        FileType::Relocatable => return not_a_program("an object file"),
        FileType::Core => return not_a_program("a core dump"),
        FileType::Other => return not_a_program("an ELF file of an unknown type"),
        FileType::Executable | FileType::Dynamic => {}
    }
    if !image.loads {
        return not_a_program("a file without anything to load");
    }
    if let Some(interpreter) = &image.interpreter {
        failures.push(Failure::HasInterpreter { interpreter: interpreter.clone() });
    }
    if !image.needed.is_empty() {
        failures.push(Failure::NeedsSharedObjects { needed: image.needed.clone() });
    }
    // A static-pie is ET_DYN too: the flag says so, or an entry point and no soname.
    let program = image.pie_flag || (image.entry && image.soname.is_none());
    if image.file_type == FileType::Dynamic && image.interpreter.is_none() && !program {
        failures.push(Failure::SharedObject);
    }
    let (machine, bits) = (expect.machine.unwrap_or(image.machine), expect.bits.unwrap_or(image.bits));
    if (machine, bits) != (image.machine, image.bits) {
        failures.push(Failure::WrongMachine {
            found: machine_name(image.machine, image.bits),
            expected: machine_name(machine, bits),
        });
    }
    failures
}

fn findings(image: &Image, evidence: &CallEvidence) -> Vec<Finding> {
    let p = &image.protection;
    let mut findings = Vec::new();
    let mut when = |holds: bool, finding: Finding| {
        if holds {
            findings.push(finding);
        }
    };
    when(p.text_relocations, Finding::TextRelocations);
    when(p.executable_stack == Some(true), Finding::ExecutableStack);
    when(p.executable_stack.is_none(), Finding::NoStackNote);
    when(p.writable_code, Finding::WritableCode);
    when(!p.relro, Finding::NoRelro);
    when(image.file_type == FileType::Executable, Finding::NotPie);
    when(image.symbols.glibc && image.symbols.musl, Finding::TwoLibcs);
    // A static ET_EXEC of GCC registers its tables itself and has no header for them.
    when(!image.unwind_table && image.file_type == FileType::Dynamic, Finding::NoUnwindTable);
    for path in image.rpath.iter().chain(&image.runpath) {
        findings.push(Finding::RunPath { path: path.clone() });
    }
    let symbols = &image.symbols;
    if !symbols.weak_pthread.is_empty() {
        findings.push(Finding::WeakPthread { functions: symbols.weak_pthread.clone() });
    }
    // musl has its name service inside, under the same names.
    let asks = !symbols.name_services.is_empty() && !symbols.pinned_name_services;
    if asks && (symbols.glibc || !symbols.present) {
        findings.push(Finding::NeedsNameServices { functions: symbols.name_services.clone() });
    }
    if symbols.musl {
        return findings;
    }
    let callers = |need: RuntimeNeed| {
        let mut who: Vec<String> = evidence
            .callers
            .iter()
            .filter(|(function, _)| CALLER_MATTERS.iter().any(|(f, n)| f == function && *n == need))
            .map(|(_, who)| who.clone())
            .collect();
        who.dedup();
        Some(who).filter(|w| !w.is_empty())
    };
    let iconv = callers(RuntimeNeed::Iconv).filter(|_| !symbols.converters);
    findings.extend(iconv.map(|callers| Finding::NeedsIconv { callers }));
    let locale = callers(RuntimeNeed::Locale).filter(|_| !symbols.embedded_locale);
    findings.extend(locale.map(|callers| Finding::NeedsLocales { callers }));
    let dlopen = callers(RuntimeNeed::Dlopen).filter(|_| !symbols.plugins);
    findings.extend(dlopen.map(|callers| Finding::NeedsDlopen { callers }));
    findings.extend(evidence.bound.iter().cloned().map(Finding::BoundDifferently));
    for named in &evidence.named {
        let library = || named.library.clone();
        let paths = Some(named.plugins.clone()).filter(|p| !p.is_empty());
        findings.extend(paths.map(|paths| Finding::NamesPlugins { library: library(), paths }));
        let paths = Some(named.files.clone()).filter(|p| !p.is_empty());
        findings.extend(paths.map(|paths| Finding::NamesFiles { library: library(), paths }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::image::{Protection, Symbols};
    use super::*;

    fn static_pie() -> Image {
        Image {
            file_type: FileType::Dynamic,
            bits: 64,
            little_endian: true,
            machine: 62,
            interpreter: None,
            dynamic: true,
            needed: vec![],
            soname: None,
            rpath: None,
            runpath: None,
            pie_flag: true,
            entry: true,
            loads: true,
            unwind_table: true,
            protection: Protection { executable_stack: Some(false), relro: true, ..Protection::default() },
            symbols: Symbols { present: true, glibc: true, ..Symbols::default() },
            build_id: None,
            bytes: 1,
        }
    }

    fn verdict(edit: impl FnOnce(&mut Image)) -> Verdict {
        let mut image = static_pie();
        edit(&mut image);
        judge(&image, &Expect::from_triple("x86_64-linux-gnu"), &CallEvidence::default())
    }

    #[test]
    fn static_programs_are_static() {
        assert_eq!(verdict(|_| ()).kind, Some(StaticKind::StaticPie));
        assert_eq!(verdict(|i| i.pie_flag = false).kind, Some(StaticKind::StaticPie));
        let fixed = verdict(|i| i.file_type = FileType::Executable);
        assert_eq!((fixed.kind, fixed.findings), (Some(StaticKind::Static), vec![Finding::NotPie]));
    }

    #[test]
    fn each_failure_is_found() {
        type Edit = fn(&mut Image);
        let cases: [(Edit, &str); 9] = [
            (|i| i.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into()), "has-interpreter"),
            (|i| i.needed = vec!["libc.so.6".into()], "needs-shared-objects"),
            (|i| i.machine = 183, "wrong-machine"),
            (|i| i.bits = 32, "wrong-machine"),
            (|i| (i.pie_flag, i.entry) = (false, false), "shared-object"),
            (|i| (i.pie_flag, i.soname) = (false, Some("libx.so".into())), "shared-object"),
            (|i| i.file_type = FileType::Relocatable, "not-a-program"),
            (|i| i.file_type = FileType::Core, "not-a-program"),
            (|i| i.loads = false, "not-a-program"),
        ];
        for (edit, id) in cases {
            let v = verdict(edit);
            assert_eq!(v.failures.iter().map(Failure::id).collect::<Vec<_>>(), [id]);
            assert!(!v.is_static() && v.kind.is_none(), "{id}");
        }
    }

    #[test]
    fn each_finding_is_found() {
        type Edit = fn(&mut Image);
        let cases: [(Edit, &str); 9] = [
            (|i| i.protection.text_relocations = true, "text-relocations"),
            (|i| i.protection.executable_stack = Some(true), "executable-stack"),
            (|i| i.protection.executable_stack = None, "no-stack-note"),
            (|i| i.protection.writable_code = true, "writable-code"),
            (|i| i.protection.relro = false, "no-relro"),
            (|i| i.runpath = Some("/x".into()), "run-path"),
            (|i| i.symbols.musl = true, "two-libcs"),
            (|i| i.symbols.weak_pthread = vec!["pthread_create".into()], "weak-pthread"),
            (|i| i.symbols.name_services = vec!["getpwnam".into()], "needs-name-services"),
        ];
        for (edit, id) in cases {
            let v = verdict(edit);
            assert!(v.is_static(), "{id}");
            let json = serde_json::to_value(&v.findings).unwrap();
            assert_eq!(json[0]["id"], id);
            assert!(v.findings[0].to_string().starts_with(id), "{id}");
        }
    }

    #[test]
    fn only_callers_make_a_finding_of_what_is_always_there() {
        let callers = vec![("dlopen".into(), "x.o".into()), ("puts".into(), "x.o".into())];
        let evidence = CallEvidence { callers, ..CallEvidence::default() };
        let v = judge(&static_pie(), &Expect::default(), &evidence);
        assert_eq!(v.findings, [Finding::NeedsDlopen { callers: vec!["x.o".into()] }]);
    }

    #[test]
    fn musl_brings_its_own_name_service() {
        let v = verdict(|i| {
            (i.symbols.glibc, i.symbols.musl) = (false, true);
            i.symbols.name_services = vec!["getpwnam".into()];
        });
        assert_eq!(v.findings, []);
    }
}

//! What to do: the link of an executable, rewritten by an ordered list of pure rules.
//!
//! The same call, toolchain and findings give the same plan, and planning a plan changes nothing.

pub mod draft;
pub mod groups;
pub mod kind;
pub mod libraries;
pub mod musl;
pub mod policy;
pub mod rules;
pub mod words;

use crate::args::Request;
use crate::libs::substitute::Substitute;
use crate::model::{Language, StaticKind};
use crate::options::malloc::Malloc;
use crate::toolchain::Facts;
use draft::Draft;
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the world said about a call before it is planned.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The toolchain's measured facts.
    pub facts: &'a Facts,
    /// The driver's language.
    pub language: Language,
    /// The linker that the compiler is to use, where one was chosen.
    pub linker: Option<&'static str>,
    /// Whether what is not used is left out.
    pub small: bool,
    /// An input whose code can't be part of a position-independent program, if there is one.
    pub fixed_input: Option<&'a Path>,
    /// What becomes of each library reference, by its index among the items of the call.
    pub substitutes: &'a [(usize, Substitute)],
    /// Archives that repair what the libc can't do in a static program.
    pub repairs: &'a [PathBuf],
    /// Which allocator a program takes where the toolchain has one.
    pub malloc: Malloc,
    /// The stack of threads where the program does not say; none leaves it to the libc.
    pub stack_size: Option<u64>,
    /// Words for the linker that converted libraries need.
    pub converted: &'a [OsString],
    /// Further libraries that those on the line need, in order: words of ours.
    pub closure: &'a [OsString],
}

/// One change that a rule made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The rule's id.
    pub rule: &'static str,
    /// What it did, in one line.
    pub detail: String,
}

/// A link, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The shape of the program.
    pub kind: StaticKind,
    /// Arguments for the compiler, without its own words.
    pub argv: Vec<OsString>,
    /// What was changed, in the order of the rules.
    pub applied: Vec<Applied>,
}

/// Plans the link of an executable.
pub fn plan(request: &Request, context: &Context<'_>) -> Plan {
    let mut draft = Draft::new(request, context);
    for rule in rules::RULES {
        draft.apply(rule);
    }
    draft.finish()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::args::classify;
    use crate::model::{Family, Libc};
    use crate::toolchain::Recipe;

    /// Facts of a Debian-like GCC with glibc 2.36.
    pub fn facts() -> Facts {
        let recipe = |k: StaticKind| (k, Recipe { before: vec![k.flag().to_owned()], after: vec![] });
        Facts {
            family: Family::Gcc,
            version: "gcc 12".into(),
            major: 12,
            triple: "x86_64-linux-gnu".into(),
            libc: Libc::Glibc,
            glibc: Some((2, 36)),
            default_pie: true,
            as_needed: true,
            linker: "GNU ld (GNU Binutils for Debian) 2.40".into(),
            library_dirs: vec![],
            kinds: [recipe(StaticKind::Static), recipe(StaticKind::StaticPie)].into(),
            repairs: None,
            allocator: None,
            missing: [].into(),
        }
    }

    /// A context with nothing found.
    pub fn context(facts: &Facts) -> Context<'_> {
        Context {
            facts,
            language: Language::Cxx,
            linker: None,
            small: false,
            fixed_input: None,
            substitutes: &[],
            repairs: &[],
            malloc: Malloc::Offered,
            stack_size: None,
            converted: &[],
            closure: &[],
        }
    }

    /// The call of a line without quotes.
    pub fn request(line: &str) -> Request {
        classify(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>(), Language::Cxx)
    }

    /// The planned line.
    pub fn planned(line: &str, context: &Context<'_>) -> String {
        let words = plan(&request(line), context).argv;
        words.iter().map(|w| w.to_str().expect("test words are text")).collect::<Vec<_>>().join(" ")
    }

    /// The planned line with the facts of [`facts`].
    pub fn usual(line: &str) -> String {
        planned(line, &context(&facts()))
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use crate::args::classify;
    use proptest::prelude::*;

    #[test]
    fn rustc_s_line_becomes_static_pie() {
        assert_eq!(
            usual(
                "-m64 a.o -Wl,--as-needed -Wl,-Bstatic libstd.rlib -Wl,-Bdynamic -lgcc_s -lc -Wl,--eh-frame-hdr \
                 -Wl,-z,noexecstack -L /d -o app -Wl,--gc-sections -pie -Wl,-z,relro,-z,now -nodefaultlibs"
            ),
            "-static-pie -m64 a.o -Wl,--as-needed -Wl,-Bstatic libstd.rlib -Wl,--start-group -lgcc_eh -lc -lgcc \
             -Wl,--end-group -Wl,--eh-frame-hdr -Wl,-z,noexecstack -L /d -o app -Wl,--gc-sections -Wl,-z,relro,-z,now \
             -nodefaultlibs"
        );
    }

    #[test]
    fn cmake_s_line_loses_what_only_ld_so_reads() {
        assert_eq!(
            usual("-Wl,--export-dynamic -rdynamic x.o -o x -Wl,-rpath,/b -lz"),
            "-static-pie x.o -o x -Wl,--start-group -lz -Wl,--end-group"
        );
    }

    proptest! {
        #[test]
        fn planning_twice_is_planning_once(words in proptest::collection::vec(proptest::sample::select(vec![
            "x.o", "y.c", "liba.a", "-la", "-lgcc_s", "-lpthread", "-lc", "-pthread", "-static", "-static-pie", "-pie", "-no-pie",
            "-rdynamic", "-Wl,-Bdynamic", "-Wl,-Bstatic,-la,-Bdynamic", "-Wl,--start-group", "-Wl,--end-group", "-Wl,-(,-lb,-)",
            "-Wl,--whole-archive,liba.a,--no-whole-archive", "-Xlinker", "-rpath", "-Wl,-rpath", "-Wl,/foo", "-Wl,-E", "-o", "out",
            "-nodefaultlibs", "-nostdlib", "-nostartfiles", "-shared-libgcc", "-Wl,-pie", "-Wl,--dynamic-linker,/ld.so", "-O2",
            "-Wl,-z,now", "-fno-pie", "-fPIC", "-R/x", "-Wl,--dynamic-list=f", "-Wl,-l,z", "-l", "m", "rcrt1.o", "-unknown",
        ]), 0..14), old in any::<bool>(), fixed in any::<bool>(), no_pie in any::<bool>()) {
            let mut facts = facts();
            facts.glibc = Some(if old { (2, 31) } else { (2, 36) });
            if no_pie {
                facts.kinds.remove(&StaticKind::StaticPie);
            }
            let mut context = context(&facts);
            context.fixed_input = fixed.then(|| Path::new("fixed.o"));
            let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
            let once = plan(&classify(&argv, Language::C), &context);
            let twice = plan(&classify(&once.argv, Language::C), &context);
            prop_assert_eq!(&once.argv, &twice.argv);
        }
    }
}

//! The ordered list of rules. Reports, `explain` and the docs use their ids.

use super::context::{Context, Plan};
use super::draft::{Draft, Rule};
use super::{groups, kind, libraries, musl, pthread, words};

use crate::args::Request;

/// All rules, in order.
pub static RULES: &[Rule] = &[
    Rule {
        id: "shared-object-to-archive",
        reason: "a static program can only be linked with archives",
        apply: libraries::shared_object_to_archive,
    },
    Rule {
        id: "dependencies-of-archives",
        reason: "an archive, unlike a shared object, does not list its dependencies",
        apply: libraries::dependencies_of_archives,
    },
    Rule {
        id: "chosen-linker",
        reason: "the environment names a linker and the call does not",
        apply: words::chosen_linker,
    },
    Rule {
        id: "static-kind",
        reason: "static-pie if toolchain and objects allow it, as a dynamic link would build a PIE; else static",
        apply: kind::static_kind,
    },
    Rule {
        id: "own-start-files",
        reason: "the call names start files of a dynamic program, and each kind has its own",
        apply: kind::own_start_files,
    },
    Rule {
        id: "no-shared-search",
        reason: "after `-Bdynamic` linkers silently use shared objects again, which is fatal in a static-pie",
        apply: words::no_shared_search,
    },
    Rule {
        id: "no-interpreter",
        reason: "a static program has no interpreter; lld and mold write PT_INTERP if one is named",
        apply: words::no_interpreter,
    },
    Rule { id: "no-rpath", reason: "only ld.so reads run paths", apply: words::no_rpath },
    Rule {
        id: "no-dynamic-exports",
        reason: "a static program loads nothing that could use its symbols",
        apply: words::no_dynamic_exports,
    },
    Rule {
        id: "unused-sections",
        reason: "a small program was requested: unreferenced sections are removed",
        apply: words::unused_sections,
    },
    Rule {
        id: "hardened",
        reason: "a hardened program was requested: relocated data is read-only, and the stack is not executable",
        apply: words::hardened,
    },
    Rule {
        id: "no-shared-runtime",
        reason: "libgcc_s is a shared object; libgcc_eh is the archive with the same unwinder",
        apply: libraries::no_shared_runtime,
    },
    Rule {
        id: "openmp-libraries",
        reason: "before glibc 2.34 libgomp needs libdl, which GCC's driver adds with `-static` only",
        apply: pthread::openmp_libraries,
    },
    Rule {
        id: "pthread-parts",
        reason: "before glibc 2.34 weak references leave out parts of libpthread.a, which crashes at run time",
        apply: pthread::pthread_parts,
    },
    Rule {
        id: "runtime-libraries",
        reason: "with `-nodefaultlibs` the driver does not add what libc's and libstdc++'s archives need, as their shared objects name it",
        apply: libraries::runtime_libraries,
    },
    Rule {
        id: "glibc-repairs",
        reason: "static glibc programs load locales, converters, name services and plugins from files",
        apply: libraries::glibc_repairs,
    },
    Rule {
        id: "musl-allocator",
        reason: "musl's own malloc is many times slower than others when threads allocate",
        apply: musl::musl_allocator,
    },
    Rule {
        id: "musl-functions",
        reason: "musl's string functions, sorting and number conversion are up to hundreds of times slower than glibc's",
        apply: musl::musl_functions,
    },
    Rule {
        id: "musl-compat",
        reason: "programs expect functions of their libc, `error`, `argp_parse` and `backtrace` among them, that musl lacks",
        apply: musl::musl_compat,
    },
    Rule {
        id: "converted-libraries",
        reason: "the parts of a converted shared object keep their distances and access flags",
        apply: libraries::converted_libraries,
    },
    Rule {
        id: "run-constructors",
        reason: "ld.so runs the constructors of each library that it loads; of an archive only what is referred to is there",
        apply: words::run_constructors,
    },
    Rule {
        id: "bind-weak-references",
        reason: "ld.so binds a weak reference wherever a library has the name; no archive is searched for one",
        apply: words::bind_weak_references,
    },
    Rule {
        id: "early-thread-pointer",
        reason: "IFUNC resolvers run before static glibc sets up thread-local storage; ld.so has set it up by then",
        apply: words::early_thread_pointer,
    },
    Rule {
        id: "wrap-own-objects",
        reason: "`--wrap` does not reach shared objects, so what stands for them is linked from copies that escape it",
        apply: words::wrap_own_objects,
    },
    Rule {
        id: "one-group",
        reason: "archives, unlike shared objects, are order-sensitive; in one group order does not matter",
        apply: groups::one_group,
    },
    Rule {
        id: "thread-stacks",
        reason: "musl gives threads 128 KiB of stack, which programs written for other libcs overflow",
        apply: musl::thread_stacks,
    },
    Rule {
        id: "start-files",
        reason: "each kind of program has its own option and crt objects",
        apply: kind::start_files,
    },
];

/// Plans the link of an executable.
pub(crate) fn plan(request: &Request, context: &Context<'_>) -> Plan {
    let mut draft = Draft::new(request, context);
    for rule in RULES {
        draft.apply(rule);
    }
    draft.finish()
}

#[cfg(test)]
mod properties {
    use super::super::testing::*;
    use super::*;
    use crate::args::classify;
    use crate::model::{Language, StaticKind};
    use proptest::prelude::*;
    use std::ffi::OsString;
    use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        for (i, rule) in RULES.iter().enumerate() {
            assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.id);
            assert!(RULES.iter().skip(i + 1).all(|r| r.id != rule.id), "{}", rule.id);
            assert!(!rule.reason.is_empty() && !rule.reason.contains('\n'), "{}", rule.id);
        }
    }
}

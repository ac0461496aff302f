//! The ordered list of rules. Their ids are the words that reports, `explain` and the docs share.

use super::draft::Draft;
use super::{groups, kind, libraries, musl, words};

/// One rule of the rewrite.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case id.
    pub id: &'static str,
    /// One line: why it is done.
    pub reason: &'static str,
    /// The edit. A rule that finds nothing to do changes and notes nothing.
    pub apply: fn(&mut Draft<'_>),
}

/// All rules, in the order in which they run.
pub static RULES: &[Rule] = &[
    Rule {
        id: "shared-object-to-archive",
        reason: "a static program can take its libraries from archives only",
        apply: libraries::shared_object_to_archive,
    },
    Rule {
        id: "dependencies-of-archives",
        reason: "an archive, unlike a shared object, does not say what it needs itself",
        apply: libraries::dependencies_of_archives,
    },
    Rule {
        id: "chosen-linker",
        reason: "the linker that STATICCXX_LINKER names, unless the call names one itself",
        apply: words::chosen_linker,
    },
    Rule {
        id: "static-kind",
        reason: "static-pie where toolchain and objects allow it, as a shared link would make a PIE; else static",
        apply: kind::static_kind,
    },
    Rule {
        id: "no-shared-search",
        reason: "after `-Bdynamic` linkers take shared objects again, without a word and fatally in a static-pie",
        apply: words::no_shared_search,
    },
    Rule {
        id: "no-interpreter",
        reason: "a static program has no interpreter; lld and mold write the segment if they are told a name",
        apply: words::no_interpreter,
    },
    Rule { id: "no-rpath", reason: "only ld.so reads it", apply: words::no_rpath },
    Rule {
        id: "no-dynamic-exports",
        reason: "nothing can be loaded into a static program that could use its symbols",
        apply: words::no_dynamic_exports,
    },
    Rule {
        id: "unused-sections",
        reason: "STATICCXX_SMALL: what nothing refers to need not be in a program",
        apply: words::unused_sections,
    },
    Rule {
        id: "no-shared-runtime",
        reason: "libgcc_s is a shared object; libgcc_eh is the same unwinder as an archive",
        apply: libraries::no_shared_runtime,
    },
    Rule {
        id: "whole-archive-pthread",
        reason: "before glibc 2.34 weak references left parts of libpthread.a behind, which crashed at run time",
        apply: libraries::whole_archive_pthread,
    },
    Rule {
        id: "runtime-libraries",
        reason: "with `-nodefaultlibs` the driver adds none of libgcc's archives, which need each other and libc",
        apply: libraries::runtime_libraries,
    },
    Rule {
        id: "glibc-repairs",
        reason: "glibc's static programs look for locales, converters, name services and plugins in files",
        apply: libraries::glibc_repairs,
    },
    Rule {
        id: "musl-allocator",
        reason: "musl's own malloc is many times slower than others where threads allocate",
        apply: musl::musl_allocator,
    },
    Rule {
        id: "converted-libraries",
        reason: "the parts of a converted shared object stay where they were, each with its own access",
        apply: libraries::converted_libraries,
    },
    Rule {
        id: "one-group",
        reason: "archives are order-sensitive where shared objects are not; in one group order does not matter",
        apply: groups::one_group,
    },
    Rule {
        id: "thread-stacks",
        reason: "musl gives threads 128 KiB of stack, which programs written elsewhere overrun",
        apply: musl::thread_stacks,
    },
    Rule {
        id: "start-files",
        reason: "each shape of program has its own option and crt objects",
        apply: kind::start_files,
    },
];

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

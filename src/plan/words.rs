//! Rules that drop what only a dynamic program has a use for.

use super::draft::Draft;
use crate::args::linker::{LdOption, LdRole};
use crate::args::table::Role;
use std::os::unix::ffi::OsStrExt;

/// Drops `-Bdynamic`, `-dy`, `-call_shared`. `-Bstatic` stays: it asks for what we do anyway.
pub fn no_shared_search(draft: &mut Draft<'_>) {
    draft.drop_linker_options(|o| o.role == LdRole::SearchShared);
}

/// Drops `--dynamic-linker X` and `-I X`.
pub fn no_interpreter(draft: &mut Draft<'_>) {
    draft.drop_linker_options(|o| o.role == LdRole::Interpreter);
}

/// Drops `-rpath`, `-rpath-link`, and `-R` where it names a directory.
pub fn no_rpath(draft: &mut Draft<'_>) {
    draft.drop_args(|r| r == Role::Rpath);
    draft.drop_linker_options(|o| o.role == LdRole::Rpath || names_a_directory(o));
}

/// `-R X` is `-rpath X` where X is a directory and `--just-symbols X` where it is a file (ld manual).
/// Told apart by name alone: a file of symbols has an extension, a library directory has none.
fn names_a_directory(option: &LdOption) -> bool {
    option.role == LdRole::RpathOrSymbols
        && option
            .value
            .as_ref()
            .is_some_and(|v| !v.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default().contains(&b'.'))
}

/// Drops `-rdynamic`, `--export-dynamic` and the dynamic lists.
pub fn no_dynamic_exports(draft: &mut Draft<'_>) {
    draft.drop_args(|r| r == Role::ExportDynamic);
    draft.drop_linker_options(|o| o.role == LdRole::ExportDynamic);
}

#[cfg(test)]
mod tests {
    use crate::plan::testing::usual;

    #[test]
    fn shared_search_is_dropped_wherever_it_sits() {
        for line in ["-Wl,-Bdynamic x.o", "-Xlinker -dy x.o", "-Wl,-call_shared x.o"] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
        assert_eq!(usual("x.o -Wl,-Bstatic,-z,now,-Bdynamic"), "-static-pie x.o -Wl,-Bstatic,-z,now");
    }

    #[test]
    fn an_interpreter_is_dropped_with_its_value() {
        for line in [
            "-Wl,--dynamic-linker,/ld.so x.o",
            "-Wl,--dynamic-linker=/ld.so x.o",
            "-Wl,-dynamic-linker -Wl,/ld.so x.o",
            "-Wl,-I/ld.so x.o",
            "-Xlinker -I -Xlinker /ld.so x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
    }

    #[test]
    fn run_paths_are_dropped() {
        for line in [
            "-Wl,-rpath,$ORIGIN x.o",
            "-Wl,-rpath -Wl,/foo x.o",
            "-R/foo x.o",
            "-Wl,-R,/foo x.o",
            "-Wl,-rpath-link=/l x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
        assert_eq!(usual("-Wl,-R,rom.sym x.o"), "-static-pie -Wl,-R,rom.sym x.o");
    }

    #[test]
    fn dynamic_exports_are_dropped() {
        for line in [
            "-rdynamic x.o",
            "-Wl,-E x.o",
            "-Wl,--export-dynamic x.o",
            "-Wl,--dynamic-list,f x.o",
            "-Wl,--dynamic-list=f x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
    }

    #[test]
    fn everything_else_is_kept_in_place() {
        let line = "-static-pie x.o -Wl,-z,relro,-z,now -Wl,--wrap,malloc -Wl,--defsym=a=b -Wl,-Map,x.map -unknown -Wl,--new-option";
        assert_eq!(usual(line), line);
    }
}

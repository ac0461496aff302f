//! The specs file that leads GCC to a C library in its own tree, in every call and without an option: a file of this name
//! beside GCC's own files is read by itself (GCC manual, "Specifying Subprocesses and the Switches to Pass to Them").
//! Launchers that send a call elsewhere so see no option that they don't know.

use crate::install::specs::{Specs, SpecsPlace};

/// The name of that file.
pub(crate) const FILE: &str = "specs";

/// What a file says of one spec.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Paragraph {
    name: String,
    text: String,
    /// It is added to what was there.
    added: bool,
}

/// The specs for one C library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackSpecs(Vec<Paragraph>);

impl PackSpecs {
    /// For musl, in the directory `musl` beside GCC's own files.
    pub(crate) fn musl(arch: &str, major: &str, packs_relocations: bool) -> PackSpecs {
        let place = SpecsPlace::BesideCompiler { directory: "musl" };
        PackSpecs::read(&Specs { place, arch, major, packs_relocations }.text())
    }

    /// For glibc, in the directory `glibc`; `multiarch` is the directory of headers for this target, if there is one.
    pub(crate) fn glibc(multiarch: Option<&str>) -> PackSpecs {
        let of_target = multiarch.map_or(String::new(), |dir| format!("-isystem glibc/include/{dir}%s "));
        let text = format!(
            "*self_spec:\n\
             + %{{fsanitize=*:%{{!fsanitize-undefined-trap-on-error:%epacked toolchain: sanitizers need a dynamic program}}}} \
             -B glibc/lib/%s %{{!static:%{{!static-pie:%{{!shared:%{{!r:%{{no-pie:-static;:-static-pie}}}}}}}}}}\n\n\
             *cc1:\n\
             + %{{!nostdinc:-nostdinc %{{,c++|,c++-header|,c++-system-header|,c++-user-header:%{{!nostdinc++:\
             -isystem glibc/c++%s -isystem glibc/c++/target%s -isystem glibc/c++/backward%s}}}} \
             -isystem glibc/../include%s -isystem glibc/local/include%s {of_target}-isystem glibc/include%s}}\n\n\
             *link:\n\
             + -nostdlib %{{shared:--unresolved-symbols=ignore-all}}\n\n\
             *link_libgcc:\n\
             -L glibc/local/lib%s -L glibc/lib%s -L glibc/..%s\n\n"
        );
        PackSpecs::read(&text)
    }

    fn read(text: &str) -> PackSpecs {
        let paragraph = |p: &str| {
            let (name, text) = p.split_once('\n')?;
            let name = name.strip_prefix('*')?.strip_suffix(':')?.to_owned();
            let (text, added) = text.strip_prefix("+ ").map_or((text, false), |rest| (rest, true));
            Some(Paragraph { name, text: text.to_owned(), added })
        };
        PackSpecs(text.trim_end().split("\n\n").filter_map(paragraph).collect())
    }

    /// As the file that is read by itself: without what the driver has inside it would not be known. `built_in` is what it
    /// prints with `-dumpspecs`.
    pub(crate) fn whole(&self, built_in: &str) -> String {
        let own = |p: &Paragraph| format!("*{}:\n{}{}\n\n", p.name, if p.added { "+ " } else { "" }, p.text);
        // The end of a paragraph is an empty line; one more would be an empty spec.
        format!("{}\n\n{}", built_in.trim_end_matches('\n'), self.0.iter().map(own).collect::<String>())
    }

    /// As a file for `-specs=`, instead of another C library's that is read by itself: each spec that either of them
    /// changes is set anew.
    pub(crate) fn instead_of(&self, other: &PackSpecs, built_in: &str) -> String {
        let mut names: Vec<&str> = other.0.iter().chain(&self.0).map(|p| p.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let set = |name: &&str| {
            let before = value(built_in, name);
            let text = match self.0.iter().find(|p| p.name == *name) {
                Some(p) if p.added => format!("{before} {}", p.text),
                Some(p) => p.text.clone(),
                None => before.to_owned(),
            };
            format!("*{name}:\n{}\n\n", text.trim_start())
        };
        names.iter().map(set).collect()
    }
}

/// A spec as `-dumpspecs` prints it.
fn value<'a>(built_in: &'a str, name: &str) -> &'a str {
    let head = format!("*{name}:\n");
    let from = built_in.find(&head).map(|at| at + head.len());
    let rest = from.and_then(|at| built_in.get(at..)).unwrap_or_default();
    rest.split_once("\n\n").map_or(rest, |(value, _)| value).trim_end_matches('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str =
        "*asm:\n%{m32:--32}\n\n*cc1:\n%{profile:-p}\n\n*self_spec:\n\n\n*lib:\n-lc\n\n*link:\n-m a\n\n";

    #[test]
    fn the_file_that_is_read_by_itself_has_all_of_the_driver_s() {
        let text = PackSpecs::musl("x86_64", "12", true).whole(BUILT_IN);
        assert!(text.starts_with(BUILT_IN), "{text}");
        assert!(text.contains("-lc\n\n*link:\n-m a\n\n*self_spec:\n+ "), "{text}");
        assert!(text.ends_with("\n\n") && !text.ends_with("\n\n\n"), "{text:?}");
    }

    #[test]
    fn the_other_library_s_changes_are_taken_back() {
        let (musl, glibc) = (PackSpecs::musl("x86_64", "12", false), PackSpecs::glibc(Some("x86_64-linux-gnu")));
        let text = glibc.instead_of(&musl, BUILT_IN);
        assert!(text.contains("*cc1:\n%{profile:-p} %{!nostdinc:-nostdinc"), "{text}");
        assert!(text.contains("*lib:\n-lc\n\n") && text.contains("*link:\n-m a -nostdlib"), "{text}");
        assert!(text.contains("*self_spec:\n%{fsanitize") && !text.contains("musl/"), "{text}");
    }
}

//! The link of a shared object, rewritten as the link of one relocatable object. Pure, except that the kinds of named
//! files are looked up.

use crate::args::ld_options::{self, Item, LdRole};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::libs::SearchPath;
use crate::libs::library_ref::{self, LibraryName};
use crate::libs::sniff::Sniffed;
use crate::model::Family;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Crt files: each program has its own.
const CRT: [&str; 9] =
    ["crt1.o", "crti.o", "crtn.o", "Scrt1.o", "crtbegin.o", "crtbeginS.o", "crtbeginT.o", "crtend.o", "crtendS.o"];

/// Options that write a file next to the output, which the link of the shared object did already, or that concern the
/// shared object only.
const DROPPED: [&str; 12] =
    ["-MD", "-MMD", "-MP", "-MG", "-s", "-v", "-save-temps", "-time", "-symbolic", "-fprofile-generate", "-pipe", "-z"];

/// A relocatable link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Relocatable {
    /// Arguments for the driver, without `-r` and the output; none if nothing is left to link.
    pub inputs: Option<Vec<OsString>>,
}

/// What remains of a shared link: objects, sources and archives, and the options on extracting archives. None where
/// more than its objects defines the shared object (`-init`, a linker script).
pub(crate) fn plan(request: &Request, path: &SearchPath) -> Option<Relocatable> {
    let items = ld_options::split(&request.args);
    let options = ld_options::options(&items);
    let by_index: BTreeMap<usize, &ld_options::LdOption> = options.iter().map(|o| (o.at, o)).collect();
    if request.has(Role::LinkerScript) || request.has(Role::Sanitize) {
        return None;
    }
    let special = |o: &ld_options::LdOption| match items.get(o.at) {
        Some(Item::Word { text, .. }) => {
            let name = text.as_bytes().strip_prefix(b"--").or(text.as_bytes().strip_prefix(b"-")).unwrap_or_default();
            [&b"init"[..], b"fini", b"script", b"T"]
                .iter()
                .any(|s| name == *s || name.starts_with(&[s, &b"="[..]].concat()))
        }
        _ => false,
    };
    if options.iter().any(special) {
        return None;
    }
    let archives = archives(request, &items, path);
    let mut kept: Vec<Item> = Vec::new();
    let mut inputs = 0;
    let mut values = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let keep = match item {
            Item::Arg(a) if a.is_input() || a.role() == Some(Role::Library) => {
                let wanted = archives.get(&at).copied().unwrap_or(a.is_input()) && !is_crt(Path::new(&a.word));
                inputs += usize::from(wanted);
                wanted
            }
            Item::Arg(a) => keeps(a.role(), &a.word),
            Item::Word { .. } => match by_index.get(&at) {
                Some(o) if o.role == LdRole::Library => {
                    let wanted = archives.get(&at).copied().unwrap_or(false);
                    inputs += usize::from(wanted);
                    o.value_at.map(|v| values.insert(v, wanted));
                    wanted
                }
                Some(o) => {
                    let wanted = bracket(o.role) || shapes_symbols(item);
                    o.value_at.map(|v| values.insert(v, wanted));
                    wanted
                }
                None => {
                    let wanted = values.get(&at).or(archives.get(&at)).copied().unwrap_or(false);
                    inputs += usize::from(wanted && archives.contains_key(&at));
                    wanted
                }
            },
        };
        if keep {
            kept.push(item.clone());
        }
    }
    Some(Relocatable { inputs: (inputs > 0).then(|| ld_options::join(&kept)) })
}

/// The whole argument list: the inputs and what the driver is told besides.
pub(crate) fn command(inputs: &[OsString], output: &Path, family: Family, dissolve_groups: bool) -> Vec<OsString> {
    let mut argv = inputs.to_vec();
    argv.extend(["-r", "-nostdlib", "-Wl,-d"].map(OsString::from));
    if dissolve_groups {
        argv.push("-Wl,--force-group-allocation".into());
    }
    if family == Family::Gcc {
        // LTO bytecode is compiled here, where the options that it was built with are known.
        argv.push("-flinker-output=nolto-rel".into());
    }
    argv.extend(["-o".into(), output.as_os_str().to_owned()]);
    argv
}

fn keeps(role: Option<Role>, word: &OsString) -> bool {
    let unwanted = matches!(
        role,
        Some(
            Role::Shared
                | Role::Output
                | Role::Static
                | Role::StaticPie
                | Role::Pie
                | Role::NoPie
                | Role::ExportDynamic
                | Role::Rpath
                | Role::SharedRuntime
                | Role::UseLinker
                | Role::Verbose
        )
    );
    let bytes = word.as_bytes();
    let dependency = bytes.starts_with(b"-MF") || bytes.starts_with(b"-MT") || bytes.starts_with(b"-MQ");
    !unwanted && !dependency && !DROPPED.iter().any(|d| word == *d)
}

fn bracket(role: LdRole) -> bool {
    matches!(
        role,
        LdRole::WholeArchive
            | LdRole::NoWholeArchive
            | LdRole::GroupStart
            | LdRole::GroupEnd
            | LdRole::PushState
            | LdRole::PopState
            | LdRole::LibraryDir
    )
}

/// Options that affect which archive members are extracted, or rename symbols.
fn shapes_symbols(item: &Item) -> bool {
    let Item::Word { text, .. } = item else { return false };
    let name = text.as_bytes().strip_prefix(b"--").or(text.as_bytes().strip_prefix(b"-")).unwrap_or_default();
    let name = name.split(|b| *b == b'=').next().unwrap_or_default();
    [&b"u"[..], b"undefined", b"require-defined", b"wrap", b"defsym"].contains(&name)
}

fn is_crt(path: &Path) -> bool {
    path.file_name().is_some_and(|n| CRT.iter().any(|c| n == *c))
}

/// Library references by item: whether the linker uses an archive of the user's.
fn archives(request: &Request, items: &[Item], path: &SearchPath) -> BTreeMap<usize, bool> {
    let mut switches: Vec<(usize, bool)> = ld_options::options(items)
        .into_iter()
        .filter_map(|o| match o.role {
            LdRole::SearchStatic => Some((o.at, true)),
            LdRole::SearchShared => Some((o.at, false)),
            _ => None,
        })
        .collect();
    switches.reverse();
    let only_archives = |at: usize| switches.iter().find(|(s, _)| *s < at).is_some_and(|(_, only)| *only);
    let mut found = BTreeMap::new();
    for reference in library_ref::references(items, request) {
        let archive = match &reference.named {
            LibraryName::Name(name) if crate::toolchain_libs::is_driver_s(name) => false,
            LibraryName::Name(name) if only_archives(reference.at) => path.archive(name).is_some(),
            LibraryName::Name(name) => path.library(name).is_some_and(is_archive),
            LibraryName::File(file) => path.file(file).is_some_and(is_archive),
            LibraryName::Path(file) => match path.usable(file.clone()) {
                Some((_, Sniffed::Object { .. })) => !is_crt(file),
                Some(found) => is_archive(found),
                // A source, or no file yet: left to the driver.
                None => InputKind::of_name(file.as_os_str()) != InputKind::Shared,
            },
        };
        found.insert(reference.at, archive);
    }
    found
}

fn is_archive((_, what): (std::path::PathBuf, Sniffed)) -> bool {
    matches!(what, Sniffed::Archive { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::request;

    fn planned(line: &str) -> Option<String> {
        let words = plan(&request(line), &SearchPath::default())?.inputs?;
        Some(words.iter().map(|w| w.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn objects_and_how_archives_are_taken_stay() {
        for (line, expected) in [
            ("-shared -fPIC x.o y.o -o libq.so -Wl,-soname,libq.so.1 -lm -O2", Some("-fPIC x.o y.o -O2")),
            ("-shared -nostdlib /l/crti.o /g/crtbeginS.o x.o -lc /g/crtendS.o crtn.o", Some("-nostdlib x.o")),
            ("-shared -DX=1 -I. q.c -MD -MF q.d -o libq.so", Some("-DX=1 -I. q.c")),
            ("-shared x.o -Wl,--version-script=v.map -Wl,-z,defs -Wl,--gc-sections -s", Some("x.o")),
            (
                "-shared -Wl,--whole-archive x.lo -Wl,--no-whole-archive",
                Some("-Wl,--whole-archive x.lo -Wl,--no-whole-archive"),
            ),
            ("-shared -la -lb -o libmeta.so", None),
            ("-shared -Wl,-u,f liba.o -Wl,--defsym=g=f", Some("-Wl,-u,f liba.o -Wl,--defsym=g=f")),
            ("-shared x.o -Wl,-init=start", None),
            ("-shared x.o -T script", None),
        ] {
            assert_eq!(planned(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn the_command_makes_one_relocatable_object() {
        let words = command(&["x.o".into()], Path::new("/t/o"), Family::Clang, true);
        assert_eq!(words, ["x.o", "-r", "-nostdlib", "-Wl,-d", "-Wl,--force-group-allocation", "-o", "/t/o"]);
    }
}

//! The linker's words inside a driver's argv: `-Wl,A,B` and `-Xlinker A` as one stream, in which
//! the value of an option may sit in the next argument.
//!
//! Names and how their values attach are those of the GNU ld manual (Command-line Options), with the
//! additions of gold, lld and mold. A long option is accepted with one dash or two.

use super::lexer::Arg;
use super::option_table::Role;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// How linker words were carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// `-Wl,…`.
    Comma,
    /// `-Xlinker …` and its long spellings.
    Single,
}

/// One element of a link line: an argument of the driver, or one word for the linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An argument of the driver itself.
    Arg(Arg),
    /// A word for the linker.
    Word {
        /// The word.
        text: OsString,
        /// What carried it.
        carrier: Carrier,
        /// Number of the argument it came in: words of one `-Wl,` share it. 0 for words of ours.
        origin: usize,
    },
}

impl Item {
    /// A linker word of ours.
    pub fn word(text: impl Into<OsString>) -> Item {
        Item::Word { text: text.into(), carrier: Carrier::Comma, origin: 0 }
    }

    /// An argument of ours.
    pub fn arg(word: impl Into<OsString>) -> Item {
        Item::Arg(Arg::new(word))
    }

    /// What the driver's argument means, none for linker words.
    pub fn role(&self) -> Option<Role> {
        match self {
            Item::Arg(a) => a.role(),
            Item::Word { .. } => None,
        }
    }

    /// Whether the linker sees something here: an input, a library, or a word.
    fn reaches_linker(&self) -> bool {
        match self {
            Item::Arg(a) => a.is_input() || a.role() == Some(Role::Library),
            Item::Word { .. } => true,
        }
    }
}

/// Splits the arguments that carry linker words. [`join`] undoes it.
pub fn split(args: &[Arg]) -> Vec<Item> {
    let mut items = Vec::with_capacity(args.len());
    for (number, arg) in args.iter().enumerate() {
        let origin = number + 1;
        match (arg.role(), arg.value()) {
            (Some(Role::LinkerWords), Some(list)) => {
                items.extend(list.as_bytes().split(|b| *b == b',').map(|w| Item::Word {
                    text: OsStr::from_bytes(w).to_owned(),
                    carrier: Carrier::Comma,
                    origin,
                }));
            }
            (Some(Role::LinkerWord), Some(word)) => {
                items.push(Item::Word { text: word.to_owned(), carrier: Carrier::Single, origin });
            }
            _ => items.push(Item::Arg(arg.clone())),
        }
    }
    items
}

/// The words of a driver's argv for these items. Neighbours from one `-Wl,` share one again; a word with a
/// comma in it goes through `-Xlinker`.
pub fn join(items: &[Item]) -> Vec<OsString> {
    let mut argv: Vec<OsString> = Vec::with_capacity(items.len());
    let mut open: Option<usize> = None;
    for item in items {
        match item {
            Item::Arg(a) => {
                open = None;
                argv.extend(a.words().cloned());
            }
            Item::Word { text, carrier: Carrier::Comma, origin } if !text.as_bytes().contains(&b',') => {
                match argv.last_mut().filter(|_| open == Some(*origin)) {
                    Some(last) => last.push(","),
                    None => argv.push("-Wl,".into()),
                }
                if let Some(last) = argv.last_mut() {
                    last.push(text);
                }
                open = Some(*origin).filter(|o| *o != 0);
            }
            Item::Word { text, .. } => {
                open = None;
                argv.extend(["-Xlinker".into(), text.clone()]);
            }
        }
    }
    argv
}

/// How the value of a linker option attaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// None.
    Flag,
    /// `--name=V` or `--name V`.
    Long,
    /// `-nV` or `-n V`.
    Short,
}

/// What a linker option means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LdRole {
    /// Prints its version or its help and links nothing.
    Query,
    /// Libraries from here on are looked for as shared objects too.
    SearchShared,
    /// Libraries from here on are looked for as archives only.
    SearchStatic,
    /// Makes a shared object.
    Shared,
    /// Makes a relocatable object.
    Relocatable,
    /// Makes a position-independent executable.
    Pie,
    /// Makes a fixed-position executable.
    NoPie,
    /// Names the program interpreter.
    Interpreter,
    /// A directory for ld.so.
    Rpath,
    /// A directory where the linker looks for shared objects' own libraries.
    RpathLink,
    /// `-R`: a directory for ld.so, or a file of symbols.
    RpathOrSymbols,
    /// Exports symbols to ld.so.
    ExportDynamic,
    /// Opens a group.
    GroupStart,
    /// Closes a group.
    GroupEnd,
    /// Takes archives whole from here on.
    WholeArchive,
    /// Ends that.
    NoWholeArchive,
    /// Remembers the flags.
    PushState,
    /// Restores them.
    PopState,
    /// Shared objects from here on count only if needed.
    AsNeeded,
    /// Ends that.
    NoAsNeeded,
    /// `-l`.
    Library,
    /// `-L`.
    LibraryDir,
    /// Names the output.
    Output,
    /// Where sections lie: a script, or the address of one.
    Layout,
    /// The output's format.
    Format,
    /// `--wrap`: undefined references to a name go to another one.
    Wrap,
    /// Any other option, with or without a value.
    Other,
}

/// One row: name without dashes, shape, role. Sorted by name.
static OPTIONS: &[(&str, Shape, LdRole)] = &[
    ("(", Shape::Flag, LdRole::GroupStart),
    (")", Shape::Flag, LdRole::GroupEnd),
    ("A", Shape::Short, LdRole::Other),
    ("Bdynamic", Shape::Flag, LdRole::SearchShared),
    ("Bshareable", Shape::Flag, LdRole::Shared),
    ("Bstatic", Shape::Flag, LdRole::SearchStatic),
    ("E", Shape::Flag, LdRole::ExportDynamic),
    ("F", Shape::Short, LdRole::Other),
    ("G", Shape::Short, LdRole::Other),
    ("I", Shape::Short, LdRole::Interpreter),
    ("L", Shape::Short, LdRole::LibraryDir),
    ("Map", Shape::Long, LdRole::Other),
    ("P", Shape::Short, LdRole::Other),
    ("R", Shape::Short, LdRole::RpathOrSymbols),
    ("T", Shape::Short, LdRole::Layout),
    ("Tbss", Shape::Long, LdRole::Layout),
    ("Tdata", Shape::Long, LdRole::Layout),
    ("Tldata-segment", Shape::Long, LdRole::Layout),
    ("Trodata-segment", Shape::Long, LdRole::Layout),
    ("Ttext", Shape::Long, LdRole::Layout),
    ("Ttext-segment", Shape::Long, LdRole::Layout),
    ("Ur", Shape::Flag, LdRole::Relocatable),
    ("Y", Shape::Short, LdRole::Other),
    ("a", Shape::Short, LdRole::Other),
    ("as-needed", Shape::Flag, LdRole::AsNeeded),
    ("assert", Shape::Long, LdRole::Other),
    ("audit", Shape::Long, LdRole::Other),
    ("auxiliary", Shape::Long, LdRole::Other),
    ("b", Shape::Short, LdRole::Other),
    ("c", Shape::Short, LdRole::Other),
    ("call_shared", Shape::Flag, LdRole::SearchShared),
    ("dT", Shape::Long, LdRole::Layout),
    ("default-script", Shape::Long, LdRole::Other),
    ("defsym", Shape::Long, LdRole::Other),
    ("depaudit", Shape::Long, LdRole::Other),
    ("dependency-file", Shape::Long, LdRole::Other),
    ("dn", Shape::Flag, LdRole::SearchStatic),
    ("dy", Shape::Flag, LdRole::SearchShared),
    ("dynamic-linker", Shape::Long, LdRole::Interpreter),
    ("dynamic-list", Shape::Long, LdRole::ExportDynamic),
    ("dynamic-list-cpp-new", Shape::Flag, LdRole::ExportDynamic),
    ("dynamic-list-cpp-typeinfo", Shape::Flag, LdRole::ExportDynamic),
    ("dynamic-list-data", Shape::Flag, LdRole::ExportDynamic),
    ("e", Shape::Short, LdRole::Other),
    ("end-group", Shape::Flag, LdRole::GroupEnd),
    ("entry", Shape::Long, LdRole::Other),
    ("exclude-libs", Shape::Long, LdRole::Other),
    ("export-dynamic", Shape::Flag, LdRole::ExportDynamic),
    ("export-dynamic-symbol", Shape::Long, LdRole::ExportDynamic),
    ("export-dynamic-symbol-list", Shape::Long, LdRole::ExportDynamic),
    ("f", Shape::Short, LdRole::Other),
    ("filter", Shape::Long, LdRole::Other),
    ("fini", Shape::Long, LdRole::Other),
    ("format", Shape::Long, LdRole::Other),
    ("h", Shape::Short, LdRole::Other),
    ("hash-size", Shape::Long, LdRole::Other),
    ("hash-style", Shape::Long, LdRole::Other),
    ("help", Shape::Flag, LdRole::Query),
    ("i", Shape::Flag, LdRole::Relocatable),
    ("ignore-unresolved-symbol", Shape::Long, LdRole::Other),
    ("image-base", Shape::Long, LdRole::Other),
    ("init", Shape::Long, LdRole::Other),
    ("just-symbols", Shape::Long, LdRole::Other),
    ("l", Shape::Short, LdRole::Library),
    ("library", Shape::Long, LdRole::Library),
    ("library-path", Shape::Long, LdRole::LibraryDir),
    ("m", Shape::Short, LdRole::Other),
    ("mri-script", Shape::Long, LdRole::Other),
    ("no-as-needed", Shape::Flag, LdRole::NoAsNeeded),
    ("no-pie", Shape::Flag, LdRole::NoPie),
    ("no-whole-archive", Shape::Flag, LdRole::NoWholeArchive),
    ("non_shared", Shape::Flag, LdRole::SearchStatic),
    ("o", Shape::Short, LdRole::Output),
    ("oformat", Shape::Long, LdRole::Format),
    ("orphan-handling", Shape::Long, LdRole::Other),
    ("out-implib", Shape::Long, LdRole::Other),
    ("output", Shape::Long, LdRole::Output),
    ("package-metadata", Shape::Long, LdRole::Other),
    ("pic-executable", Shape::Flag, LdRole::Pie),
    ("pie", Shape::Flag, LdRole::Pie),
    ("plugin", Shape::Long, LdRole::Other),
    ("plugin-opt", Shape::Long, LdRole::Other),
    ("pop-state", Shape::Flag, LdRole::PopState),
    ("push-state", Shape::Flag, LdRole::PushState),
    ("r", Shape::Flag, LdRole::Relocatable),
    ("relocatable", Shape::Flag, LdRole::Relocatable),
    ("require-defined", Shape::Long, LdRole::Other),
    ("retain-symbols-file", Shape::Long, LdRole::Other),
    ("rpath", Shape::Long, LdRole::Rpath),
    ("rpath-link", Shape::Long, LdRole::RpathLink),
    ("script", Shape::Long, LdRole::Layout),
    ("section-start", Shape::Long, LdRole::Layout),
    ("shared", Shape::Flag, LdRole::Shared),
    ("soname", Shape::Long, LdRole::Other),
    ("sort-section", Shape::Long, LdRole::Other),
    ("start-group", Shape::Flag, LdRole::GroupStart),
    ("static", Shape::Flag, LdRole::SearchStatic),
    ("sysroot", Shape::Long, LdRole::Other),
    ("trace-symbol", Shape::Long, LdRole::Other),
    ("u", Shape::Short, LdRole::Other),
    ("undefined", Shape::Long, LdRole::Other),
    ("unresolved-symbols", Shape::Long, LdRole::Other),
    ("version", Shape::Flag, LdRole::Query),
    ("version-exports-section", Shape::Long, LdRole::Other),
    ("version-script", Shape::Long, LdRole::Other),
    ("whole-archive", Shape::Flag, LdRole::WholeArchive),
    ("wrap", Shape::Long, LdRole::Wrap),
    ("y", Shape::Short, LdRole::Other),
    ("z", Shape::Short, LdRole::Other),
];

fn row(name: &[u8]) -> Option<&'static (&'static str, Shape, LdRole)> {
    OPTIONS.binary_search_by(|r| r.0.as_bytes().cmp(name)).ok().and_then(|i| OPTIONS.get(i))
}

/// A linker option in a list of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdOption {
    /// Index of the item that names it.
    pub at: usize,
    /// Index of the item that holds its value, where that is another one.
    pub value_at: Option<usize>,
    /// The value.
    pub value: Option<OsString>,
    /// What it means.
    pub role: LdRole,
    /// It needs a value and none of the linker's words follows: nothing may be put after it.
    pub dangling: bool,
}

/// What one word is, before a separate value is looked for: role, joined value, whether one must follow.
fn read_word(word: &[u8]) -> Option<(LdRole, Option<&[u8]>, bool)> {
    let long = word.strip_prefix(b"--");
    let name = long.or_else(|| word.strip_prefix(b"-"))?;
    if let Some(equals) = name.iter().position(|b| *b == b'=')
        && let (head, Some(value)) = (name.get(..equals)?, name.get(equals + 1..))
        && let Some((_, Shape::Long, role)) = row(head)
    {
        return Some((*role, Some(value), false));
    }
    // One letter is no long option's name: `--o` and `--I` are unknown to ld.
    if let Some((row_name, shape, role)) = row(name)
        && (long.is_none() || row_name.len() > 1)
    {
        return Some((*role, None, *shape != Shape::Flag));
    }
    if long.is_some() {
        return None;
    }
    let (letter, rest) = name.split_at_checked(1)?;
    match row(letter) {
        // `-rpath=x` was a long option above; `-znow`, `-lfoo`, `-Ldir` are short ones.
        Some((_, Shape::Short, role)) if !long_name_like(letter, name) => Some((*role, Some(rest), false)),
        _ => None,
    }
}

/// Words such as `-eh-frame-hdr`, `-bind…` or `-hash-style=gnu`, which ld reads as long options
/// because their names are known to it, although their first letter is a short option.
fn long_name_like(letter: &[u8], name: &[u8]) -> bool {
    const LONG: [&[u8]; 24] = [
        b"accept-",
        b"add-",
        b"allow-",
        b"build-id",
        b"check-",
        b"color-",
        b"compress-",
        b"copy-dt-",
        b"cref",
        b"ctf-",
        b"eh-frame-hdr",
        b"embedded-relocs",
        b"emit-",
        b"enable-",
        b"error-",
        b"fatal-warnings",
        b"fix-",
        b"force-",
        b"hash-",
        b"headers",
        b"lto-",
        b"export-",
        b"exclude-",
        b"znocheck",
    ];
    letter != b"l" && letter != b"L" && LONG.iter().any(|l| name.starts_with(l))
}

/// The linker options among the items, in order. A value that is missing from its own word is the
/// next word that the linker gets, as long as no input or library comes between.
pub fn options(items: &[Item]) -> Vec<LdOption> {
    let mut found = Vec::new();
    let mut taken: Option<usize> = None;
    for (at, item) in items.iter().enumerate() {
        let Item::Word { text, .. } = item else { continue };
        if taken == Some(at) {
            continue;
        }
        let Some((role, joined, must_follow)) = read_word(text.as_bytes()) else { continue };
        let value_at = must_follow
            .then(|| items.iter().enumerate().skip(at + 1).find(|(_, i)| i.reaches_linker()))
            .flatten()
            .and_then(|(i, next)| matches!(next, Item::Word { .. }).then_some(i));
        let value = match (joined, value_at.and_then(|i| items.get(i))) {
            (Some(joined), _) => Some(OsStr::from_bytes(joined).to_owned()),
            (None, Some(Item::Word { text, .. })) => Some(text.clone()),
            _ => None,
        };
        taken = value_at.or(taken);
        let dangling = must_follow && value.is_none();
        found.push(LdOption { at, value_at, value, role, dangling });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::lexer::{emit, lex};
    use super::*;
    use proptest::prelude::*;

    fn items(words: &[&str]) -> Vec<Item> {
        split(&lex(&words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn roles(words: &[&str]) -> Vec<(LdRole, Option<String>)> {
        let items = items(words);
        options(&items).into_iter().map(|o| (o.role, o.value.map(|v| v.into_string().unwrap()))).collect()
    }

    #[test]
    fn rows_are_sorted() {
        for pair in OPTIONS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }

    #[test]
    fn a_value_may_sit_in_the_next_argument() {
        let expected = vec![(LdRole::Rpath, Some("/foo".to_owned()))];
        for words in [
            vec!["-Wl,-rpath,/foo"],
            vec!["-Wl,-rpath=/foo"],
            vec!["-Wl,--rpath=/foo"],
            vec!["-Wl,-rpath", "-Wl,/foo"],
            vec!["-Wl,-rpath", "-g", "-O2", "-Wl,/foo"],
            vec!["-Xlinker", "-rpath", "-Xlinker", "/foo"],
            vec!["-Xlinker", "--rpath", "-Wl,/foo"],
        ] {
            assert_eq!(roles(&words), expected, "{words:?}");
        }
    }

    #[test]
    fn an_input_between_is_not_a_value() {
        assert_eq!(roles(&["-Wl,-rpath", "x.o", "-Wl,/foo"]), [(LdRole::Rpath, None)]);
    }

    #[test]
    fn short_and_long_names_are_told_apart() {
        for (word, role) in [
            ("-E", Some(LdRole::ExportDynamic)),
            ("--E", None),
            ("-export-dynamic", Some(LdRole::ExportDynamic)),
            ("--export-dynamic", Some(LdRole::ExportDynamic)),
            ("-lfoo", Some(LdRole::Library)),
            ("-Bdynamic", Some(LdRole::SearchShared)),
            ("-Bsymbolic", None),
            ("-eh-frame-hdr", None),
            ("--eh-frame-hdr", None),
            ("-r", Some(LdRole::Relocatable)),
            ("-I/lib/ld.so", Some(LdRole::Interpreter)),
            ("-dynamic-linker=/x", Some(LdRole::Interpreter)),
            ("-znow", Some(LdRole::Other)),
            ("--version", Some(LdRole::Query)),
            ("-version-script=x", Some(LdRole::Other)),
            ("--build-id", None),
            ("-O1", None),
            ("--gc-sections", None),
        ] {
            assert_eq!(read_word(word.as_bytes()).map(|r| r.0), role, "{word}");
        }
    }

    #[test]
    fn a_value_is_not_read_as_an_option() {
        assert_eq!(roles(&["-Wl,--defsym,--shared=1,-E"]).len(), 2);
        assert_eq!(roles(&["-Wl,-h", "-Wl,-r"]), [(LdRole::Other, Some("-r".to_owned()))]);
    }

    proptest! {
        #[test]
        fn join_undoes_split(words in proptest::collection::vec("(-Wl,[a-z,-]{0,8}|-Xlinker|-[a-z]{1,3}|[a-z.]{1,4})", 0..10)) {
            let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
            let args = lex(&argv);
            let joined = join(&split(&args));
            // `-Xlinker` has long spellings, which join writes short; none are generated here.
            prop_assert_eq!(joined, emit(&args));
        }

        #[test]
        fn any_words_have_options(words in proptest::collection::vec("-(Wl,)?[-a-zA-Z=,()]{0,12}", 0..8)) {
            let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
            options(&split(&lex(&argv)));
        }
    }
}

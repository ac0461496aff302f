//! The rule that chooses the kind of program.
//!
//! | requested | linked |
//! |---|---|
//! | `-static`, `-static -pie` (GCC drops the `-pie`) | static |
//! | `-static-pie`, `-pie` | static-pie |
//! | `-no-pie` | static |
//! | own start files (`-nostartfiles`, `-nostdlib`), none of the above | static, unless rcrt1.o is one of them, or Scrt1.o with a rcrt1.o beside it, and all objects allow it |
//! | none of these; the compiler builds PIEs by default and all objects allow it | static-pie |
//! | none of these otherwise | static |

use super::draft::Draft;
use crate::args::ld_options::{self, Item, LdRole};
use crate::args::lexer;
use crate::args::option_table::Role;
use crate::model::StaticKind;
use std::ffi::OsString;
use std::path::Path;

/// Replaces the user's options for a kind by the toolchain's recipe for the chosen one.
pub(crate) fn static_kind(draft: &mut Draft<'_>) {
    let (mut kind, mut why) = choose(draft);
    let gold = |i: &Item| matches!(i, Item::Arg(a) if a.role() == Some(Role::UseLinker) && a.value().is_some_and(|v| v == "gold"));
    if kind == StaticKind::StaticPie && draft.items.iter().any(gold) {
        (kind, why) =
            (StaticKind::Static, "gold does not support `--no-dynamic-linker`, which a static-pie needs".into());
    }
    let kinds = &draft.context.facts.kinds;
    if !kinds.contains_key(&kind)
        && let Some(other) = kinds.keys().next()
    {
        why = format!("the toolchain has no {kind:?}");
        kind = *other;
    }
    draft.kind = kind;
    draft.recipe = kinds.get(&kind).cloned().unwrap_or_default();
    strip_recipe(draft);
    draft.items.retain(|i| !matches!(i.role(), Some(Role::Static | Role::StaticPie | Role::Pie | Role::NoPie)));
    draft.drop_linker_options(|o| matches!(o.role, LdRole::Pie | LdRole::NoPie));
    draft.did(format!("{}: {why}", kind.flag().trim_start_matches('-')));
}

/// Removes the recipe's words, which a plan that is planned again contains already.
fn strip_recipe(draft: &mut Draft<'_>) {
    let words = ld_options::join(&draft.items);
    let ours = |list: &[String]| list.iter().map(OsString::from).collect::<Vec<_>>();
    let inner = words
        .strip_prefix(ours(&draft.recipe.before).as_slice())
        .and_then(|rest| rest.strip_suffix(ours(&draft.recipe.after).as_slice()));
    if let Some(inner) = inner {
        draft.items = ld_options::split(&lexer::lex(inner));
    }
}

/// Puts the recipe's words around everything else: the option for the kind, and the crt objects of toolchains whose
/// driver does not add them.
pub(crate) fn start_files(draft: &mut Draft<'_>) {
    let items = |list: &[String]| ld_options::split(&lexer::lex(&list.iter().map(OsString::from).collect::<Vec<_>>()));
    let before: Vec<Item> = items(&draft.recipe.before).into_iter().map(apart).collect();
    let after: Vec<Item> = items(&draft.recipe.after).into_iter().map(apart).collect();
    draft.items.splice(0..0, before);
    draft.items.extend(after);
}

/// Keeps the recipe's `-Wl,` words apart from those of the call, by numbering them from the other end.
fn apart(item: Item) -> Item {
    match item {
        Item::Word { text, carrier, origin } => Item::Word { text, carrier, origin: usize::MAX - origin },
        arg => arg,
    }
}

fn choose(draft: &Draft<'_>) -> (StaticKind, String) {
    let request = draft.request;
    let words = draft.linker_options();
    let says = |role: LdRole| words.iter().any(|o| o.role == role);
    let asked = |kind, what: &str| (kind, format!("`{what}` was requested"));
    match request.last(&[Role::Static, Role::StaticPie]) {
        Some(Role::Static) => return asked(StaticKind::Static, "-static"),
        Some(_) => return asked(StaticKind::StaticPie, "-static-pie"),
        None => {}
    }
    match request.last(&[Role::Pie, Role::NoPie]) {
        Some(Role::Pie) => return asked(StaticKind::StaticPie, "-pie"),
        Some(_) => return asked(StaticKind::Static, "-no-pie"),
        None => {}
    }
    if says(LdRole::Pie) {
        return asked(StaticKind::StaticPie, "-Wl,-pie");
    }
    if says(LdRole::NoPie) {
        return asked(StaticKind::Static, "-Wl,-no-pie");
    }
    if request.has(Role::NoStartFiles) || request.has(Role::NoStdlib) {
        return of_start_files(draft);
    }
    let compiles = request.inputs.iter().any(|i| i.kind.is_compiled());
    let code = request.last(&[Role::PicCode, Role::FixedCode]);
    if compiles && code == Some(Role::FixedCode) {
        return (StaticKind::Static, "`-fno-pie` makes position-dependent code".into());
    }
    if !draft.context.facts.default_pie {
        return (StaticKind::Static, "the compiler does not build PIEs by default".into());
    }
    match draft.context.fixed_input {
        Some(path) => (StaticKind::Static, format!("`{}` has position-dependent code", path.display())),
        None => (StaticKind::StaticPie, "the default".into()),
    }
}

/// The kind of a call that brings its own start files.
fn of_start_files(draft: &Draft<'_>) -> (StaticKind, String) {
    let names =
        |wanted: &str| draft.request.inputs.iter().any(|i| Path::new(&i.text).file_name().is_some_and(|n| n == wanted));
    let becomes = |name: &str| draft.context.start_files.iter().any(|p| p.file_name().is_some_and(|n| n == name));
    let pie = names("Scrt1.o") && becomes("rcrt1.o") || names("gcrt1.o") && names("crtbeginS.o") && becomes("grcrt1.o");
    match draft.context.fixed_input {
        _ if names("rcrt1.o") || names("grcrt1.o") => (StaticKind::StaticPie, "the start file is rcrt1.o".into()),
        None if pie => (StaticKind::StaticPie, "the start files are a PIE's".into()),
        _ => (StaticKind::Static, "the call has its own start files".into()),
    }
}

/// Start files that stand for each other: in a dynamic program (fixed or PIE), in a static one, in a static-pie. GCC's
/// specs (`startfile`, `endfile`) choose among them. For a static program they would choose crtbeginT.o, which finds
/// exception tables up to crtend.o; here that may come before the libraries, so the others stay.
pub(crate) const START_FILES: [(&[&str], &str, &str); 4] = [
    (&["crt1.o", "Scrt1.o"], "crt1.o", "rcrt1.o"),
    (&["gcrt1.o"], "gcrt1.o", "grcrt1.o"),
    (&["crtbegin.o"], "crtbegin.o", "crtbeginS.o"),
    (&["crtend.o"], "crtend.o", "crtendS.o"),
];

/// Replaces the start files of a dynamic program by those that the driver would take for the chosen kind.
pub(crate) fn own_start_files(draft: &mut Draft<'_>) {
    if !draft.request.has(Role::NoStartFiles) && !draft.request.has(Role::NoStdlib) {
        return;
    }
    let mut notes = Vec::new();
    let mut begins = false;
    for item in &mut draft.items {
        let word = match item {
            Item::Arg(arg) if arg.is_input() => &arg.word,
            Item::Word { text, .. } => text,
            Item::Arg(_) => continue,
        };
        let path = Path::new(word);
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        begins |= name == "crtbegin.o" || name == "crtbeginS.o";
        let Some((_, fixed, pie)) = START_FILES.iter().find(|(names, _, _)| names.contains(&name)) else { continue };
        let new = path.with_file_name(if draft.kind == StaticKind::StaticPie { pie } else { fixed });
        if new == path || !draft.context.start_files.contains(&new) {
            continue;
        }
        notes.push(format!("`{}` became `{}`", path.display(), new.display()));
        match item {
            Item::Arg(_) => *item = Item::arg(new),
            Item::Word { text, .. } => *text = new.into(),
        }
    }
    for note in notes {
        draft.did(note);
    }
    let there = draft.items.iter().any(|i| matches!(i, Item::Word { text, .. } if text == "--eh-frame-hdr"));
    if begins && draft.kind == StaticKind::Static && !there {
        draft.items.push(Item::word("--eh-frame-hdr"));
        draft.did("added `--eh-frame-hdr`, by which crtbegin.o's unwinder finds its tables");
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::Context;
    use super::super::testing::{context, facts, planned, usual};
    use crate::model::StaticKind;
    use crate::toolchain::Recipe;
    use std::path::Path;

    #[test]
    fn what_is_asked_for_is_made() {
        for (line, expected) in [
            ("x.o", "-static-pie x.o"),
            ("-static x.o", "-static x.o"),
            ("x.o -static -pie", "-static x.o"),
            ("-pie x.o", "-static-pie x.o"),
            ("-no-pie x.o", "-static x.o"),
            ("-pie -no-pie x.o", "-static x.o"),
            ("x.o -static-pie", "-static-pie x.o"),
            ("-Wl,-pie x.o", "-static-pie x.o"),
            ("-nostartfiles start.o", "-static -nostartfiles start.o"),
            ("-nostdlib -pie start.o", "-static-pie -nostdlib start.o"),
            ("-nostartfiles rcrt1.o x.o", "-static-pie -nostartfiles rcrt1.o x.o"),
            ("-fuse-ld=gold x.o", "-static -fuse-ld=gold x.o"),
            ("-fno-pie x.c", "-static -fno-pie x.c"),
            ("-fno-pie x.o", "-static-pie -fno-pie x.o"),
            ("-fno-pie -fPIE x.c", "-static-pie -fno-pie -fPIE x.c"),
        ] {
            assert_eq!(usual(line), expected, "{line}");
        }
    }

    #[test]
    fn start_files_of_a_dynamic_program_become_those_of_a_static_one() {
        let facts = facts();
        let there = ["crt1.o", "rcrt1.o", "crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o"];
        let there = there.map(|n| Path::new("/l").join(n));
        let mut context = Context { start_files: &there, ..context(&facts) };
        for (line, expected) in [
            (
                "-nostdlib /l/Scrt1.o /l/crti.o /l/crtbeginS.o x.o /l/crtendS.o",
                "-static-pie -nostdlib /l/rcrt1.o /l/crti.o /l/crtbeginS.o x.o /l/crtendS.o",
            ),
            (
                "-nostartfiles /l/crt1.o /l/crtbegin.o x.o /l/crtend.o",
                "-static -nostartfiles /l/crt1.o /l/crtbegin.o x.o /l/crtend.o -Wl,--eh-frame-hdr",
            ),
            ("-no-pie -nostartfiles /l/Scrt1.o x.o", "-static -nostartfiles /l/crt1.o x.o"),
            ("-pie -nostartfiles /l/crt1.o x.o", "-static-pie -nostartfiles /l/rcrt1.o x.o"),
            ("-nostartfiles /other/Scrt1.o x.o", "-static-pie -nostartfiles /other/Scrt1.o x.o"),
            ("/l/Scrt1.o x.o", "-static-pie /l/Scrt1.o x.o"),
        ] {
            assert_eq!(planned(line, &context), expected, "{line}");
            assert_eq!(planned(expected, &context), expected, "{line}");
        }
        context.fixed_input = Some(Path::new("x.o"));
        assert_eq!(planned("-nostartfiles /l/Scrt1.o x.o", &context), "-static -nostartfiles /l/crt1.o x.o");
    }

    #[test]
    fn a_fixed_object_makes_the_program_fixed() {
        let facts = facts();
        let mut context = context(&facts);
        context.fixed_input = Some(Path::new("x.o"));
        assert_eq!(planned("x.o", &context), "-static x.o");
        assert_eq!(planned("-pie x.o", &context), "-static-pie x.o");
    }

    #[test]
    fn a_toolchain_without_static_pie_makes_static() {
        let mut facts = facts();
        facts.kinds.remove(&StaticKind::StaticPie);
        assert_eq!(planned("-pie x.o", &context(&facts)), "-static x.o");
    }

    #[test]
    fn a_recipe_brings_its_own_start_files_once() {
        let mut facts = facts();
        let words = |l: &[&str]| l.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        facts.kinds.insert(
            StaticKind::StaticPie,
            Recipe {
                before: words(&["-nostartfiles", "-Wl,-static,-pie", "/m/rcrt1.o"]),
                after: words(&["-lc", "/m/crtn.o"]),
            },
        );
        let context = context(&facts);
        let once = planned("x.o -la", &context);
        assert_eq!(
            once,
            "-nostartfiles -Wl,-static,-pie /m/rcrt1.o x.o -Wl,--start-group -la -Wl,--end-group -lc /m/crtn.o"
        );
        assert_eq!(planned(&once, &context), once);
    }
}

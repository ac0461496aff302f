//! The rule that puts all libraries into one group.

use super::draft::Draft;
use crate::args::ld_options::{Item, LdRole};

/// Drops the user's own groups and opens one from the first library to the last input.
///
/// The first pass over a group is in the order of the command line, so the first archive to define a symbol still wins;
/// only unresolved references are searched for again. A group may contain objects and whole archives, which linkers
/// read once.
pub(crate) fn one_group(draft: &mut Draft<'_>) {
    let options = draft.linker_options();
    if options.iter().any(|o| o.dangling) {
        return;
    }
    let own = options.iter().filter(|o| matches!(o.role, LdRole::GroupStart | LdRole::GroupEnd));
    let own = own.map(|o| o.at).collect();
    let before = draft.items.clone();
    draft.remove(&own);
    let linked = draft.linked();
    let Some(first) = linked.iter().find(|l| l.library) else { return };
    let (first, last) = (first.at, linked.last().map_or(first.end, |l| l.end));
    draft.items.insert(last + 1, Item::word("--end-group"));
    draft.items.insert(first, Item::word("--start-group"));
    // A word inserted between two words of one `-Wl,` splits it, which does no harm.
    if before.len() != draft.items.len() || own_places(&before) != own_places(&draft.items) {
        draft.did("all libraries are in one group");
    }
}

fn own_places(items: &[Item]) -> Vec<usize> {
    let group = |i: &Item| matches!(i, Item::Word { text, .. } if ["--start-group", "--end-group", "-(", "-)"].iter().any(|g| text == g));
    items.iter().enumerate().filter(|(_, i)| group(i)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::usual;

    #[test]
    fn libraries_are_grouped_from_the_first_to_the_last_input() {
        assert_eq!(usual("x.o -la -lb -o x"), "-static-pie x.o -Wl,--start-group -la -lb -Wl,--end-group -o x");
        assert_eq!(usual("-la x.o"), "-static-pie -Wl,--start-group -la x.o -Wl,--end-group");
        assert_eq!(usual("x.o y.c"), "-static-pie x.o y.c");
    }

    #[test]
    fn groups_of_the_user_are_merged() {
        assert_eq!(
            usual("x.o -Wl,--start-group liba.a libb.a -Wl,--end-group -lc -Wl,-(,-ld,-)"),
            "-static-pie x.o -Wl,--start-group liba.a libb.a -lc -Wl,-ld -Wl,--end-group"
        );
    }

    #[test]
    fn whole_archives_keep_their_brackets() {
        assert_eq!(
            usual("x.o -Wl,--whole-archive liba.a -Wl,--no-whole-archive -lb"),
            "-static-pie x.o -Wl,--whole-archive -Wl,--start-group liba.a -Wl,--no-whole-archive -lb -Wl,--end-group"
        );
        assert_eq!(
            usual("x.o -Wl,--whole-archive,liba.a,--no-whole-archive"),
            "-static-pie x.o -Wl,--whole-archive -Wl,--start-group -Wl,liba.a -Wl,--end-group -Wl,--no-whole-archive"
        );
    }
}

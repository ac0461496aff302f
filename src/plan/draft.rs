//! A link that is being rewritten: arguments and linker words, edited in place by the rules.

use super::context::{Applied, Context, Plan};
use crate::args::ld_options::{self, Item, LdOption, LdRole};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request};
use crate::model::StaticKind;
use crate::toolchain::Recipe;
use std::collections::BTreeSet;
use std::ffi::OsStr;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case id.
    pub id: &'static str,
    /// Why, in one line.
    pub reason: &'static str,
    /// The edit. A rule with nothing to do changes and records nothing.
    pub(crate) apply: fn(&mut Draft<'_>),
}

#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// The classified call.
    pub request: &'a Request,
    /// All that is known about it.
    pub context: &'a Context<'a>,
    pub items: Vec<Item>,
    /// The kind of program, once chosen.
    pub kind: StaticKind,
    /// How the toolchain links that kind.
    pub recipe: Recipe,
    applied: Vec<Applied>,
    rule: &'static str,
}

impl<'a> Draft<'a> {
    /// The unchanged call.
    pub(crate) fn new(request: &'a Request, context: &'a Context<'a>) -> Draft<'a> {
        let items = ld_options::split(&request.args);
        Draft {
            request,
            context,
            items,
            kind: StaticKind::Static,
            recipe: Recipe::default(),
            applied: Vec::new(),
            rule: "",
        }
    }

    pub(crate) fn apply(&mut self, rule: &Rule) {
        self.rule = rule.id;
        (rule.apply)(self);
    }

    /// Records a change of the running rule.
    pub(crate) fn did(&mut self, detail: impl Into<String>) {
        self.applied.push(Applied { rule: self.rule, detail: detail.into() });
    }

    pub(crate) fn finish(self) -> Plan {
        Plan { kind: self.kind, argv: ld_options::join(&self.items), applied: self.applied }
    }

    pub(crate) fn linker_options(&self) -> Vec<LdOption> {
        ld_options::options(&self.items)
    }

    /// Drops the driver arguments for which `unwanted` holds, and records each.
    pub(crate) fn drop_args(&mut self, unwanted: impl Fn(Role) -> bool) {
        let mut dropped = Vec::new();
        self.items.retain(|item| {
            let drop = item.role().is_some_and(&unwanted);
            if drop {
                dropped.push(show(item));
            }
            !drop
        });
        for word in dropped {
            self.did(format!("dropped `{word}`"));
        }
    }

    /// Drops the linker options for which `unwanted` holds, with their values wherever those are.
    pub(crate) fn drop_linker_options(&mut self, unwanted: impl Fn(&LdOption) -> bool) {
        let mut gone = BTreeSet::new();
        let mut notes = Vec::new();
        for option in self.linker_options().into_iter().filter(unwanted) {
            let words: Vec<usize> = std::iter::once(option.at).chain(option.value_at).collect();
            notes.push(words.iter().filter_map(|i| self.items.get(*i)).map(show).collect::<Vec<_>>().join(" "));
            gone.extend(words);
        }
        self.remove(&gone);
        for words in notes {
            self.did(format!("dropped `{words}`"));
        }
    }

    /// Removes items by index.
    pub(crate) fn remove(&mut self, gone: &BTreeSet<usize>) {
        let mut index = 0;
        self.items.retain(|_| {
            index += 1;
            !gone.contains(&(index - 1))
        });
    }

    /// The inputs and libraries.
    pub(crate) fn linked(&self) -> Vec<Linked> {
        let options = self.linker_options();
        let values: BTreeSet<usize> = options.iter().filter_map(|o| o.value_at).collect();
        let named: BTreeSet<usize> = options.iter().map(|o| o.at).collect();
        let kinds: std::collections::BTreeMap<&std::ffi::OsStr, InputKind> =
            self.request.inputs.iter().map(|i| (i.text.as_os_str(), i.kind)).collect();
        let mut linked = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let library = match item {
                Item::Arg(a) if a.role() == Some(Role::Library) && a.value().is_some() => true,
                Item::Arg(a) if a.is_input() => {
                    let kind = kinds.get(a.word.as_os_str()).copied().unwrap_or_else(|| InputKind::of_name(&a.word));
                    if !kind.is_linked() {
                        continue;
                    }
                    matches!(kind, InputKind::Archive | InputKind::Shared)
                }
                Item::Word { text, .. } if !named.contains(&at) && !values.contains(&at) => {
                    if text.is_empty() || text.as_encoded_bytes().starts_with(b"-") {
                        continue;
                    }
                    true
                }
                Item::Word { .. } => match options.iter().find(|o| o.at == at) {
                    Some(o) if o.role == LdRole::Library && !o.dangling => {
                        linked.push(Linked { at, end: o.value_at.unwrap_or(at), library: true });
                        continue;
                    }
                    _ => continue,
                },
                Item::Arg(_) => continue,
            };
            linked.push(Linked { at, end: at, library });
        }
        linked
    }
}

/// An input or library, by its first and last item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linked {
    /// Index of the first item.
    pub at: usize,
    /// Index of the last item.
    pub end: usize,
    /// Whether it is a library rather than an object or a source.
    pub library: bool,
}

/// An item for messages.
pub(crate) fn show(item: &Item) -> String {
    match item {
        Item::Arg(a) => a.words().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" "),
        Item::Word { text, .. } => format!("-Wl,{}", text.to_string_lossy()),
    }
}

/// An added library. A file goes directly to the linker: after the user's `-x` the driver would take it for a source.
pub(crate) fn ours(word: impl AsRef<OsStr>) -> Item {
    match word.as_ref().as_encoded_bytes().starts_with(b"-") {
        true => Item::arg(word.as_ref()),
        false => Item::word(word.as_ref()),
    }
}

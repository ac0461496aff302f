//! What all objects of a program, or of a library in it, show together.

use super::object_hardening::ObjectHardening;
use serde::{Deserialize, Serialize};

/// How many objects with code there are, and how many of them show what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct HardeningCounts {
    pub objects: usize,
    /// Have a function with a stack protector.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub canary: usize,
    /// Call functions that check sizes (`_FORTIFY_SOURCE`).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fortified: usize,
    /// Call functions for which there are such, and none of these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unfortified: usize,
    /// Say in their debug information that they probe large stack frames.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stack_clash: usize,
    /// Are marked for control flow protection.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub control_flow: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl HardeningCounts {
    /// Adds an object. One without code shows nothing.
    pub(crate) fn add(&mut self, object: ObjectHardening) {
        if object.code {
            self.objects += 1;
            self.canary += usize::from(object.canary);
            self.fortified += usize::from(object.fortified);
            self.unfortified += usize::from(object.unfortified);
            self.stack_clash += usize::from(object.stack_clash);
            self.control_flow += usize::from(object.control_flow);
        }
    }

    /// Adds those of others.
    pub(crate) fn add_all(&mut self, others: &HardeningCounts) {
        self.objects += others.objects;
        self.canary += others.canary;
        self.fortified += others.fortified;
        self.unfortified += others.unfortified;
        self.stack_clash += others.stack_clash;
        self.control_flow += others.control_flow;
    }
}

/// Those of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ProgramHardening {
    /// The project's own objects and archives: those of no package.
    pub own: HardeningCounts,
    /// The parts.
    pub parts: HardeningCounts,
    /// Files with code that is not marked for control flow protection, the first few: `libc.a`. One is enough for the whole
    /// program to have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmarked: Vec<String>,
}

/// How many files are named.
const NAMED: usize = 3;

impl ProgramHardening {
    /// Of files: their name, whether they are of no package, and their counts. None of no files.
    pub(crate) fn of(files: impl Iterator<Item = (String, bool, HardeningCounts)>) -> Option<ProgramHardening> {
        let mut found: Option<ProgramHardening> = None;
        for (name, own, counts) in files {
            let found = found.get_or_insert_default();
            if own { &mut found.own } else { &mut found.parts }.add_all(&counts);
            if counts.control_flow < counts.objects && found.unmarked.len() < NAMED && !found.unmarked.contains(&name) {
                found.unmarked.push(name);
            }
        }
        found
    }

    /// The names that are the longest of those which may be named.
    pub(crate) fn longest(names: impl Iterator<Item = String>) -> Vec<String> {
        let mut names: Vec<String> = names.collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.truncate(NAMED);
        names
    }
}

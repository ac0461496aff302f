//! What protects a static program, from its file and from what its objects showed when it was linked.

use super::counts::{HardeningCounts, ProgramHardening};
use crate::check::{FileType, Image};
use serde::Serialize;

/// x86-64 and AArch64, whose control flow protection is looked at (ELF `e_machine`).
const WITH_CONTROL_FLOW: [u16; 2] = [62, 183];

/// What there is instead of checked functions with musl's own headers.
const FORTIFY_OF_MUSL: &str = "musl's own headers have no functions that check sizes: those of `staticctl toolchain install musl` do, \
                               with `-O2 -D_FORTIFY_SOURCE=3`";

/// Whether a protection is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protected {
    Yes,
    /// In some of the code.
    Partly,
    No,
    /// No object of the project's own shows it.
    NotSeen,
    /// There is nothing that it would apply to.
    Unneeded,
    /// No flag gives it with these libraries.
    Unavailable,
    /// Nothing tells.
    Unknown,
}

impl Protected {
    /// Whether the program lacks what it could have.
    pub(crate) fn is_lacking(self) -> bool {
        matches!(self, Protected::No | Protected::NotSeen)
    }

    /// As in tables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Protected::Yes => "yes",
            Protected::Partly => "partly",
            Protected::No => "no",
            Protected::NotSeen => "not seen",
            Protected::Unneeded => "unneeded",
            Protected::Unavailable => "unavailable",
            Protected::Unknown => "unknown",
        }
    }
}

/// One protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HardeningFinding {
    pub property: &'static str,
    pub state: Protected,
    pub why: String,
}

/// What is known of a program.
pub(crate) struct HardenedProgram<'p> {
    pub image: &'p Image,
    /// The file is marked as prepared for control flow protection as a whole.
    pub control_flow: bool,
    /// What its objects showed.
    pub objects: Option<&'p ProgramHardening>,
    /// Its C library is musl, whose own headers have no checked functions.
    pub musl: bool,
}

impl HardenedProgram<'_> {
    /// One finding for each protection, always the same ones.
    pub(crate) fn findings(&self) -> Vec<HardeningFinding> {
        let found: [(&'static str, (Protected, String)); 9] = [
            ("position-independent", self.position()),
            ("relro", self.relro()),
            ("stack", self.stack()),
            ("segments", self.segments()),
            ("text-relocations", self.text()),
            ("canary", self.canary()),
            ("fortify", self.fortify()),
            ("stack-clash", self.stack_clash()),
            ("control-flow", self.control_flow()),
        ];
        found.into_iter().map(|(property, (state, why))| HardeningFinding { property, state, why }).collect()
    }

    fn position(&self) -> (Protected, String) {
        match (self.image.file_type, &self.image.interpreter) {
            (FileType::Dynamic, None) => (Protected::Yes, "static-pie".into()),
            (FileType::Dynamic, Some(_)) => (Protected::Yes, "a dynamic PIE".into()),
            _ => (Protected::No, "it has a fixed address: link with `-static-pie`".into()),
        }
    }

    fn relro(&self) -> (Protected, String) {
        let protection = &self.image.protection;
        let all = protection.bind_now || self.image.interpreter.is_none();
        match (protection.relro, all) {
            (false, _) => (Protected::No, "relocated data stays writable: link with `-Wl,-z,relro`".into()),
            (true, true) => (Protected::Yes, "all relocated data is read-only after the start".into()),
            (true, false) => (Protected::Partly, "functions are bound lazily: link with `-Wl,-z,now`".into()),
        }
    }

    fn stack(&self) -> (Protected, String) {
        match self.image.protection.executable_stack {
            Some(false) => (Protected::Yes, "it is not executable".into()),
            Some(true) => (Protected::No, "it is executable: link with `-Wl,-z,noexecstack`".into()),
            None => (Protected::No, "the file does not say that it is not executable (no PT_GNU_STACK)".into()),
        }
    }

    fn segments(&self) -> (Protected, String) {
        match self.image.protection.writable_code {
            true => (Protected::No, "one is writable and executable".into()),
            false => (Protected::Yes, "none is writable and executable".into()),
        }
    }

    fn text(&self) -> (Protected, String) {
        match self.image.protection.text_relocations {
            true => (Protected::No, "code is written to at the start: compile with `-fPIE`".into()),
            false => (Protected::Yes, "code is not written to at the start".into()),
        }
    }

    fn canary(&self) -> (Protected, String) {
        let Some(objects) = self.objects else { return untold() };
        let why = share(objects, |counts| counts.canary, "have functions with one");
        match (decisive(objects).canary, objects.parts.canary) {
            (0, _) => (Protected::NotSeen, format!("{why}: compile with `-fstack-protector-strong`")),
            (_, 0) => (Protected::Partly, why),
            _ => (Protected::Yes, why),
        }
    }

    fn fortify(&self) -> (Protected, String) {
        let Some(objects) = self.objects else { return untold() };
        let own = decisive(objects);
        if self.musl && own.fortified == 0 {
            return (Protected::Unavailable, FORTIFY_OF_MUSL.into());
        }
        let why = share(objects, |counts| counts.fortified, "call functions that check sizes");
        match (own.fortified, own.unfortified) {
            (0, 0) => {
                (Protected::Unneeded, "its own objects call no function of which there is one that checks sizes".into())
            }
            (0, _) => (Protected::NotSeen, format!("{why}: compile with `-O2 -D_FORTIFY_SOURCE=3`")),
            _ => (Protected::Yes, why),
        }
    }

    fn stack_clash(&self) -> (Protected, String) {
        let told = self.objects.map(|objects| (objects, decisive(objects).stack_clash)).filter(|(_, told)| *told > 0);
        match told {
            Some((objects, _)) => {
                let why =
                    share(objects, |counts| counts.stack_clash, "were compiled with it, as debug information says");
                (Protected::Yes, why)
            }
            None => {
                (Protected::Unknown, "objects tell only in debug information whether large frames are probed".into())
            }
        }
    }

    fn control_flow(&self) -> (Protected, String) {
        if self.control_flow {
            return (Protected::Yes, "all code is marked for it".into());
        }
        if !WITH_CONTROL_FLOW.contains(&self.image.machine) {
            return (Protected::Unavailable, "it is not known for this machine".into());
        }
        let Some(objects) = self.objects else { return (Protected::No, "not all code is marked for it".into()) };
        let names = objects.unmarked.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match objects.parts.control_flow < objects.parts.objects {
            true => (Protected::Unavailable, format!("libraries are not compiled for it, the first of them {names}")),
            false => (Protected::No, format!("{names} are not marked for it: compile with `-fcf-protection`")),
        }
    }
}

fn untold() -> (Protected, String) {
    (Protected::Unknown, "the program does not say what its objects showed".into())
}

/// The counts that decide: those of the project's own objects, and of a converted program those of its parts.
fn decisive(objects: &ProgramHardening) -> &HardeningCounts {
    if objects.own.objects == 0 { &objects.parts } else { &objects.own }
}

/// `2 of 3 own objects and 700 of 1,500 of its parts …`
fn share(objects: &ProgramHardening, count: impl Fn(&HardeningCounts) -> usize, what: &str) -> String {
    let of = |counts: &HardeningCounts| format!("{} of {}", count(counts), counts.objects);
    match objects.own.objects {
        0 => format!("{} objects of its parts {what}", of(&objects.parts)),
        _ => format!("{} own objects and {} of its parts {what}", of(&objects.own), of(&objects.parts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::inspect;
    use std::process::Command;

    fn states(program: &HardenedProgram<'_>) -> Vec<(&'static str, Protected)> {
        program.findings().iter().map(|f| (f.property, f.state)).collect()
    }

    fn counts(objects: usize, canary: usize, fortified: usize, unfortified: usize) -> HardeningCounts {
        HardeningCounts { objects, canary, fortified, unfortified, ..HardeningCounts::default() }
    }

    #[test]
    fn what_the_file_says() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("h.c"), "int main(void) { return 0; }\n").unwrap();
        let state = |words: &str, property: &str| {
            let line = words.split_whitespace().chain(["h.c", "-o", "h"]);
            assert!(Command::new("gcc").current_dir(dir.path()).args(line).output().unwrap().status.success());
            let image = inspect(&dir.path().join("h")).unwrap();
            let program = HardenedProgram { image: &image, control_flow: false, objects: None, musl: false };
            states(&program).into_iter().find(|(name, _)| *name == property).unwrap().1
        };
        for (words, property, expected) in [
            ("-static-pie -fPIE", "position-independent", Protected::Yes),
            ("-static -no-pie", "position-independent", Protected::No),
            ("-static", "relro", Protected::Yes),
            ("-static -Wl,-z,norelro", "relro", Protected::No),
            ("-pie -fPIE -Wl,-z,lazy -Wl,-z,relro", "relro", Protected::Partly),
            ("-static -Wl,-z,execstack", "stack", Protected::No),
            ("-static", "stack", Protected::Yes),
            ("-static -no-pie -nostdlib -Wl,-N -Wl,-e,main", "segments", Protected::No),
            ("-static", "segments", Protected::Yes),
            ("-static", "canary", Protected::Unknown),
        ] {
            assert_eq!(state(words, property), expected, "{words}: {property}");
        }
    }

    #[test]
    fn libc_s_own_functions_prove_nothing() {
        let file = std::env::current_exe().unwrap();
        let image = inspect(&file).unwrap();
        let state = |own: HardeningCounts, parts: HardeningCounts, property: &str, musl: bool| {
            let objects = ProgramHardening { own, parts, unmarked: vec!["libc.a".into()] };
            let program = HardenedProgram { image: &image, control_flow: false, objects: Some(&objects), musl };
            let found = program.findings().into_iter().find(|f| f.property == property).unwrap();
            assert!(!found.why.is_empty());
            found.state
        };
        let libc = counts(400, 100, 50, 20);
        for (own, property, musl, expected) in [
            (counts(2, 0, 0, 1), "canary", false, Protected::NotSeen),
            (counts(2, 1, 0, 1), "canary", false, Protected::Yes),
            (counts(0, 0, 0, 0), "canary", false, Protected::Yes),
            (counts(2, 0, 0, 1), "fortify", false, Protected::NotSeen),
            (counts(2, 0, 1, 1), "fortify", false, Protected::Yes),
            (counts(2, 0, 0, 0), "fortify", false, Protected::Unneeded),
            (counts(2, 0, 0, 1), "fortify", true, Protected::Unavailable),
            (counts(2, 0, 0, 0), "stack-clash", false, Protected::Unknown),
        ] {
            assert_eq!(state(own, libc, property, musl), expected, "{property} {own:?}");
        }
        assert_eq!(state(counts(2, 1, 0, 0), counts(4, 0, 0, 0), "canary", true), Protected::Partly);
        let marked = |objects| HardeningCounts { control_flow: objects, ..counts(objects, 0, 0, 0) };
        assert_eq!(state(marked(1), marked(3), "control-flow", false), Protected::No);
        assert_eq!(state(marked(1), libc, "control-flow", false), Protected::Unavailable);
    }
}

//! The linker's stderr, line by line: passed on as it comes, except for warnings that a repair has made untrue, and
//! remembered where it tells which symbols are missing.
//!
//! The warning is the text of a `.gnu.warning.FUNCTION` section of glibc's libc.a, which GNU ld prints after a line
//! that names the function of the caller. That line goes too if nothing else follows it.

use std::collections::BTreeSet;

/// The middle of the warning, the same in all languages.
const WARNING: &str = "' in statically linked applications requires at runtime the shared libraries";

/// What GNU ld's note on a warning ends with.
const COLLECTED: &str = ": note: the message above does not take linker garbage collection into account";

/// Undefined symbols as GNU ld and gold, lld, and mold put them.
const UNDEFINED: [&str; 2] = ["undefined reference to ", "undefined symbol: "];

/// Symbols that were defined twice, as GNU ld and gold, lld, and mold put them.
const TWICE: [&str; 2] = ["multiple definition of ", "duplicate symbol: "];

/// What all of them end with where code has fixed addresses and the program has none: the option's last letter differs.
const FIXED: &str = "recompile with -fPI";

/// How many undefined symbols are remembered.
const MANY: usize = 64;

/// The listener of one link.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    /// Functions whose warning is no longer true.
    repaired: BTreeSet<String>,
    /// An unfinished line.
    rest: Vec<u8>,
    /// A line that names a function, held back until it is known what follows.
    held: Option<Vec<u8>>,
    /// A warning after the line that is held was left out.
    left_out: bool,
    /// For each warning on a symbol, whether it was passed on.
    warned: Vec<bool>,
    /// An unfinished line of stdout.
    rest_of_stdout: Vec<u8>,
    /// The notes on warnings, held back until it is known what became of those.
    notes: Vec<Vec<u8>>,
    /// Undefined symbols, once each.
    undefined: BTreeSet<String>,
    /// Symbols that were defined twice.
    twice: BTreeSet<String>,
    /// Code with fixed addresses was refused.
    fixed_code: bool,
    /// Which lines of stdout were asked for by us, and those that came.
    asked: Option<fn(&[u8]) -> bool>,
    answered: Vec<Vec<u8>>,
}

impl Listener {
    /// A listener that leaves out the warnings about these functions.
    pub(crate) fn new(repaired: impl IntoIterator<Item = String>) -> Listener {
        Listener { repaired: repaired.into_iter().collect(), ..Listener::default() }
    }

    /// Whether a warning may be left out.
    pub(crate) fn leaves_out(&self) -> bool {
        !self.repaired.is_empty()
    }

    /// Keeps the lines of stdout for which `is_answer` holds for us.
    pub(crate) fn keep_stdout(&mut self, is_answer: fn(&[u8]) -> bool) {
        self.asked = Some(is_answer);
    }

    /// The lines that were kept for us.
    pub(crate) fn answered(&self) -> &[Vec<u8>] {
        &self.answered
    }

    /// Takes bytes and gives those that are to be passed on now.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in whole_lines(&mut self.rest, bytes) {
            self.line(line, &mut out);
        }
        out
    }

    /// The same for the linker's stdout.
    pub(crate) fn take_stdout(&mut self, bytes: &[u8]) -> Vec<u8> {
        let is_note = |line: &Vec<u8>| line.trim_ascii_end().ends_with(COLLECTED.as_bytes());
        let (notes, others): (Vec<_>, Vec<_>) =
            whole_lines(&mut self.rest_of_stdout, bytes).into_iter().partition(is_note);
        self.notes.extend(notes);
        let (answers, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|line| self.asked.is_some_and(|is_answer| is_answer(line)));
        self.answered.extend(answers);
        others.concat()
    }

    /// What is left of stdout at the end: the notes on warnings that were passed on.
    pub(crate) fn finish_stdout(&mut self) -> Vec<u8> {
        let notes = std::mem::take(&mut self.notes);
        let mut out = match notes.len() == self.warned.len() {
            true => notes.into_iter().zip(&self.warned).filter(|(_, passed)| **passed).map(|(note, _)| note).collect(),
            // Which note is about which warning is not known.
            false if self.warned.contains(&true) => notes,
            false => Vec::new(),
        };
        out.push(std::mem::take(&mut self.rest_of_stdout));
        out.concat()
    }

    /// What is left at the end.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.release(&mut out);
        out.append(&mut self.rest);
        out
    }

    /// The undefined symbols that were named.
    pub(crate) fn undefined(&self) -> impl Iterator<Item = &str> {
        self.undefined.iter().map(String::as_str)
    }

    /// The symbols that were defined twice.
    pub(crate) fn defined_twice(&self) -> impl Iterator<Item = &str> {
        self.twice.iter().map(String::as_str)
    }

    /// Whether the linker refused code with fixed addresses.
    pub(crate) fn refused_fixed_code(&self) -> bool {
        self.fixed_code
    }

    fn line(&mut self, line: Vec<u8>, out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(&line);
        if let Some(function) = warned_of(&text)
            && self.repaired.contains(function)
        {
            self.left_out = true;
            self.warned.push(false);
            return;
        }
        if warns_of_symbol(&text) {
            self.warned.push(true);
        }
        self.note_symbols(&text);
        let names_a_function = text.trim_end().ends_with("':") && text.contains(": in function `");
        self.release(out);
        if names_a_function {
            self.held = Some(line);
        } else {
            out.extend(line);
        }
    }

    /// Passes the held line on, unless all that followed it was left out.
    fn release(&mut self, out: &mut Vec<u8>) {
        let left_out = std::mem::take(&mut self.left_out);
        if let Some(held) = self.held.take().filter(|_| !left_out) {
            out.extend(held);
        }
    }

    fn note_symbols(&mut self, text: &str) {
        self.fixed_code |= text.contains(FIXED);
        let text_after = |marks: &[&str]| {
            let (_, rest) = marks.iter().find_map(|m| text.split_once(m))?;
            // mold puts the files in between: `duplicate symbol: a.o: b.o: NAME`.
            let name = rest.split("';").next()?.rsplit(".o): ").next()?.rsplit(".o: ").next()?;
            Some(name.trim().trim_start_matches(['`', '\'']).trim_end_matches('\'').to_owned())
        };
        for (marks, symbols) in [(UNDEFINED, &mut self.undefined), (TWICE, &mut self.twice)] {
            if let Some(name) = text_after(&marks).filter(|_| symbols.len() < MANY) {
                symbols.insert(name);
            }
        }
    }
}

/// Adds bytes to an unfinished line and takes the lines that are whole now, each with its end.
fn whole_lines(rest: &mut Vec<u8>, bytes: &[u8]) -> Vec<Vec<u8>> {
    rest.extend_from_slice(bytes);
    let end = rest.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let whole: Vec<u8> = rest.drain(..end).collect();
    whole.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

/// Whether a line is a warning that names a place: `FILE:(SECTION+OFFSET): warning: …`, unlike `ld: warning: …`.
fn warns_of_symbol(text: &str) -> bool {
    text.split_once(": warning: ").is_some_and(|(place, _)| place.contains(':'))
}

/// The function that a line warns of.
fn warned_of(text: &str) -> Option<&str> {
    let (before, _) = text.split_once(WARNING)?;
    before.rsplit_once("Using '").map(|(_, function)| function)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USING: &str = "warning: Using 'getpwnam' in statically linked applications requires at runtime the shared libraries from the glibc version used for linking\n";
    const DLOPEN: &str = "warning: Using 'dlopen' in statically linked applications requires at runtime the shared libraries from the glibc version used for linking\n";

    fn heard(lines: &[&str]) -> String {
        let mut listener = Listener::new(["getpwnam".to_owned()]);
        let all = lines.concat();
        // In pieces, as pipes deliver.
        let mut out: Vec<u8> = all.as_bytes().chunks(7).flat_map(|c| listener.take(c)).collect();
        out.extend(listener.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_warnings_that_are_no_longer_true_go() {
        let (in_f, at) = ("/usr/bin/ld: x.o: in function `f':\n", "x.c:(.text+0x5): ");
        assert_eq!(heard(&[in_f, at, USING]), "");
        assert_eq!(heard(&[in_f, at, DLOPEN]), [in_f, at, DLOPEN].concat());
        assert_eq!(heard(&[in_f, at, USING, "other\n"]), "other\n");
        let in_g = "/usr/bin/ld: x.o: in function `g':\n";
        assert_eq!(heard(&[in_f, at, USING, in_g, at, DLOPEN]), [in_g, at, DLOPEN].concat());
        assert_eq!(heard(&[in_f, in_g]), [in_f, in_g].concat());
        assert_eq!(heard(&["no newline at the end"]), "no newline at the end");
    }

    #[test]
    fn notes_go_with_their_warnings() {
        let notes = ["a.o", "b.o"].map(|o| format!("/usr/bin/ld: {o}{COLLECTED}\n"));
        let of_itself = "/usr/bin/ld: warning: x has a LOAD segment with RWX permissions\n";
        let at = "x.c:(.text+0x5): ";
        for (stderr, stdout) in [
            ([at, USING, at, USING].concat(), String::new()),
            ([at, USING, at, DLOPEN].concat(), notes[1].clone()),
            ([at, DLOPEN, of_itself, at, USING].concat(), notes[0].clone()),
            ([at, DLOPEN].concat(), notes.concat()),
            ([at, USING].concat(), String::new()),
        ] {
            let mut listener = Listener::new(["getpwnam".to_owned()]);
            let mut out = Vec::new();
            let said = format!("a line\n{}the map\n{}an end", notes[0], notes[1]);
            for piece in said.as_bytes().chunks(7) {
                out.extend(listener.take_stdout(piece));
            }
            listener.take(stderr.as_bytes());
            out.extend(listener.finish_stdout());
            assert_eq!(String::from_utf8(out).unwrap(), format!("a line\nthe map\n{stdout}an end"), "{stderr}");
        }
    }

    #[test]
    fn undefined_symbols_are_remembered() {
        let mut listener = Listener::default();
        listener
            .take(b"x.c:(.text+0x5): undefined reference to `deflate'\nld.lld: error: undefined symbol: ns::f(int)\n");
        assert_eq!(listener.undefined().collect::<Vec<_>>(), ["deflate", "ns::f(int)"]);
    }

    #[test]
    fn refused_code_is_remembered() {
        for said in [
            "/usr/bin/ld: x.o: relocation R_X86_64_32S against `.bss' can not be used when making a PIE object; recompile with -fPIE\n",
            "ld.lld: error: relocation R_X86_64_32S cannot be used against symbol 'x'; recompile with -fPIC\n",
            "mold: error: x.o:(.text): R_X86_64_32S relocation at offset 0x7 against symbol `x' can not be used; recompile with -fPIC\n",
        ] {
            let mut listener = Listener::default();
            listener.take(said.as_bytes());
            assert!(listener.refused_fixed_code(), "{said}");
        }
    }

    #[test]
    fn symbols_defined_twice_are_remembered() {
        for said in [
            "/usr/bin/ld: b.c:(.text+0x0): multiple definition of `dup'; ./liba.a(a.o):a.c:(.text+0x0): first defined here\n",
            "ld: error: ./libb.a(b.o): multiple definition of 'dup'\n",
            "ld.lld: error: duplicate symbol: dup\n",
            "mold: error: duplicate symbol: ./liba.a(a.o): ./libb.a(b.o): dup\n",
            "mold: error: duplicate symbol: a.o: b.o: dup\n",
        ] {
            let mut listener = Listener::default();
            listener.take(said.as_bytes());
            assert_eq!(listener.defined_twice().collect::<Vec<_>>(), ["dup"], "{said}");
            assert_eq!(listener.undefined().count(), 0);
        }
    }
}

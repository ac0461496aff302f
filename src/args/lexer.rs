//! argv → arguments, without loss: `emit(lex(argv)) == argv` for every list of bytes.

use super::option_table::{self, Form, Opt, Role};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// One argument with its value, remembering how the value was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// The first word as typed.
    pub word: OsString,
    /// The second word, where the value came in one of its own.
    pub separate: Option<OsString>,
    /// The row of the option table; none for inputs and for unknown options.
    pub row: Option<&'static Opt>,
}

impl PartialEq for Opt {
    fn eq(&self, other: &Opt) -> bool {
        self.name == other.name
    }
}

impl Eq for Opt {}

impl Arg {
    /// A word that was not in argv: an option of ours or an input.
    pub fn new(word: impl Into<OsString>) -> Arg {
        let word = word.into();
        let row = option_table::find(word.as_bytes());
        Arg { word, separate: None, row }
    }

    /// What the argument means; none for inputs and unknown options.
    pub fn role(&self) -> Option<Role> {
        self.row.map(|r| r.role)
    }

    /// The value, however it was attached; none for flags and where a separate value is missing.
    pub fn value(&self) -> Option<&OsStr> {
        let row = self.row?;
        match (&self.separate, row.form) {
            (Some(value), _) => Some(value),
            (None, Form::Joined) => self.word.as_bytes().get(row.name.len()..).map(OsStr::from_bytes),
            (None, Form::JoinedOrSeparate) => {
                self.word.as_bytes().get(row.name.len()..).filter(|v| !v.is_empty()).map(OsStr::from_bytes)
            }
            (None, Form::Flag | Form::Separate) => None,
        }
    }

    /// Whether this is an input: a word that does not begin with a dash, or the lone dash (stdin).
    pub fn is_input(&self) -> bool {
        let bytes = self.word.as_bytes();
        bytes.first() != Some(&b'-') || bytes == b"-"
    }

    /// The words, as typed.
    pub fn words(&self) -> impl Iterator<Item = &OsString> {
        std::iter::once(&self.word).chain(self.separate.as_ref())
    }
}

/// Splits argv, without `argv[0]`, into arguments. Total: every list of words has a reading.
pub fn lex(argv: &[OsString]) -> Vec<Arg> {
    let mut args = Vec::with_capacity(argv.len());
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        let row = if bytes.first() == Some(&b'-') && bytes.len() > 1 { option_table::find(bytes) } else { None };
        let takes_next = row.is_some_and(|r| match r.form {
            Form::Separate => true,
            Form::JoinedOrSeparate => bytes.len() == r.name.len(),
            Form::Flag | Form::Joined => false,
        });
        let separate = if takes_next { words.next().cloned() } else { None };
        args.push(Arg { word: word.clone(), separate, row });
    }
    args
}

/// The words that [`lex`] read.
pub fn emit(args: &[Arg]) -> Vec<OsString> {
    args.iter().flat_map(Arg::words).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStringExt;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn values_attach_in_every_form() {
        let args = lex(&argv(&["-o", "x", "-oy", "-Wl,-s,-z", "--sysroot=/s", "--sysroot", "/t", "-l", "z", "-lm"]));
        let values: Vec<_> = args.iter().filter_map(|a| a.value()?.to_str()).collect();
        assert_eq!(values, ["x", "y", "-s,-z", "/s", "/t", "z", "m"]);
    }

    #[test]
    fn a_missing_value_is_no_value() {
        let args = lex(&argv(&["-c", "-o"]));
        assert_eq!((args.len(), args[1].value()), (2, None));
    }

    #[test]
    fn a_lone_dash_is_an_input_and_an_empty_word_too() {
        let args = lex(&argv(&["-", "", "-x"]));
        assert_eq!(args.iter().map(Arg::is_input).collect::<Vec<_>>(), [true, true, false]);
    }

    fn word() -> impl Strategy<Value = Vec<u8>> {
        let name = proptest::sample::select(
            option_table::OPTIONS.iter().map(|o| o.name.as_bytes().to_vec()).collect::<Vec<_>>(),
        );
        let bytes = proptest::collection::vec(1u8.., 0..8);
        prop_oneof![name.clone(), bytes.clone(), (name, bytes).prop_map(|(n, b)| [n, b].concat())]
    }

    proptest! {
        #[test]
        fn emit_undoes_lex(words in proptest::collection::vec(word(), 0..12)) {
            let argv: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
            prop_assert_eq!(emit(&lex(&argv)), argv);
        }
    }
}

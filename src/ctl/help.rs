//! `staticctl help environment` and `staticctl help exit-codes`. The help of commands is clap's.

use crate::options::render;
use std::ffi::OsString;

/// A topic's name, and what prints it.
type Topic = (&'static str, fn() -> String);

/// What there is help about beside commands; none has a command's name.
const TOPICS: [Topic; 2] = [("environment", render::environment), ("exit-codes", render::exit_codes)];

/// The text, if the words of the command line ask for help about a topic.
pub fn topic(words: &[OsString]) -> Option<String> {
    let [help, word] = words else { return None };
    let (_, text) = TOPICS.iter().find(|(name, _)| help == "help" && word == name)?;
    Some(text())
}

#[cfg(test)]
mod tests {
    use super::super::cli::Cli;
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn no_topic_hides_a_command() {
        for (name, _) in TOPICS {
            assert!(Cli::command().find_subcommand(name).is_none(), "{name}");
            assert!(topic(&["help".into(), name.into()]).is_some());
            assert!(topic(&[name.into(), "help".into()]).is_none() && topic(&["help".into()]).is_none());
        }
    }
}

//! `staticctl help`: a command's options, or one of the tables.

use super::cli::Cli;
use super::{EXIT_ERROR, EXIT_YES, produce};
use crate::options::render;
use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

/// A topic's name, and what prints it.
type Topic = (&'static str, fn() -> String);

/// What there is help about beside commands.
const TOPICS: [Topic; 2] = [("environment", render::environment), ("exit-codes", render::exit_codes)];

/// Prints the help for a topic, or for a command given by its words; without any, for `staticctl`.
pub fn run(words: &[String]) -> u8 {
    if let [word] = words
        && let Some((_, text)) = TOPICS.iter().find(|(topic, _)| topic == word)
    {
        return produce(&text(), EXIT_YES);
    }
    let mut root = Cli::command();
    // Gives commands their full names.
    root.build();
    let mut command = &mut root;
    for word in words {
        let here = command.clone();
        match command.find_subcommand_mut(word) {
            Some(below) => command = below,
            None => return unknown(here, word),
        }
    }
    match command.print_long_help() {
        Ok(()) => EXIT_YES,
        Err(_) => EXIT_ERROR,
    }
}

/// As clap says it of a command that it does not know.
fn unknown(mut command: Command, word: &str) -> u8 {
    let topics = TOPICS.map(|(topic, _)| topic).join("`, `");
    let text = format!("there is no command and no topic `{word}`; the topics are `{topics}`");
    let _ = command.error(ErrorKind::InvalidSubcommand, text).print();
    EXIT_ERROR
}
